"""TorchScript whose weights were made constants: it is a model, and they are its weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run

SCRIPT = """
import os, torch
torch.manual_seed(int(os.environ["DRAW"]))
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)
    def forward(self, x):
        return self.two(torch.relu(self.one(x)))
net = torch.jit.script(Net().eval())
if os.environ["FROZEN"] == "1":
    net = torch.jit.freeze(net)
print(net(torch.ones(1, 4)).argmax().item() >= 0)
"""


def test_a_frozen_model_is_compared(
    envsnap: Run, torch_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.py").write_text(SCRIPT)
    for name, draw, frozen in (("plain", 0, 0), ("frozen", 0, 1), ("other", 1, 1)):
        monkeypatch.setenv("DRAW", str(draw))
        monkeypatch.setenv("FROZEN", str(frozen))
        done = envsnap("record", "-o", f"{name}.esr", "--", torch_python, "run.py")
        assert done.returncode == 0, done.stderr
    assert envsnap("compare", "plain.esr", "frozen.esr").stdout.startswith("●  Equivalent")
    assert "weights differ: 4 of 4" in envsnap("compare", "frozen.esr", "other.esr").stdout
