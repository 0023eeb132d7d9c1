"""What frameworks were built for.

FAKE: these frameworks are too large, or need hardware, to be installed for a test. The packages
below have the files and functions by which the real ones tell, and nothing else of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.compute import Framework
from tests.conftest import Run, lacking
from tests.probe.test_broken_environments import install

BUILD = {"cuda_version": "12.5.1", "cudnn_version": "9", "is_cuda_build": True}
TENSORFLOW = f"""
class sysconfig:
    get_build_info = staticmethod(lambda: {BUILD!r})
    get_compile_flags = staticmethod(lambda: ["-D_GLIBCXX_USE_CXX11_ABI=1"])
class version:
    GIT_VERSION = "v2.18.0-rc2-4-g6550e4bd802"
__version__ = "2.18.0"
"""


def frameworks(
    envsnap: Run, folder: Path, site: Path, *options: str
) -> tuple[dict[str, Framework], dict[str, str]]:
    """Capture with a folder in front of sys.path; returns entries and gaps."""
    done = envsnap(
        "capture", "--python", sys.executable, "-o", "it.json", *options, env={"PYTHONPATH": str(site)}
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    section = reader.load(str(folder / "it.json")).manifest.sections.frameworks
    return section.entries, section.gaps


def package(site: Path, name: str, code: str = "") -> Path:
    """Write an importable package."""
    (site / name).mkdir(parents=True, exist_ok=True)
    (site / name / "__init__.py").write_text(code)
    return site / name


@pytest.mark.parametrize("options", [(), ("--no-import",)])
def test_tensorflow_states_its_cuda(options: tuple[str, ...], envsnap: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    inner = package(site, "tensorflow", TENSORFLOW) / "python" / "platform"
    inner.mkdir(parents=True)
    (inner / "build_info.py").write_text(f"build_info = {BUILD!r}\n")
    entries, _ = frameworks(envsnap, tmp_path, site, *options)
    assert (entries["tensorflow"].cuda, entries["tensorflow"].cudnn) == ("12.5.1", "9")


@pytest.mark.parametrize(
    ("version", "plugin", "expected"),
    [
        ("0.4.13+cuda12.cudnn89", None, {"cuda": "12", "cudnn": "8.9"}),
        ("0.3.25+cuda11.cudnn805", None, {"cuda": "11", "cudnn": "8.0.5"}),
        ("0.1.67+cuda111", None, {"cuda": "11.1"}),
        ("0.4.30", "jax_cuda12_plugin", {"cuda": "12"}),
        ("0.6.0", "jax_rocm60_plugin", {"rocm": "6.0"}),
        ("0.4.30", None, {"cuda": None}),
    ],
)
def test_jax_is_built_for_what_its_plugin_says(
    version: str, plugin: str | None, expected: dict[str, str | None], envsnap: Run, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    for name in ("jax", "jaxlib"):
        package(site, name)
        install(site, name, version.partition("+")[0] if name == "jax" else version)
    if plugin:
        install(site, plugin, version)
    entries, _ = frameworks(envsnap, tmp_path, site, "--no-import")
    for name in ("jax", "jaxlib"):
        assert {key: getattr(entries[name], key) for key in expected} == expected


def test_a_jaxlib_with_cuda_in_it_that_does_not_say_which(envsnap: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (package(site, "jaxlib") / "cuda").mkdir()
    install(site, "jaxlib", "0.4.20.dev1")
    entries, gaps = frameworks(envsnap, tmp_path, site, "--no-import")
    assert not entries["jaxlib"].cuda
    assert gaps["jaxlib.cuda"].startswith("not stated")


@pytest.mark.parametrize("inside", ["backends/nvidia/bin", "third_party/cuda/bin"])
@pytest.mark.parametrize("says", [True, False])
def test_triton_s_assembler_states_its_version_without_being_run(
    inside: str, says: bool, envsnap: Run, tmp_path: Path
) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no C compiler to build the fake assembler")
    folder = package(tmp_path / "site", "triton") / inside
    folder.mkdir(parents=True)
    stated = "Cuda compilation tools, release 12.4, V12.4.99" if says else "nothing"
    marker = tmp_path / "was-run"
    (tmp_path / "it.c").write_text(
        "#include <stdio.h>\n"
        f'int main(void) {{ puts("{stated}"); return fopen("{marker}", "w") == 0; }}\n'
    )
    subprocess.run([compiler, tmp_path / "it.c", "-o", folder / "ptxas"], check=True)
    entries, gaps = frameworks(envsnap, tmp_path, tmp_path / "site")
    assert not marker.exists()
    if says:
        assert entries["triton"].ptxas == "12.4.99"
    else:
        assert not entries["triton"].ptxas
        assert gaps["triton.ptxas"].startswith("not stated")


def test_onnxruntime_states_its_commit(envsnap: Run, tmp_path: Path) -> None:
    code = (
        "get_build_info = lambda: 'ORT Build Info: git-branch=HEAD, git-commit-id=fab30a4, x=1'\n"
        "get_available_providers = lambda: ['CPUExecutionProvider']\n"
    )
    package(tmp_path / "site", "onnxruntime", code)
    entries, _ = frameworks(envsnap, tmp_path, tmp_path / "site")
    assert entries["onnxruntime"].git_version == "fab30a4"
    assert entries["onnxruntime"].cuda is None
