"""What judges a trial instead of its exit code: a recording of the good run, or the bits it makes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from envsnap.bisection.result import PROVEN, UNKNOWN
from tests.bisection.world import IMPORTS, World, culprits
from tests.conftest import COMMAND

MODEL = """
import os, sys, torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).eval()
{change}
with torch.no_grad():
    model(torch.arange(16.0).reshape(2, 8) / 16)
"""
SILENT = "model[2].weight.data.mul_(0.5 if trial_07.value == 2 else 1)"
SETTING = "model[0].bias.data.add_(float(os.environ.get('SHIFT', '0')))"


@pytest.fixture(scope="module")
def with_torch(torch_python: str, uv: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which both sides have the torch that is installed here, by a link to it."""
    assert uv
    asked = [torch_python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    site = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return World(tmp_path_factory.mktemp("torch-world"), {"trial-torch-link": site})


def recorded(world: World, program: str) -> str:
    """A recording of the good side."""
    Path("main.py").write_text(IMPORTS + program)
    subprocess.run(
        [COMMAND, "record", "-o", "golden.esr", "--", world.good, "main.py"],
        check=True, capture_output=True,
    )  # fmt: skip
    return "golden.esr"


def test_a_recording_judges_a_program_that_never_fails(with_torch: World) -> None:
    program = MODEL.format(change=SILENT)
    found = with_torch.bisect(program, recording=recorded(with_torch, program))
    assert (found.outcome, culprits(found)) == (PROVEN, [["packages.trial-07"]]), found.sentence
    assert found.judge.startswith("the recording ")
    told = {sample.told for cause in found.causes for sample in [cause.proof]}
    assert any("diverged at" in item for item in told), told


@pytest.mark.full
def test_the_judge_has_none_of_the_trial_s_variables(with_torch: World) -> None:
    sides = with_torch.manifests(
        {"SHIFT": "0", "PYTHONWARNINGS": "ignore"}, {"SHIFT": "1", "PYTHONWARNINGS": "error"}
    )
    program = MODEL.format(change=SETTING)
    found = with_torch.bisect(program, sides, recording=recorded(with_torch, program))
    assert culprits(found) == [["env_vars.SHIFT"]], found.sentence


def test_a_recording_of_another_program_decides_nothing(with_torch: World) -> None:
    recording = recorded(with_torch, MODEL.format(change="model = model[:2]"))
    found = with_torch.bisect(MODEL.format(change=SILENT), recording=recording)
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert "the good side fails here" in found.sentence


def test_the_command_takes_bits_of_a_file_as_its_judge(world: World) -> None:
    world.manifests()
    program = "open('out.bin', 'wb').write(bytes([trial_03.value, 7]))\n"
    Path("main.py").write_text(IMPORTS + program)
    command = [
        COMMAND, "bisect", "a-manifest.json", "b-manifest.json", "--yes", "--format", "json",
        "--find-links", str(world.wheels), "--oracle-output", "out.bin", "--", "python", "main.py",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["judge"] == "bits of out.bin"
    assert [item["path"] for item in found["causes"][0]["culprits"]] == ["packages.trial-03"]


def test_bits_that_differ_from_run_to_run_are_no_judge(world: World) -> None:
    found = world.bisect("import os\nprint(os.urandom(8))\n", output="-")
    assert found.exit_code == 6
    assert "differs from run to run" in found.sentence


def test_a_file_that_no_run_writes_is_no_judge(world: World) -> None:
    world.manifests()
    Path("main.py").write_text("print(1)\n")
    command = [
        COMMAND, "bisect", "a-manifest.json", "b-manifest.json", "--yes",
        "--find-links", str(world.wheels), "--oracle-output", "out.bin", "--", "python", "main.py",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert "--oracle-output out.bin: no run has written it" in done.stderr
