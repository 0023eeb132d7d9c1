"""A recording of version 1 as the golden run of a process of today, and against later files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from envsnap.replay.compare import ladder
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording
from envsnap.replay.recorder.wanted import Wanted
from tests.conftest import Run

OLD = Path(__file__).parents[1] / "archive" / "recordings" / "v1.esr"


@pytest.fixture
def model(torch: Any) -> Any:
    """The model of the old recording: its weights follow from their places."""

    class Net(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.emb, self.norm = torch.nn.Embedding(20, 8), torch.nn.LayerNorm(8)
            self.act, self.fc = torch.nn.GELU(), torch.nn.Linear(8, 3)
            for number, item in enumerate(self.parameters()):
                values = (torch.arange(item.numel()) % 17 - 8).reshape(item.shape) / 64
                item.data.copy_(values + number / 8)

        def forward(self, ids: Any, mask: Any = None) -> Any:
            found = self.act(self.norm(self.emb(ids))) * mask[..., None]
            return self.fc(found.sum(1) / mask.sum(1, keepdim=True))

    Net.__module__ = "__main__"  # as in the script that was recorded
    return Net().eval()


@pytest.fixture
def against(torch: Any, model: Any, tmp_path: Path) -> Any:
    """The verdict on two calls of the model; the old recording is the golden run."""

    def verdict(second: Any) -> Verdict:
        golden = archive.read(str(OLD))
        path = str(tmp_path / "new.esr")
        task = archive.as_task(golden, str(OLD))
        with torch.no_grad(), Recording(path, lambda: None, wanted=Wanted(calls=2), task=task):
            model(torch.tensor([[3, 5, 7, 1], [2, 9, 4, 0]]), mask=torch.ones(2, 4))
            model(torch.tensor(second), mask=torch.ones(2, 4))
        return ladder.compare(golden, archive.read(path))

    return verdict


SECOND = [[4, 6, 8, 2], [3, 10, 5, 1]]


def test_an_old_recording_against_a_new_one(against: Any) -> None:
    found = against(SECOND)
    assert found.outcome == "same", found.cause
    assert [(item.root, item.detailed, item.calls) for item in found.compared] == [("Net", 2, (2, 2))]  # fmt: skip
    assert len(found.layers) == 4
    assert all(layer.alone for layer in found.layers)


def test_another_input_is_seen(against: Any) -> None:
    found = against([[4, 6, 8, 2], [3, 10, 6, 1]])
    assert found.outcome == "diverged"
    assert "row 1, position 2: 5 -> 6" in found.cause


def test_another_setting_is_seen(against: Any, model: Any) -> None:
    model.norm.eps = 1e-3
    found = against(SECOND)
    assert (found.outcome, found.first.name) == ("diverged", "norm")
    assert "LayerNorm.eps 1e-05 -> 0.001" in found.cause


def test_another_weight_is_seen(against: Any, model: Any) -> None:
    model.fc.weight.data[0, 0] += 1
    found = against(SECOND)
    assert found.outcome == "diverged"
    assert "weights differ" in found.cause
    assert "fc.weight" in found.cause


def _version(path: Path) -> int:
    """The version that a file says it is of."""
    with zipfile.ZipFile(path) as stored:
        return int(json.loads(stored.read("record.json"))["recording_version"])


def test_two_recordings_by_two_versions(envsnap: Run) -> None:
    """Files alone, nothing is run: version 1 against 2, both ways, and with a fault."""
    files = [OLD, OLD.with_name("v2.esr"), OLD.with_name("v2-eps.esr")]
    assert [_version(file) for file in files] == [1, 2, 2]
    for golden, other, code in ((0, 1, 0), (1, 0, 0), (0, 2, 1), (2, 0, 1), (1, 2, 1)):
        done = envsnap("compare", files[golden], files[other], "--format", "json")
        verdict = json.loads(done.stdout)
        assert done.returncode == code, verdict
        assert verdict["bits"] is not bool(code)
        assert verdict["compared"][0]["detailed"] == 2 - code  # the first that parts is the answer
        if code:
            assert verdict["first"]["name"] == "norm"
            assert "LayerNorm.eps" in verdict["cause"]


def test_a_rounding_that_nobody_measured(envsnap: Run, tmp_path: Path) -> None:
    """A file is foreign input: an error as large as float64 goes is no overflow of ours."""
    with zipfile.ZipFile(OLD) as stored:
        members = {name: stored.read(name) for name in stored.namelist()}
    record = json.loads(members["record.json"])
    changed = [leaf["replay"] for leaf in record["calls"][0]["leaves"] if leaf.get("replay")]
    assert changed
    for replay in changed:
        replay["rounding"] = [1e308]
    members["record.json"] = json.dumps(record).encode()
    forged = tmp_path / "forged.esr"
    with zipfile.ZipFile(forged, "w") as stored:
        for name, data in members.items():
            stored.writestr(name, data)
    assert envsnap("compare", forged, OLD).returncode == 0
    assert envsnap("compare", OLD, forged).returncode == 0
