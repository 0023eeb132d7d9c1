"""What a look at scripts that nobody had seen found: each a run and a change to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.replay.conftest import Changed

NET = """
import sys, torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, NET)


CALL = "print(net(torch.ones(1, 6)).tolist())\n"


def test_a_warm_up_of_the_same_form(compared: Compare) -> None:
    told = compared(CALL, f"net(torch.zeros(1, 6))\n{CALL}", 0)
    assert "Same: every bit" in told
    assert "1 call of Sequential before, with an unused result, here only" in told


WARM = "net(torch.zeros(2, 6))\n"
WORK = "for x in {}:\n    print(net(torch.full((1, 6), float(x))).tolist())\n"


@pytest.mark.parametrize(
    ("warm", "work", "code", "said"),
    [
        ("net(torch.zeros(3, 6))\n", WORK.format("[1, 2]"), 0, "Same: every bit"),
        ("", WORK.format("[1, 2]"), 0, "with an unused result, in the golden run only"),
        ("_ = net(torch.ones(9, 6))\n", WORK.format("[1, 2]"), 0, "given another input"),
        ("", WORK.format("[1, 3]"), 1, "and call 3 of Sequential"),
        ("torch.relu = torch.tanh\nnet[0].bias.data += 1\n", WORK.format("[1, 2]"), 1, "weights differ"),
        ("net(torch.zeros(1, 6))\nnet[1] = torch.nn.ReLU()\n", WORK.format("[1, 2]"), 1, "ReLU"),
        ("seen = net(torch.zeros(1, 6))\nprint(seen)\n", WORK.format("[1, 2]"), 1, "printed"),
    ],
)  # fmt: skip
def test_a_warm_up_is_no_call_that_counts(
    compared: Compare, warm: str, work: str, code: int, said: str
) -> None:
    told = compared(WARM + WORK.format("[1, 2]"), warm + work, code)
    assert said in told
    assert "computes something else" not in told


def test_a_script_that_raises_between_its_calls(compared: Compare) -> None:
    told = compared(CALL * 2, f"{CALL}raise SystemError('no such state')\n{CALL}", 1)
    assert "the script raised SystemError: no such state" in told
    assert "before call 2 of Sequential" in told


PICTURES = "for x in {}:\n    print(net(torch.full((1, 6), float(x))).argmax().item(), file=sys.stderr)\nprint('done')\n"


@pytest.mark.parametrize(
    ("order", "code", "said"),
    [
        ("[1, 2, 3, 4]", 0, "Same: every bit"),
        ("[3, 1, 4, 2]", 0, "the calls of Sequential come in another order"),
        ("[1, 1, 2, 3, 4]", 0, "Compared: Sequential 1 of 4 (here 5), further calls: digests equal"),
        ("[1, 2, 9, 3, 4]", 1, "is called 4 times in the golden run, 5 times here; the calls that both make are the same"),
        ("[1, 3, 4]", 1, "is called 4 times in the golden run, 3 times here"),
        ("[1, 2, 8, 4]", 1, "between call 2 of Sequential and call 3 of Sequential"),
    ],
)  # fmt: skip
def test_calls_meet_by_what_they_are_given(
    compared: Compare, order: str, code: int, said: str
) -> None:
    assert said in compared(PICTURES.format("[1, 2, 3, 4]"), PICTURES.format(order), code)


TABLE = """
rows = torch.arange(48.0).reshape(8, 6) / 10
{}
print(sorted(round(value, 3) for value in net(rows).sum(1).tolist()))
"""


def test_rows_in_another_order(compared: Compare) -> None:
    told = compared(TABLE.format(""), TABLE.format("rows = rows.flip(0)"), 0)
    assert "the rows that Sequential is given are the same in another order" in told


def test_rows_that_are_left_out(compared: Compare) -> None:
    told = compared(TABLE.format(""), TABLE.format("rows = rows[rows[:, 0] > 1.5]"), 1)
    assert "3 of the golden run's 8 rows are missing here, the first is row 1" in told
    assert "batch size" not in told
    assert "rows = rows[rows[:, 0] > 1.5]" in told


ARRAY = """
import numpy as np
if len(sys.argv) > 1:
    net.to(torch.float64)
mask = (net(torch.ones(40, 6) * torch.arange(40.0)[:, None]).argmax(1) > 0).numpy()
{}
"""


@pytest.mark.parametrize(
    ("save", "changed", "said"),
    [
        ("np.save('mask.npy', mask.astype('uint8'))", "np.save('mask.npy', 1 - mask.astype('uint8'))", "mask.npy, value 1: "),
        ("np.savez('mask.npz', a=mask * 0.5)", "np.savez('mask.npz', a=mask * 0.75)", "mask.npz, value "),
        ("np.savez('it.npz', n=np.array(['cat', 'dog']), a=mask)", "np.savez('it.npz', n=np.array(['cat', 'cow']), a=mask)", "it.npz, value 2: "),
        ("np.save('mask.npy', mask)", "np.save('mask.npy', mask[1:])", "mask.npy holds arrays of another name, dtype or shape"),
    ],
)  # fmt: skip
def test_files_of_arrays(compared: Compare, save: str, changed: str, said: str) -> None:
    assert said in compared(ARRAY.format(save), ARRAY.format(changed), 1)


