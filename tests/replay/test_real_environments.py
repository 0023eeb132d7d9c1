"""Two environments that really differ: Pythons with their own numpy, Pillow and threads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.replay import decoders

OLD, NEW = decoders.VERSIONS
# Pillow of each environment in a Python of its own: old ones have no wheels for the one with torch.
SCRIPT = """
import os, subprocess
import numpy as np
import torch
from torch import nn

def settled(model):
    generator = np.random.default_rng(1)
    with torch.no_grad():
        for item in model.parameters():
            values = generator.standard_normal(tuple(item.shape)) / item[0].numel() ** 0.5
            item.copy_(torch.from_numpy(values.astype("float32")))
    return model.eval()

model = settled(nn.Sequential(
    nn.Conv2d(3, 32, 7, 4), nn.ReLU(), nn.Conv2d(32, 64, 3, 2), nn.ReLU(),
    nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(1024, 100), nn.Softmax(1),
))
data = subprocess.check_output(
    [os.environ["DECODER"], "-c", os.environ["DECODE"], os.environ["PICTURE"], "BILINEAR"])
picture = np.frombuffer(data, np.uint8).reshape(224, 224, 3)
mean = np.array([0.485, 0.456, 0.406], np.float32)
spread = np.array([0.229, 0.224, 0.225], np.float32)
x = (picture.astype(np.float32) / np.float32(255) - mean) / spread
with torch.no_grad():
    model(torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None])
"""


@pytest.fixture(scope="module")
def with_numpy_1(torch_python: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python with torch, and numpy 1.26.4 before its own numpy."""
    venv = tmp_path_factory.mktemp("numpy-1") / "venv"
    subprocess.run([torch_python, "-m", "venv", str(venv)], check=True)
    decoders.install(venv, "numpy==1.26.4")
    program = "import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))"
    found = subprocess.run([torch_python, "-c", program], check=True, capture_output=True)
    (site,) = venv.glob("lib/python3*/site-packages")
    (site / "torch.pth").write_bytes(found.stdout)
    return str(venv / "bin" / "python")


@pytest.fixture
def recorded(envsnap: Run, torch_python: str, pillows: dict[str, str], tmp_path: Path):
    """The golden run, and how another environment is compared with it."""
    picture = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 90, 2)
    script = tmp_path / "infer.py"
    script.write_text(SCRIPT)
    about = {"DECODE": decoders.DECODE, "PICTURE": str(picture)}
    done = envsnap(
        "record", "--label", "dev", "-o", "golden.esr", "--", torch_python, script,
        env={**about, "DECODER": pillows[OLD], "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    def compared(python: str, decoder: str, **settings: str) -> tuple[int, dict]:
        done = envsnap(
            "compare", "--format", "json", "golden.esr", "--", python, script,
            env={**about, "DECODER": decoder, **settings},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    return compared


def environment(verdict: dict) -> str:
    """What differs between the environments, in one text."""
    return " ".join(verdict["rungs"][0]["details"])


def test_another_decoder_ends_in_the_inputs(
    recorded, with_numpy_1: str, pillows: dict[str, str]
) -> None:
    """Pillow 8.4.0 against 9.0.1, and with them numpy, threads and the CPU's kernels."""
    code, verdict = recorded(
        with_numpy_1, pillows[NEW], OMP_NUM_THREADS="1", ATEN_CPU_CAPABILITY="default"
    )
    assert code == 1
    assert verdict["cause"].startswith("inputs differ: input: decoding: ")
    assert verdict["first"] is None
    assert "image library" in verdict["fix"]
    states = {rung["name"]: rung["state"] for rung in verdict["rungs"]}
    assert states["contract"] == "same"
    assert states["inputs"] == "diverged"
    assert states["weights"] == "same"
    assert {layer["judgement"] for layer in verdict["layers"]} <= {"equal", "noise"}
    assert "packages.numpy.version 2." in environment(verdict)
    assert "CPU kernels" in " ".join(verdict["not_the_cause"])


def test_another_environment_is_the_same_within_noise(
    recorded, with_numpy_1: str, pillows: dict[str, str]
) -> None:
    code, verdict = recorded(
        with_numpy_1, pillows[OLD], OMP_NUM_THREADS="1", ATEN_CPU_CAPABILITY="default"
    )
    assert (code, verdict["outcome"]) == (0, "same"), verdict
    assert not verdict["bits"]
    assert "noise" in {layer["judgement"] for layer in verdict["layers"]}
    assert "packages.numpy.version 2." in environment(verdict)
    assert "-> 1.26.4" in environment(verdict)
    assert "OMP_NUM_THREADS 2 -> 1" in environment(verdict)
