"""A layer of the script's own computes something else: what the run was told is named beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch

SCRIPT = """
import json
import torch

class Rounded(torch.nn.Module):
    def __init__(self, linear, bits):
        super().__init__()
        top = linear.weight.data.abs().max()
        levels = 2 ** (bits - 1) - 1
        self.register_buffer("step", top / levels)
        self.register_buffer("whole", torch.round(linear.weight.data / self.step))
        self.bias = linear.bias

    def forward(self, x):
        return x @ (self.whole * self.step).T + self.bias

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)).eval()
x = torch.linspace(-1, 1, 12).view(2, 6)
with torch.no_grad():
    before = net(x)
    net[0] = Rounded(net[0], json.load(open("quant.json"))["bits"])
    print([round(value, 4) for value in (net(x) - before).abs().sum(1).tolist()])
"""


def test_the_setting_that_it_was_made_from_is_named(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "run.py").write_text(SCRIPT)
    (tmp_path / "quant.json").write_text('{"bits": 6}')
    command = "--", torch_python, "run.py"
    assert envsnap("record", "-o", "it.esr", *command, cwd=tmp_path).returncode == 0
    (tmp_path / "quant.json").write_text('{"bits": 4}')
    done = envsnap("compare", "it.esr", *command, cwd=tmp_path)
    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert "quant.json: bits 6 -> 4" in told
    assert "Fix: Use the golden run's quant.json." in told
    assert "(Rounded) (Rounded)" not in told
