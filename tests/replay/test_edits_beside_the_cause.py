"""Edits that change nothing stand behind the line that does: new keys, a file saved anew, a timer, another spelling."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from envsnap.observe.opened import File
from envsnap.replay.compare import unread
from envsnap.replay.recorder import known, written
from envsnap.replay.recorder.inside.blocks import blocks
from tests.conftest import Run

UUID = "0b9e7c1a-3f52-4c6e-9d0a-7b1f2e3d4c5a"
SCRIPT = """import time
import torch
import yaml

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.out = torch.nn.Linear(4, 2)
    def forward(self, x):
        a, b = x.chunk(2, -1)
        both = torch.cat([a, b], -1)
        return self.out(both)

def prepare(rows, clip):
    x = torch.tensor(rows)
    middle = x.median(0).values
    return ((x - middle) * 1.5).clamp(-clip, clip)

config = yaml.safe_load(open("app.yaml"))
net = Net().eval()
net.load_state_dict(torch.load("net.pt"))
x = prepare([[1.0, 2, 3, 4], [4.0, 3, 2, 1], [0.5, 1, 1, 0]], config["clip"])
print(net(x).tolist())
"""
NOISE = (
    ("import yaml\n", "import yaml\n\n"),
    ("        a, b = x.chunk(2, -1)\n", "        left, right = x.chunk(2, dim=-1)\n        a, b = left, right\n"),
    ("net = Net().eval()\n", "started = time.perf_counter()\nnet = Net().eval()\n"),
)  # fmt: skip
SAVE = """
import torch
torch.manual_seed(0)
state = torch.nn.Linear(4, 2).state_dict()
state = dict(("out." + name, value) for name, value in state.items())
torch.save(dict(reversed(list(state.items()))) if {again} else state, "net.pt")
"""


@pytest.mark.torch
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("* 1.5", "* 1.4"), "return ((x - middle) * 1.4).clamp(-clip, clip)"),
        (("self.out(both)", "self.out(-both)"), "return self.out(-both)"),
    ],
)
def test_the_line_that_acts_is_among_those_that_are_told(
    envsnap: Run, torch_python: str, tmp_path: Path, change: tuple[str, str], line: str
) -> None:
    def write(text: str, config: str, *, again: bool) -> None:
        (tmp_path / "run.py").write_text(text)
        (tmp_path / "app.yaml").write_text(config)
        subprocess.run([torch_python, "-c", SAVE.format(again=again)], cwd=tmp_path, check=True)

    write(SCRIPT, "clip: 3.0\n", again=False)
    done = envsnap("record", "-o", "golden.esr", "--", torch_python, "run.py")
    assert done.returncode == 0, done.stderr
    text = SCRIPT
    for one, two in (*NOISE, change):
        assert one in text
        text = text.replace(one, two)
    write(text, "owner: a\nseed: 3\nclip: 3.0\n", again=True)
    told = " ".join(envsnap("compare", "golden.esr", "--", torch_python, "run.py").stdout.split())
    cause = told.partition(" Compared: ")[0]
    assert line in cause
    before = cause.partition(line)[0]
    assert not [word for word in ("net.pt", "seed not set", "perf_counter") if word in before]


def test_a_key_that_code_names_or_hands_on_may_act() -> None:
    named = frozenset({"clip", "config"})
    assert unread.is_unread("app.yaml: model.workers", "not set -> 2", named)
    assert not unread.is_unread("app.yaml: model.clip", "not set -> 2", named)
    assert not unread.is_unread("app.yaml: model.workers", "1 -> 2", named)
    assert not unread.is_unread("app.yaml: model.workers", "not set -> 2", frozenset())


def test_a_timer_is_for_readers() -> None:
    told = blocks({"a.py": b"import time\nbegan = time.perf_counter()\nseed = time.time_ns()\n"})
    assert "2-2 m" in told["a.py"]
    assert "3-3 m" not in told["a.py"]


def test_an_identity_in_a_database_is_known_beside_letters(tmp_path: Path) -> None:
    path = tmp_path / "docs.db"
    path.write_bytes(b"\0\1row" + UUID.encode() + b"title\0\xff")
    assert UUID in known.Known([File(path=str(path), real=str(path), kind="data")])


def test_a_folder_that_is_called_cache_is_written_like_any_other(tmp_path: Path) -> None:
    for name in (".cache", ".cache/huggingface", "__pycache__"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("1\n")
    seen = [str(path) for path in tmp_path.rglob("a.txt")]
    assert list(written.files(seen, str(tmp_path), 0, [], text=False)) == [".cache/a.txt"]
