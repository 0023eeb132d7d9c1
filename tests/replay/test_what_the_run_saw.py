"""Configurations, seeds, files and modules that a run read are named where the runs part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch

SCRIPT = """
import csv, json, os, random
import torch
import steps

settings = json.load(open("settings.json"))
rows = [[float(value) for value in row] for row in csv.reader(open("data.csv"))]
random.seed(int(os.environ.get("ROUND", "0")))
noise = torch.tensor([[random.random() / 8 for _ in row] for row in rows])
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
with torch.no_grad():
    found = model(steps.scaled(torch.tensor(rows)) + noise).softmax(-1)
print("read below", os.path.dirname(os.environ.get("PLACE", "/tmp/it")))
torch.save(torch.tensor(settings["keep"]), "kept.pt")  # native code opens it
for row in found.tolist():
    print("yes" if row[0] > settings["limits"]["yes"] else "no")
"""
FILES = {
    "infer.py": SCRIPT,
    "steps.py": "def scaled(x):\n    return (x - 2) / 1.5\n",
    "settings.json": '{"limits": {"yes": 0.01}, "note": "one", "keep": 1}',
    "data.csv": "1,2,3\n4,1,0\n2,2,5\n",
}
Compared = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script and what it reads."""
    folder = tmp_path_factory.mktemp("runs")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def compared(envsnap: Run, torch_python: str, golden: Path) -> Compared:
    """Compares the script, with another text of one file, with the golden run."""
    recording = golden / "golden.esr"
    if not recording.exists():
        done = envsnap("record", "-o", recording, "--", torch_python, "infer.py", cwd=golden)
        assert done.returncode == 0, done.stderr

    def compare(name: str = "", text: str = "", **variables: str) -> tuple[int, str]:
        if name:
            (golden / name).write_text(text)
        try:
            done = envsnap(
                "compare", recording, "--format", "json", "--", torch_python, "infer.py",
                cwd=golden, env=variables,
            )  # fmt: skip
        finally:
            for other, before in FILES.items():
                (golden / other).write_text(before)
        return done.returncode, json.loads(done.stdout)["cause"]

    return compare


@pytest.mark.parametrize(
    ("name", "old", "new", "cause"),
    [
        ("settings.json", "0.01", "0.99", "settings.json: limits.yes 0.01 -> 0.99"),
        ("data.csv", "2,2,5", "2,2,4", "another content of data.csv"),
        ("steps.py", "/ 1.5", "/ 1.25", "steps.py line 2 differs: `return (x - 2) / 1.25`"),
    ],
)
def test_what_was_read_is_named(
    name: str, old: str, new: str, cause: str, compared: Compared
) -> None:
    code, found = compared(name, FILES[name].replace(old, new))
    assert code == 1
    assert cause in found


def test_a_seed_that_was_set_otherwise_is_named(compared: Compared) -> None:
    code, found = compared(ROUND="3")
    assert code == 1
    assert "the seed of random.seed: 0 -> 3" in found


def test_what_changes_no_answer_is_no_cause(compared: Compared) -> None:
    noted = FILES["settings.json"].replace("one", "two")
    assert compared("settings.json", noted, PLACE="/home/it") == (0, "")


def test_a_file_that_native_code_wrote_is_compared(compared: Compared) -> None:
    code, found = compared("settings.json", FILES["settings.json"].replace("1}", "2}"))
    assert code == 1
    assert "kept.pt" in found