TWO = """
first = torch.nn.Linear(6, 3)
second = torch.nn.Linear(6, 3)
{}
print(second(torch.ones(1, 6)).tolist())
"""


def test_models_of_one_type_meet_by_their_weights(compared: Compare) -> None:
    told = compared(TWO.format("first(torch.ones(1, 6))"), TWO.format(""), 1)
    assert "one of several of its type, is not called here" in told
    assert "weights differ" not in told


LOADED = """
import json
net.load_state_dict({{name: item * json.load(open("scale.json"))["scale"] for name, item in net.state_dict().items()}})
{}
print(net(torch.ones(1, 6)).tolist())
"""


def test_weights_that_a_line_makes_others(compared: Compare, tmp_path: Path) -> None:
    (tmp_path / "scale.json").write_text('{"scale": 2.0}')
    told = compared(LOADED.format(""), LOADED.format("net[0].weight.data *= 1.5"), 1)
    assert "net[0].weight.data *= 1.5" in told
    assert "Compare what builds and loads the model" in told


def test_weights_that_a_setting_makes_others(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "it.py").write_text(NET + LOADED.format(""))
    (tmp_path / "scale.json").write_text('{"scale": 2.0}')
    assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
    (tmp_path / "scale.json").write_text('{"scale": 3.0}')
    done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
    told = " ".join(done.stdout.split())
    assert "scale.json: scale 2.0 -> 3.0" in told
    assert "Use the golden run's scale.json. The files of weights are the same." in told


POOL = """
from concurrent.futures import ThreadPoolExecutor
import threading
ready = threading.Barrier(2)
def judge(number):
    {}
    return net(torch.full((1, 6), float(number))).argmax().item()
with ThreadPoolExecutor({}) as pool:
    print(list(pool.map(judge, [1, 2, 3, 4])))
"""


def test_calls_of_other_threads_are_not_missed(compared: Compare) -> None:
    """A handle that two threads wait for: a call of one runs while the other's does."""
    slow = "net[1].register_forward_hook(lambda *_: (ready.wait(), None)[1])"
    alone = POOL.format("pass", 1)
    told = compared(alone, POOL.replace("with Thread", f"{slow}\nwith Thread").format("pass", 2), 0)
    assert "by other threads were not seen" in told


TRACED = """
class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net
    def forward(self, x):
        return self.net(x) + 1
model = Outer().eval()
{}
print(model(torch.ones(1, 6)).tolist())
"""


def test_what_checks_a_trace_calls_no_model(compared: Compare) -> None:
    """The check calls forward itself, which calls the parts."""
    told = compared(
        TRACED.format(""), TRACED.format("model = torch.jit.trace(model, torch.zeros(1, 6))"), 0
    )
    assert "called as TopLevelTracedModule, not Outer" in told
    assert "another model is called" not in told


UNSEEDED = """
import torch
net = torch.nn.Linear(6, 3)
with torch.no_grad():
    for item in net.parameters():
        item.fill_(0.5)
print(net(torch.ones(1, 6)).tolist())
"""


def test_a_seed_that_neither_run_sets_is_no_difference(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "it.py").write_text(UNSEEDED)
    assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
    done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
    assert "Same: every bit" in done.stdout
    assert "seeded" not in done.stdout


READS = """
import glob, json
found = sum(json.load(open(name))["n"] for name in sorted(glob.glob("in*.json")))
print(net(torch.full((1, 6), float(found))).tolist())
"""


def test_a_file_that_one_run_alone_reads(envsnap: Run, torch_python: str, tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text(NET + READS)
    (tmp_path / "in1.json").write_text('{"n": 1}')
    assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
    (tmp_path / "in2.json").write_text('{"n": 2}')
    done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "in2.json is read here only" in told
    assert "Fix: Leave it out, as the golden run does: in2.json." in told


LISTED = """
import json
names = json.load(open("names.json"))
print(names[int(net(torch.ones(1, 6)).argmax())]["name"])
"""


def test_a_list_in_another_order(envsnap: Run, torch_python: str, tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text(NET + LISTED)
    names = [{"name": name} for name in ("cat", "cow", "dog")]
    (tmp_path / "names.json").write_text(json.dumps(names))
    assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
    (tmp_path / "names.json").write_text(json.dumps([*names[1:], names[0]]))
    told = " ".join(envsnap("compare", "golden.esr", "--", torch_python, "it.py").stdout.split())
    assert "another content of names.json" in told
    assert "Fix: Use the golden run's names.json." in told


def test_other_batches_of_the_same_rows(compared: Compare) -> None:
    script = "print([net(part).sum().item() > 9 for part in torch.arange(48.0).reshape(8, 6).split({})][:1])\n"
    told = compared(script.format(4), script.format(2), 0)
    assert (
        "is given another batch, shape [4, 6] -> [2, 6]; all rows of the run are the same" in told
    )
