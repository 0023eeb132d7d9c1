"""What a thirteenth look found: answers that look like secrets, sequences without a batch, transforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch
HEAD = """
import os, sys, torch
from torch import nn
torch.manual_seed(0)
net = nn.Linear(3, 2)
x = torch.arange(12.0).reshape(4, 3)
"""
TRANSFORMS = (
    HEAD
    + """
from torch.func import functional_call, grad, jacrev, jvp, vmap
given = {name: item.detach() for name, item in net.named_parameters()}
x = x * float(sys.argv[1])
y = vmap(lambda row: functional_call(net, given, (row,)))(x)
g = grad(lambda these: functional_call(net, these, (x,)).sum())(given)["weight"]
j = jacrev(lambda these: functional_call(net, these, (x,)))(given)["weight"]
_, t = jvp(lambda these: functional_call(net, given, (these,)), (x,), (x,))
print([round(float(item.sum()), 3) for item in (y, g, j, t)])
"""
)
SEQUENCE = """
import sys, torch
from torch import nn
torch.manual_seed(0)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.rnn, self.head = nn.Embedding(50, 8), nn.GRU(8, 8), nn.Linear(8, 50)
    def forward(self, ids):
        return self.head(self.rnn(self.table(ids))[0])
ids = torch.arange(30)
if sys.argv[1] == "2":
    ids[[4, 5]] = ids[[5, 4]]
with torch.no_grad():
    Model().eval()(ids)
print("done")
"""
META = (
    HEAD
    + """
with torch.device("meta"):
    model = nn.Linear(3, 2)
print(tuple(model(torch.empty(int(sys.argv[1]), 3, device="meta")).shape))
"""
)
FAKE = (
    HEAD
    + """
from torch._subclasses.fake_tensor import FakeTensorMode
with FakeTensorMode():
    nn.Linear(3, 2)(torch.empty(2, 3))
with torch.no_grad():
    print(net(x * float(sys.argv[1])).sum().item())
"""
)
JAGGED = (
    HEAD
    + """
rows = [torch.ones(2, 3), torch.ones(4, 3)]
net(torch.nested.nested_tensor(rows, layout=torch.jagged))
with torch.no_grad():
    print(net(x * float(sys.argv[1])).sum().item())
"""
)


def compared(
    envsnap: Run, python: str, folder: Path, script: str, words: tuple[str, str]
) -> tuple[int, str]:
    (folder / "it.py").write_text(script)
    for name, word in zip(("golden", "other"), words, strict=True):
        done = envsnap("record", "-o", f"{name}.esr", "--", python, "it.py", word)
        assert done.returncode == 0, done.stderr
    done = envsnap("compare", "golden.esr", "other.esr")
    return done.returncode, " ".join(done.stdout.split())


@pytest.mark.parametrize("script", [TRANSFORMS, META, FAKE, JAGGED], ids=["func", "meta", "fake", "jagged"])  # fmt: skip
def test_calls_without_values_alarm_nobody_and_hide_nothing(
    script: str, envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    code, told = compared(envsnap, torch_python, tmp_path, script, ("1", "1"))
    assert code == 0, told
    code, told = compared(envsnap, torch_python, tmp_path, script, ("1", "2"))
    assert code == 1, told


def test_two_ids_that_change_places_are_another_sequence(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    code, told = compared(envsnap, torch_python, tmp_path, SEQUENCE, ("1", "2"))
    assert code == 1
    assert "ids: position 4: 4 -> 5" in told


def test_rows_that_come_in_another_order_are_not(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    script = HEAD + "with torch.no_grad():\n    print(net(x[[0, 1, 2, 3]] if sys.argv[1] == '1' else x[[1, 0, 2, 3]]).sum().item())\n"  # fmt: skip
    code, told = compared(envsnap, torch_python, tmp_path, script, ("1", "2"))
    assert code == 0, told
    assert "in another order" in told


def test_what_is_taken_for_a_secret_is_not_called_the_same(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    script = HEAD + "net(x)\nprint('token:', f'abcdefgh1{sys.argv[1]}')\n"
    code, told = compared(envsnap, torch_python, tmp_path, script, ("1", "2"))
    assert code == 6
    assert "differs where a secret is left out" in told
    assert compared(envsnap, torch_python, tmp_path, script, ("1", "1"))[0] == 0
    # A time beside it may be all that differs, where the program asks a clock.
    script = "import time\n" + HEAD + "net(x)\nprint('token:', f'abcdefgh12', 'took', 0.1 * float(sys.argv[1]), 's')\n"  # fmt: skip
    assert compared(envsnap, torch_python, tmp_path, script, ("1", "2"))[0] == 0


STATE = """
import sys, torch
from torch import nn
torch.manual_seed(0)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 2)
    def forward(self, x, state=None):
        y, state = self.rnn(x, state)
        return self.head(y), state
model, x = Model().eval(), torch.arange(24.0).reshape(1, 8, 3) / 10
state = {"1": None, "2": torch.zeros(1, 1, 4), "3": torch.ones(1, 1, 4)}[sys.argv[1]]
with torch.no_grad():
    for at in (0, 4):
        y, state = model(x[:, at : at + 4], state)
print([round(value, 3) for value in y.flatten().tolist()])
"""


@pytest.mark.parametrize(("other", "wanted"), [("2", 0), ("3", 1)])
def test_an_argument_that_is_what_the_model_takes_by_itself(
    other: str, wanted: int, envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    code, told = compared(envsnap, torch_python, tmp_path, STATE, ("1", other))
    assert code == wanted, told
    assert "state is given here" in told


def test_the_class_in_which_the_runs_part_comes_before_other_classes_and_files(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    """Lines of another model, and a file that no forward reads, differ as well."""
    nets = (
        "import torch\nfrom torch import nn\n"
        "class Eye(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n"
        "    def forward(self, x):\n        return torch.relu(self.a(x))\n"
        "class Wheel(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.gate, self.b = Gate(), nn.Linear(4, 2)\n"
        "    def forward(self, x):\n        return self.b(self.gate(x))\n"
        "class Gate(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n"
        "    def forward(self, x):\n        return torch.tanh(self.a(x))\n"
    )
    main = (
        "import torch\nfrom nets import Eye, Wheel\ntorch.manual_seed(0)\neye, wheel = Eye(), Wheel()\n"
        "open('notes.txt').read()\nx = torch.ones(1, 4)\n"
        "print(eye(x).tolist(), wheel(x).tolist())\n"
    )
    for name, text in {"main.py": main, "nets.py": nets, "notes.txt": "one"}.items():
        (tmp_path / name).write_text(text)
    command = "--", torch_python, "main.py"
    assert envsnap("record", "-o", "golden.esr", *command).returncode == 0
    changed = nets.replace("torch.tanh", "torch.relu").replace(
        "return torch.relu(self.a(x))", "y = self.a(x)\n        return nn.functional.relu(y)", 1
    )
    changed = changed.replace("self.b(self.gate(x))", "self.b(self.gate(x).mul(1))")
    (tmp_path / "nets.py").write_text(changed)
    (tmp_path / "notes.txt").write_text("two")
    done = envsnap("compare", "golden.esr", *command)
    assert done.returncode == 1
    told = " ".join(done.stdout.partition("Fix")[0].split())
    inner, outer = "`return torch.relu(self.a(x))`", "`return self.b(self.gate(x).mul(1))`"
    assert 0 < told.find(inner) < told.find(outer)
    assert "notes.txt" not in told
