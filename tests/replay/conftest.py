"""What the tests of recordings share: torch where it is, a small model, hand-made recordings."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from envsnap.replay.compare import ladder
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording
from envsnap.replay.recorder.wanted import Wanted
from tests.conftest import Run, interpreter, lacking
from tests.replay import decoders

Play = Callable[[], Any]
Changed = Callable[[str, str, str, int], str]
SetOtherwise = Callable[[str, str, str, str], str]
SCRIPT = """
import sys
import numpy as np
import torch
from torch import nn

def fill(model):
    generator = np.random.default_rng(1)
    with torch.no_grad():
        for item in model.parameters():
            values = generator.standard_normal(tuple(item.shape)) / 4
            item.copy_(torch.from_numpy(values.astype("float32")))
    return model.eval()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 10)
        self.scale = 1.0
    def forward(self, x):
        y = self.act(self.norm(self.conv(x)))
        return self.fc(self.drop((y * factor).mean((2, 3))))

factor = 1.0
model = fill(Net())
x = torch.from_numpy(np.random.default_rng(2).random((2, 3, 16, 16)).astype("float32"))
# FAULT
if __name__ == "__main__":
    with torch.no_grad():
        print(model(x).sum().item())
"""


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """Torch of this Python."""
    try:
        return importlib.import_module("torch")
    except ImportError:
        lacking("torch is not installed here (the extra is called torch)")


@pytest.fixture
def script(tmp_path: Path):
    """Writes the script, with a fault in it; returns its path."""

    def write(fault: str = "", name: str = "infer.py", tail: str = "") -> Path:
        path = tmp_path / name
        path.write_text(SCRIPT.replace("# FAULT", fault) + tail)
        return path

    return write


@pytest.fixture
def golden(envsnap, torch_python: str, script, tmp_path: Path) -> Path:
    """The recording of the script without a fault."""
    done = envsnap(
        "record", "--label", "dev", "-o", "golden.esr", "--", torch_python, script(name="golden.py")
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "golden.esr"


@pytest.fixture(scope="session")
def pillows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pythons with Pillow 8.4.0 and 9.0.1, which have no wheels for this one."""
    return decoders.make(tmp_path_factory.mktemp("pillows"), interpreter("3.10"))


@pytest.fixture
def played(torch: ModuleType, tmp_path: Path) -> Callable[..., Verdict]:
    """The verdict on two blocks; the second replays the first."""

    def verdict(one: Play, two: Play, *, strict: bool = False, **options: Any) -> Verdict:
        def recorded(name: str, play: Play, golden: archive.Recording | None) -> archive.Recording:
            path = str(tmp_path / name)
            task = None if golden is None else archive.as_task(golden, golden.name)
            wanted = Wanted(text=golden is not None, **options)
            with torch.no_grad(), Recording(path, lambda: None, wanted=wanted, task=task):
                play()
            return archive.read(path)

        golden = recorded("golden.esr", one, None)
        return ladder.compare(golden, recorded("other.esr", two, golden), strict=strict)

    return verdict


@pytest.fixture
def rerun(envsnap: Run, torch_python: str, tmp_path: Path) -> Changed:
    """Record a script, run it as it was changed, and return what is said; the exit code is asserted."""

    def compare(head: str, script: str, other: str, code: int) -> str:
        (tmp_path / "it.py").write_text(head + script)
        assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
        (tmp_path / "it.py").write_text(head + other)
        done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
        assert done.returncode == code, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    return compare


@pytest.fixture
def set_otherwise(envsnap: Run, torch_python: str, tmp_path: Path) -> SetOtherwise:
    """Record a script that reads a file, write the file anew, and return what is said."""

    def compare(script: str, name: str, text: str, other: str) -> str:
        (tmp_path / "it.py").write_text(script)
        (tmp_path / name).write_text(text)
        assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
        (tmp_path / name).write_text(other)
        done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
        return " ".join(done.stdout.split())

    return compare
