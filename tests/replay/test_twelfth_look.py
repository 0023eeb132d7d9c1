"""Times that are answers, models of one class in another order, and what acts on a value that is named."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envsnap.replay.compare import printed
from envsnap.replay.compare import written as compared
from envsnap.replay.esr.endings import Printed, Written
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder import texts, written
from tests.conftest import Run

BEGAN = datetime(2026, 11, 29, 19, 30, 1, tzinfo=UTC).timestamp()
DURING = (BEGAN, BEGAN + 3)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("2026-11-29 19:30:02 done", True),  # the run's own
        ("started at 19:30", True),
        ("2026-11-29T19:30:02 done", True),
        ("12:30:02 INFO done", True),  # to the second, in another zone
        ("took 0:02", True),
        ("departure 2025-03-03 12:30", False),  # another day
        ("departs 12:30", False),  # would be of some zone in every half hour
        ("arrives 2025-03-03T14:30:02", False),
    ],
)
def test_a_time_of_another_day_is_an_answer(
    line: str, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    (said,) = texts.listed(line.encode(), DURING, text=True).lines
    assert ("%time" in said) is masked


ENSEMBLE = """
import hashlib
import json
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.f = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    def forward(self, x):
        return self.f(x)
found = 0
for seed, weight in json.load(open("members.json")):
    torch.manual_seed(seed)
    net = Net()
    net(torch.rand(8, 3, 8, 8))
    torch.manual_seed(9)
    with torch.no_grad():
        found = found + weight * net.eval()(torch.rand(2, 3, 8, 8))
print([round(value, 3) for value in found.flatten().tolist()])
"""


@pytest.mark.torch
def test_models_of_one_class_in_another_order_are_the_same(
    envsnap: Run, tmp_path: Path, torch_python: str
) -> None:
    (tmp_path / "run.py").write_text(ENSEMBLE)
    members = [[0, 0.5], [1, 0.3], [2, 0.2]]
    (tmp_path / "members.json").write_text(json.dumps(members))
    command = ("--", torch_python, "run.py")
    assert envsnap("record", "-o", "golden.esr", *command).returncode == 0
    (tmp_path / "members.json").write_text(json.dumps([members[2], members[0], members[1]]))
    done = envsnap("compare", "golden.esr", *command)
    assert "computes something else" not in done.stdout
    assert done.returncode == 0, done.stdout


NAMED = """
import hashlib
import json
import torch
import envsnap
torch.manual_seed(0)
vectors = torch.nn.Linear(4, 3)(torch.ones(2, 4))
how = json.load(open("index.json"))["metric"]
far = vectors @ vectors.T if how == "ip" else torch.cdist(vectors, vectors)
envsnap.tap("distances", far)
print(far.argsort(-1).tolist())
"""


@pytest.mark.torch
def test_what_acts_on_a_named_value_is_told_with_it(
    envsnap: Run, tmp_path: Path, torch_python: str
) -> None:
    (tmp_path / "run.py").write_text(NAMED)
    (tmp_path / "index.json").write_text('{"metric": "ip"}')
    command = ("--", torch_python, "run.py")
    assert envsnap("record", "-o", "golden.esr", *command).returncode == 0
    (tmp_path / "index.json").write_text('{"metric": "l2"}')
    done = envsnap("compare", "golden.esr", *command)
    said = " ".join(done.stdout.split())
    assert "tap distances differs" in said
    assert "index.json: metric ip -> l2" in said
    assert "Fix: Use the golden run's index.json." in said


@pytest.mark.torch
def test_a_model_that_nobody_calls_is_told(envsnap: Run, tmp_path: Path, torch_python: str) -> None:
    (tmp_path / "run.py").write_text("import torch\ntorch.nn.Linear(4, 3)(torch.ones(2, 4))\n")
    done = envsnap("record", "--root", "Linaer", "-o", "a.esr", "--", torch_python, "run.py")
    assert "--root Linaer: no model of this name is called (called are: Linear)" in done.stderr


@pytest.mark.parametrize(
    ("line", "is_noise"),
    [
        ("generated at 2026-11-29 19:30:02", True),
        ("run_id: 0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("done in 2.1 s", True),
        ("label: cat", False),
        ("score 0.93 at 2026-11-29 19:30:02", False),
    ],
)
def test_a_line_more_that_only_says_when_is_no_other_answer(line: str, is_noise: bool) -> None:
    def said(text: str) -> Printed:
        data = text.encode()
        return Printed(
            sha256=hashlib.sha256(data).hexdigest(), size=len(data), whole=True,
            lines=texts.listed(data, DURING, text=False).lines, varies=(),
        )  # fmt: skip

    found = printed.compare(said("label: dog\n"), said(f"label: dog\n{line}\n"), rounding=False)
    assert (found.state == "same") is is_noise


def run(files: dict[str, Written]) -> Record:
    return Record(
        recording_version=2, recording_revision=6, envsnap_version="1", created_at="2026-11-29T19:30:01Z",
        label=None, complete=True, full=False, framework=None, notes=(), calls=(), tensors=(), files=files,
    )  # fmt: skip


def test_json_that_is_laid_out_otherwise_says_the_same(tmp_path: Path) -> None:
    def wrote(text: str) -> dict[str, Written]:
        path = tmp_path / "out.json"
        path.write_text(text)
        return written.files([str(path)], str(tmp_path), 0, (), text=False)

    def state(one: str, two: str) -> str:
        return compared.files(run(wrote(one)), run(wrote(two)), rounding=False, moves=False).state

    said = '{"label": "cat", "scores": [0.5, 0.25]}'
    assert state(said, '{\n "scores": [\n  0.5,\n  0.25\n ],\n "label": "cat"\n}\n') != "differs"
    assert state(said, '{"label": "cat", "scores": [0.25, 0.5]}') == "differs"
    assert state(said, '{"label": "dog", "scores": [0.5, 0.25]}') == "differs"
    rows = '{"id": 1, "x": 0.5}\n{"id": 2, "x": 0.7}\n'
    assert state(rows, '{"x":0.5,"id":1}\n{"x":0.7,"id":2}\n') != "differs"
    assert state(rows, '{"x":0.7,"id":2}\n{"x":0.5,"id":1}\n') == "differs"
