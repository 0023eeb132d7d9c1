"""`--zoom`: the kernels that two runs call where they part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap.replay.esr import archive
from tests.conftest import Run

SCRIPT = """
import math
import numpy as np
import torch
from torch import nn
from torch.nn import functional

class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(32, 96)
        self.proj = nn.Linear(32, 32)
        self.seen = []
    def forward(self, x):
        self.seen.append(len(self.seen))
        parts = self.qkv(x).chunk(3, -1)
        q, k, v = (part.view(2, 8, 4, 8).transpose(1, 2) for part in parts)
        y = attend(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(2, 8, 32))

attend = functional.scaled_dot_product_attention
generator = np.random.default_rng(1)
model = nn.Sequential(Attention(), nn.LayerNorm(32), Attention(), nn.GELU()).eval()
with torch.no_grad():
    for item in model.parameters():
        item.copy_(torch.from_numpy(generator.standard_normal(tuple(item.shape)).astype("float32")))
x = torch.from_numpy(generator.standard_normal((2, 8, 32)).astype("float32"))
# FAULT
with torch.MODE():
    print(model(x).sum().item(), model[0].seen, torch.rand(1) if 0 else "")
"""
BY_HAND = """
def attend(q, k, v):
    return 1.01 * ((q @ k.transpose(-1, -2)) / math.sqrt(8)).softmax(-1) @ v
"""


@pytest.fixture
def zoomed(envsnap: Run, torch_python: str, tmp_path: Path):
    """Compares the script with a fault with a golden run, both with --zoom."""

    def write(fault: str, mode: str) -> Path:
        path = tmp_path / "infer.py"
        path.write_text(SCRIPT.replace("# FAULT", fault).replace("MODE", mode))
        return path

    def compared(fault: str, mode: str = "no_grad", *options: str) -> tuple[int, dict]:
        if not (tmp_path / "it.esr").exists():
            done = envsnap(
                "record",
                *(options or ["--zoom"]),
                "-o",
                "it.esr",
                "--",
                torch_python,
                write("", mode),
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.endswith("[0] \n")
        command = [torch_python, write(fault, mode)]
        done = envsnap("compare", "--zoom", "--format", "json", "it.esr", "--", *command)
        verdict = json.loads(done.stdout)
        return done.returncode, {rung["name"]: rung for rung in verdict["rungs"]} | {"": verdict}

    return compared


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode", "enable_grad"])
def test_code_between_layers_is_named_by_its_kernels(zoomed, mode: str) -> None:
    code, found = zoomed(BY_HAND, mode)
    assert code == 1
    golden, here = found["kernels"]["details"]
    assert golden == "golden: _scaled_dot_product_flash_attention_for_cpu"
    assert "bmm" in here
    assert "_softmax" in here
    assert "after 0.qkv and before 0.proj, in the forward of 0" in found[""]["cause"]
    assert "_scaled_dot_product_flash_attention_for_cpu -> " in found[""]["cause"]


def test_a_layer_is_named_by_its_kernels(zoomed) -> None:
    code, found = zoomed("model[3] = nn.SiLU()")
    assert code == 1
    assert found[""]["first"]["name"] == "3"
    assert found["kernels"]["summary"] == "gelu -> silu"
    _, found = zoomed("model[1].eps = 0.1")
    assert found["kernels"]["summary"] == "the same kernels are called: native_layer_norm"
    assert "LayerNorm.eps" in found[""]["cause"]


def test_other_dtypes_of_the_same_kernels(zoomed) -> None:
    fault = (
        "old = attend\n"
        "def attend(*parts):\n    return old(*(part.double() for part in parts)).float() * 1.01\n"
    )
    code, found = zoomed(fault)
    assert code == 1
    assert "mul" in found["kernels"]["summary"]


def test_nothing_parts_nothing_is_named(zoomed) -> None:
    code, found = zoomed("")
    assert code == 0
    assert "kernels" not in found


def test_only_what_computes_is_listed(zoomed, tmp_path: Path) -> None:
    zoomed("")
    (call,) = archive.read(str(tmp_path / "it.esr")).record.calls
    told = [(item.inside, item.after, item.calls) for item in call.kernels]
    assert told[0][:2] == ("0.qkv", "")
    assert told[0][2][0].startswith("addmm float32[96] float32[16,32]")
    assert told[1][:2] == ("0", "0.qkv")
    assert not [text for _, _, calls in told for text in calls if text.startswith("view")]


def test_without_kept_inputs_it_says_so(envsnap: Run, torch_python: str, tmp_path: Path) -> None:
    path = tmp_path / "infer.py"
    path.write_text(SCRIPT.replace("MODE", "no_grad"))
    done = envsnap("record", "--zoom", "--no-full", "-o", "it.esr", "--", torch_python, path)
    assert done.returncode == 0
    assert "the kernels are not known: inputs are not kept" in done.stderr
