"""`envsnap.capture()` inside the user's own program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from envsnap.intake import reader
from envsnap.model.manifest import Sections
from tests.conftest import COMMAND, Run

NOTHING_NEW = """
import sys
import envsnap
envsnap.save(envsnap.capture(), "it.json")
print(sorted({name.partition(".")[0] for name in sys.modules}
             & {"random", "numpy", "torch", "yaml", "docker", "rich", "click", "deepdiff", "pynvml"}))
"""
STATES = """
import json, random, sys
random.seed(3)
import torch
torch.manual_seed(5)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.backends.cudnn.benchmark = True
torch.set_float32_matmul_precision("high")
torch.set_default_dtype(torch.float64)
before = random.getstate(), torch.get_rng_state().tolist()
import envsnap
manifest = envsnap.capture(seeds={"run": "17"})
assert before == (random.getstate(), torch.get_rng_state().tolist())
envsnap.save(manifest, sys.argv[1])
"""


def inside(python: str, code: str, folder: Path, *arguments: str) -> str:
    """Run a program that captures itself."""
    done = subprocess.run(
        [python, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_that_the_program_did_not_import(tmp_path: Path) -> None:
    assert inside(sys.executable, NOTHING_NEW, tmp_path).strip() == "[]"
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    assert sections.identity.rng == {}
    assert sections.process.loaded is not None


def sections_of(path: Path) -> Sections:
    """The sections of a manifest file."""
    return reader.load(str(path)).manifest.sections


def with_torch(torch_python: str, envsnap: Run, folder: Path) -> Any:
    """Run a program with torch that captures itself, with envsnap or with the single file."""
    installed = subprocess.run(
        [torch_python, "-c", "import envsnap, msgspec"],
        check=False,
        capture_output=True,
        cwd=folder,
    )
    if installed.returncode == 0:
        inside(torch_python, STATES, folder, "it.json")
        return sections_of(folder / "it.json")
    assert envsnap("probe", "-o", "probe.py").returncode == 0
    code = (
        STATES.replace("import envsnap\n", "import probe\n")
        .replace('manifest = envsnap.capture(seeds={"run": "17"})', "probe.capture(sys.argv[1])")
        .replace("envsnap.save(manifest, sys.argv[1])", "")
    )
    inside(torch_python, code, folder, "it.facts")
    return sections_of(folder / "it.facts")


def test_states_and_switches_of_torch(torch_python: str, envsnap: Run, tmp_path: Path) -> None:
    first = with_torch(torch_python, envsnap, tmp_path)
    assert set(first.identity.rng) >= {"random", "torch"}
    assert first.seeds.torch_initial_seed == "5"
    switches = first.determinism
    assert switches.deterministic_algorithms is True
    assert switches.cudnn_benchmark is True
    assert switches.matmul_precision == "high"
    assert switches.default_dtype == "float64"
    assert switches.threads == 1
    assert first.frameworks.entries["torch"].cpu_capability
    second = with_torch(torch_python, envsnap, tmp_path)
    for seeded in ("random", "torch"):  # numpy was not seeded: its state is another each time
        assert second.identity.rng[seeded] == first.identity.rng[seeded]


def test_getters_that_raise_become_gaps(torch_python: str, envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "-o", "probe.py").returncode == 0
    code = (
        "import torch\ntorch.backends.cuda.matmul.fp32_precision = 'tf32'\n"
        "import probe\nprobe.capture('it.facts')\n"
    )
    inside(torch_python, code, tmp_path)
    determinism = sections_of(tmp_path / "it.facts").determinism
    assert determinism.default_dtype == "float32"
    values = json.dumps([determinism.matmul_allow_tf32 is True, determinism.gaps])
    assert "matmul_allow_tf32" in values or determinism.matmul_allow_tf32 is True


def test_a_fresh_import_of_torch(torch_python: str, envsnap: Run, tmp_path: Path) -> None:
    done = envsnap("capture", "--python", torch_python, "-o", "full.json")
    assert done.returncode == 0, done.stderr
    full = sections_of(tmp_path / "full.json").frameworks
    torch = full.entries["torch"]
    stated = inside(torch_python, "import torch; print(torch.__version__)", tmp_path).strip()
    assert torch.version == stated
    assert torch.imported is True
    assert torch.build_config
    assert torch.cpu_capability
    assert torch.cuda is None
    assert torch.cudnn is None
    assert any("libtorch_cpu" in name for name in torch.mapped_on_import)
    assert (
        envsnap("capture", "--python", torch_python, "--no-import", "-o", "static.json").returncode
        == 0
    )
    static = sections_of(tmp_path / "static.json").frameworks
    assert static.entries["torch"].version == stated
    assert static.entries["torch"].cuda is None
    assert static.gaps["torch"].startswith("not asked")
    done = envsnap("diff", "full.json", "static.json", "--format", "json")
    result = json.loads(done.stdout)["results"][0]
    assert result["findings"] == []
    assert "frameworks.torch.threads" in result["unknown"]


def test_no_process_of_a_capture_is_left_unwaited(tmp_path: Path) -> None:
    code = """
import gc, sys, time, warnings
warnings.simplefilter("error")
sys.unraisablehook = lambda item: print("left:", item.exc_value)
import envsnap
envsnap.capture(import_frameworks=False)
gc.collect()
"""
    assert inside(sys.executable, code, tmp_path) == ""


def test_a_locale_that_python_named_itself_is_no_fact(tmp_path: Path) -> None:
    """PEP 538: without a locale, Python sets LC_CTYPE, also for the processes it starts."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for names, found in ((bare, None), ({**bare, "LC_CTYPE": "C.UTF-8"}, "C.UTF-8")):
        command = [COMMAND, "capture", "--no-import", "-o", "it.json"]
        subprocess.run(command, cwd=tmp_path, env=names, check=True, capture_output=True)
        sections = json.loads((tmp_path / "it.json").read_text())["sections"]
        assert sections["env_vars"]["entries"].get("LC_CTYPE") == found
        assert sections["system"]["locale"] == (found or "C")
