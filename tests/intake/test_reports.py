"""Foreign reports: ours, made here, and real ones of 2018 to 2026 where they are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import UNSET

from envsnap import api
from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.model.manifest import Manifest
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
DUMPS = ROOT.parent / "shared" / "dumps"
REPORT = """\
some chatter before
PyTorch version: 2.4.1+cu121
Is debug build: False
CUDA used to build PyTorch: 12.1
ROCM used to build PyTorch: N/A

OS: Debian GNU/Linux 12 (bookworm) (x86_64)
Libc version: glibc-2.36
Python version: 3.11.7 (main, Jan  1 2025) [GCC 12.2.0] (64-bit runtime)
Python platform: Linux-6.1.0-18-amd64-x86_64-with-glibc2.36
Is CUDA available: True
CUDA runtime version: Could not collect
GPU models and configuration:
GPU 0: Example GPU
GPU 1: Example GPU

Nvidia driver version: 535.129.03
cuDNN version: Probably one of the following:
/usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.7
/usr/lib/x86_64-linux-gnu/libcudnn_ops_infer.so.8.9.7

CPU:
Model name:                      Example CPU
Flags:                           sse2 avx2 avx

Versions of relevant libraries:
[pip3] numpy==1.26.4
[pip3] torch==2.4.1+cu121
[conda] mkl                      2023.1.0             h213fc3f_46344    defaults
vLLM Version: 0.6.3
LD_LIBRARY_PATH=/usr/local/cuda/lib64
HF_TOKEN=hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789
PIP_INDEX_URL=https://me:s3cr3t@index.example/simple
"""


def read(folder: Path, text: str | bytes) -> Manifest:
    """Read a report from a file whose name says nothing."""
    path = folder / "pasted"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader.load(str(path)).manifest


def test_collect_env(tmp_path: Path) -> None:
    sections = read(tmp_path, REPORT).sections
    torch = sections.frameworks.entries["torch"]
    assert (torch.version, torch.cuda, torch.rocm, torch.cuda_available) == (
        "2.4.1+cu121", "12.1", None, True)  # fmt: skip
    assert sections.frameworks.entries["vllm"].version == "0.6.3"
    assert (sections.system.os, sections.system.architecture, sections.system.glibc) == (
        "Debian GNU/Linux 12 (bookworm)", "x86_64", "2.36")  # fmt: skip
    assert sections.system.kernel == "6.1.0-18-amd64"
    assert sections.system.cpu_flags == ("avx", "avx2", "sse2")
    assert sections.python.version == "3.11.7"
    assert {index: gpu.name for index, gpu in sections.gpus.entries.items()} == {
        "0": "Example GPU", "1": "Example GPU"}  # fmt: skip
    assert sections.driver.version == "535.129.03"
    assert sections.cuda.on_disk["libcudnn.so.8"].version == "8.9.7"
    assert sections.cuda.gaps == {"toolkit": "not stated: the report says Could not collect"}
    assert sections.packages.entries["numpy"].version == "1.26.4"
    assert sections.packages.entries["mkl"].conda.build == "h213fc3f_46344"
    assert not sections.packages.complete
    assert sections.env_vars.entries["PIP_INDEX_URL"] == "https://index.example/simple"
    assert list(sections.env_vars.gaps) == ["HF_TOKEN", "PIP_INDEX_URL"]


def test_what_a_report_does_not_state_is_unknown(tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "report.txt").write_text(REPORT)
    assert envsnap("capture", "--no-import", "-o", "it.json").returncode == 0
    done = envsnap("diff", "it.json", "report.txt", "--format", "json")
    result = json.loads(done.stdout)["results"][0]
    assert "packages.click" in result["unknown"]
    assert not [item for item in result["findings"] if item["path"].startswith("packages.click")]
    assert "read as the output of collect_env" in done.stderr
    assert "toolkit" in done.stderr
    assert envsnap("check", "report.txt").returncode in (0, 1)


def test_lists_of_packages(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

    def said(*arguments: str) -> bytes:
        return subprocess.run([*pip, *arguments], capture_output=True, check=True).stdout

    columns = read(tmp_path, said("list")).sections.packages
    as_json = read(tmp_path, said("list", "--format", "json")).sections.packages
    inspected = read(tmp_path, said("inspect")).sections
    frozen = read(tmp_path, said("freeze")).sections.packages
    versions = {name: entry.version for name, entry in as_json.entries.items()}
    assert versions
    assert {name: entry.version for name, entry in columns.entries.items()} == versions
    assert {name: entry.version for name, entry in inspected.packages.entries.items()} == versions
    assert inspected.python.version == ".".join(map(str, sys.version_info[:3]))
    assert as_json.names_complete
    assert columns.names_complete
    assert not frozen.complete
    pinned = {name for name, entry in frozen.entries.items() if entry.version is not UNSET}
    assert pinned <= set(versions)


def test_a_row_that_is_not_understood_ends_no_list_as_if_it_were_whole(tmp_path: Path) -> None:
    head = "Package Version\n------- -------\nalpha   1.0\n"
    inside = read(tmp_path, head + "beta    of today\ngamma   2.0\n").sections.packages
    assert sorted(inside.entries) == ["alpha", "gamma"]
    assert not inside.names_complete
    below = read(tmp_path, head + "beta    of today\n").sections.packages
    assert not below.names_complete
    noticed = read(
        tmp_path, head + "[notice] A new release of pip is available\n"
    ).sections.packages
    assert noticed.names_complete
    long_epoch = read(tmp_path, head + "delta   1769699998!10.1.0\n").sections.packages
    assert long_epoch.entries["delta"].version == "1769699998!10.1.0"
    assert long_epoch.names_complete


def test_freeze_keeps_no_credentials(tmp_path: Path) -> None:
    text = "mine @ git+https://bot:s3cr3t@git.example/m.git@abc\nnumpy==1.26.4\n-e git+ssh://x\ntorch==2.4.1\n"
    manifest = read(tmp_path, text)
    assert (
        manifest.sections.packages.entries["mine"].origin.url == "git+https://git.example/m.git@abc"
    )
    assert manifest.created_at is None


@pytest.mark.parametrize(
    "text", ["hello\n", "just some words\nand more\n", "a: 1\nb: 2\n", "[]", '[{"name": "x"}]', "{}",
             '{"installed": []}', "PyTorch is nice\n"])  # fmt: skip
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pasted: "):
        read(tmp_path, text)


def test_the_schema_describes_reports_too(tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    from envsnap.model import codec, schema

    manifest = json.loads(codec.encode(read(tmp_path, REPORT)))
    Draft202012Validator(schema.manifest_schema()).validate(manifest)


def test_real_reports_are_read() -> None:
    paths = sorted(DUMPS.glob("*.txt"))
    if not paths:
        pytest.skip(
            "the real reports are not beside this checkout (../shared/dumps): they are no part of it"
        )
    for path in paths:
        sections = api.load(str(path)).sections
        assert sections.frameworks.entries["torch"].version, path.name
        assert sections.python.version, path.name
        assert sections.system.os, path.name
        assert sections.packages.entries["torch"].version or sections.packages.entries, path.name


def test_two_real_reports_are_compared() -> None:
    if not DUMPS.exists():
        pytest.skip(
            "the real reports are not beside this checkout (../shared/dumps): they are no part of it"
        )
    left = api.load(str(DUMPS / "2024-11_8xh100_vllm.txt"))
    right = api.load(str(DUMPS / "2026_vllm_2xL40S_podman.txt"))
    paths = {found.path for found in api.diff(left, right).findings}
    assert ("frameworks", "torch", "version") in paths
    assert ("gpus",) in paths
