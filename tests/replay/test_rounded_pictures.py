"""A picture that is rounded otherwise: by another CPU's kernels, or by other code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch

# torchvision resizes bytes where the CPU has kernels for that, and floats, rounded, elsewhere.
SCRIPT = """
import torch

wave = torch.arange(96.0)
planes = [(wave[:, None] * a).sin() * 90 + (wave * b).cos() * 30 + 125 for a, b in TONES]
picture = torch.stack(planes)[None].to(torch.uint8)
size = dict(size=(48, 48), mode="bilinear", antialias=True)
if torch.backends.cpu.get_cpu_capability() == "DEFAULT" or FLOATS:
    small = torch.nn.functional.interpolate(picture.float(), **size).round().to(torch.uint8)
else:
    small = torch.nn.functional.interpolate(picture, **size)
if BENT:
    small[..., ::9] = small[..., ::9] // 2
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 46 * 46, 3)
).eval()
with torch.no_grad():
    print(int(model(small / 127.5 - 1).argmax()))
"""
PLAIN = {"ATEN_CPU_CAPABILITY": "default"}


def script(folder: Path, name: str, *, floats: bool = False, bent: bool = False) -> Path:
    path = folder / f"{name}.py"
    text = SCRIPT.replace("TONES", "((0.11, 0.05), (0.07, 0.13), (0.05, 0.09))")
    path.write_text(text.replace("FLOATS", str(floats)).replace("BENT", str(bent)))
    return path


@pytest.fixture
def golden(envsnap: Run, torch_python: str, tmp_path: Path) -> Path:
    path = tmp_path / "golden.esr"
    done = envsnap("record", "-o", path, "--", torch_python, script(tmp_path, "infer"))
    assert done.returncode == 0, done.stderr
    return path


def compared(
    envsnap: Run, golden: Path, *words: object, env: dict[str, str] | None = None
) -> tuple[int, dict[str, object]]:
    done = envsnap("compare", golden, "--format", "json", *words, env=env or {})
    return done.returncode, json.loads(done.stdout)


def test_another_cpu_rounds_a_picture_otherwise(
    envsnap: Run, torch_python: str, golden: Path, tmp_path: Path
) -> None:
    command = ("--", torch_python, script(tmp_path, "infer"))
    code, verdict = compared(envsnap, golden, *command, env=PLAIN)
    assert (code, verdict["outcome"]) == (0, "equivalent"), verdict
    assert "one level apart at most" in str(verdict["cause"])
    assert "ATEN_CPU_CAPABILITY absent -> default" in str(verdict["cause"])
    code, verdict = compared(envsnap, golden, "--strict", *command, env=PLAIN)
    assert (code, verdict["outcome"]) == (1, "diverged")


def test_other_code_on_one_cpu_is_no_other_cpu(
    envsnap: Run, torch_python: str, golden: Path, tmp_path: Path
) -> None:
    command = ("--", torch_python, script(tmp_path, "infer", floats=True))
    code, verdict = compared(envsnap, golden, *command)
    assert (code, verdict["outcome"]) == (1, "diverged")
    assert "rounding to 8 bits" in str(verdict["cause"])


def test_another_cpu_excuses_no_other_picture(
    envsnap: Run, torch_python: str, golden: Path, tmp_path: Path
) -> None:
    command = ("--", torch_python, script(tmp_path, "infer", bent=True))
    code, verdict = compared(envsnap, golden, *command, env=PLAIN)
    assert (code, verdict["outcome"]) == (1, "diverged")
