"""What no format reads is refused in one line: what it looks like, and the way forward."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import foreign
from tests.conftest import Run


def checkpoint() -> bytes:
    """A zip as torch writes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("model/data.pkl", b"\x80\x02}q\x00.")
    return stream.getvalue()


KINDS = {
    "pyproject.toml": (b'[project]\nname = "x"\nversion = "1"\n', "pyproject.toml", "lock"),
    "Pipfile": (b'[packages]\nnumpy = "*', "Pipfile", "Pipfile.lock"),
    "pixi.toml": (b'[workspace]\nname = "x"\n[dependencies]\npython = "3.12"\n', "pixi", "pixi.lock"),
    "setup.py": (b"from setuptools import setup\nsetup(name='x')\n", "setup.py", "pip freeze"),
    "setup.cfg": (b"[metadata]\nname = x\n", "setup.cfg", "pip freeze"),
    "app.py": (b"import torch\nprint(torch.__version__)\n", "Python program", "capture"),
    "run.sh": (b"#!/bin/sh\nexec python serve.py\n", "script", "capture"),
    "log.txt": (b'x\nTraceback (most recent call last):\n  File "a"\n', "traceback", "--error-text"),
    "smi.txt": (b"NVIDIA-SMI has failed because it couldn't communicate\n", "nvidia-smi", "--error-text"),
    "chart.yaml": (b"image: {{ .Values.image }}\nname: {{ .Release.Name }}\n", "Helm", "helm template"),
    "bom.xml": (b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>\n', "CycloneDX", "JSON"),
    "sbom.spdx": (b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "SPDX", "JSON"),
    "page.html": (b"<!DOCTYPE html>\n<html><body>x</body></html>\n", "HTML", "raw text"),
    "lib.so": (b"\x7fELF\x02\x01\x01" + b"\0" * 40, "ELF", "capture"),
    "w.safetensors": (b'\x10\x00\x00\x00\x00\x00\x00\x00{"a":{}}      ', "safetensors", "--weights"),
    "w.pkl": (b"\x80\x04\x95\x00\x00", "pickle", "--weights"),
    "w.gguf": (b"GGUF\x03\x00\x00\x00", "GGUF", "--weights"),
    "w.pt": (checkpoint(), "PyTorch", "--weights"),
    "a.zst": (b"\x28\xb5\x2f\xfd\x00\x00", "compressed", "unpack"),
    "a.ipynb": (b'{"cells": [], "metadata": {}, "nbformat": 4}', "notebook", "capture"),
    "ci.yml": (b"jobs:\n  test:\n    runs-on: x\n", "CI", "image"),
    "values.yaml": (b"a: 1\nb: 2\n", "YAML with a, b", "--config"),
    "notes.md": (b"# Notes\n\nSome words.\n", "no report", "--config"),
    "data.json": (b'{"a": 1, "b": 2}', "JSON with a, b", "--formats"),
    "tree.txt": ("torch v2.4.0\n├── filelock v3.15.4\n└── sympy v1.13.1\n".encode(), "tree of dependencies", "pip list"),
    "ps.json": (b'{"ID":"a","Image":"b"}\n{"ID":"c","Image":"d"}\n', "one document a line", "docker inspect"),
    "info.txt": (b"Client:\n Version: 27\n\nServer:\n Server Version: 27.1\n", "docker info", "docker inspect"),
    "version.txt": (b"Client:\n Version:           20.10.24\n\nServer:\n Engine:\n", "docker version", "docker inspect"),
    "history.txt": (b"IMAGE          CREATED        CREATED BY      SIZE\nc9fd36b291ff   2 days ago     /bin/sh -c x    1MB\n", "docker history", "docker inspect"),
    "conda.txt": (b"     active environment : base\n            shell level : 1\n          conda version : 24.5.0\n", "conda info", "conda list"),
    "map.yaml": (b"apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\n", "runs no pod", "pod"),
    "serve.service": (b"[Unit]\nDescription=x\n[Service]\nEnvironment=OMP_NUM_THREADS=8\n", "systemd", "--pid"),
    "apt.txt": (b"Listing... Done\nadduser/jammy,now 3.118ubuntu5 all [installed,automatic]\n", "apt list", "capture"),
    "spack.txt": (b"==> 2 installed packages\n-- linux-ubuntu22.04-zen3 / gcc@11.4.0 -----------\npy-numpy@1.26.4\n", "spack", "capture"),
    "py.txt": (b"Python 3.11.7 (main, Jan  8 2024, 05:23:59) [GCC 12.2.0]\n", "Python alone", "pip list"),
    "start.txt": (b"docker run --gpus all -e OMP_NUM_THREADS=8 serve:1\n", "starts a container", "docker inspect"),
    "task.json": (b'{"family": "x", "containerDefinitions": [{"name": "app", "image": "a:1"}]}', "ECS", "docker inspect"),
    "model.json": (b'{"ModelName": "m", "PrimaryContainer": {"Image": "a:1"}}', "SageMaker", "--image"),
    "devcontainer.json": (b'{\n  // dev\n  "image": "a:1",\n  "containerEnv": {}\n}\n', "devcontainer", "docker inspect"),
    "topo.txt": (b"\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\t X \tNV12\t0-31\t0\n", "nvidia-smi topo", "nvidia-smi -q"),
    "pci.txt": (b"17:00.0 3D controller: NVIDIA Corporation GA100 [A100 PCIe 80GB] (rev a1)\n", "lspci", "nvidia-smi -q"),
    "free.txt": (b"               total        used        free\nMem:            62Gi        10Gi        30Gi\n", "output of free", "capture"),
    "modules.txt": (b"\nCurrently Loaded Modules:\n  1) gcc/11.3.0   2) cuda/12.1\n\n", "module list", "capture"),
    "job.hcl": (b'job "serve" {\n  group "g" {}\n}\n', "Nomad", "docker inspect"),
    "sky.yaml": (b"resources:\n  accelerators: A100:8\nrun: python serve.py\n", "SkyPilot", "capture"),
    "pixi-old.toml": (b'[project]\nname = "x"\nchannels = ["conda-forge"]\n[dependencies]\npython = "3.12"\n', "pixi", "pixi.lock"),
    "settings.ini": (b"[server]\nport = 8000\n", "no report", "--config"),
    "requirements-extra.txt": (b"# none yet\n\n  # torch\n", "comments alone", "leave it out"),
    "blob": (bytes(range(256)) * 4, "binary", "--formats"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_refusal_names_the_kind_and_the_way_forward(name: str) -> None:
    data, kind, advice = KINDS[name]
    with pytest.raises(InputError) as caught:
        foreign.load(data, name, name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert kind in message
    assert advice in message


def test_a_folder_without_a_known_file_is_refused(tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "empty").mkdir()
    done = envsnap("check", "empty")
    assert done.returncode == 2
    assert "explain --formats" in done.stderr


def test_files_named_by_a_requirements_file_are_read_beside_it_only(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "sub").mkdir(parents=True)
    (folder / "requirements.txt").write_text(
        "-r sub/base.txt\n-c bounds.txt\n-r /etc/passwd\n-r missing.txt\ntorch==2.4.0\n"
    )
    (folder / "sub/base.txt").write_text("-r ../more.txt\nnumpy<2\n")
    (folder / "more.txt").write_text("einops\n-r requirements.txt\n")
    (folder / "bounds.txt").write_text("protobuf<5\n")
    path = str(folder / "requirements.txt")
    document = foreign.load(Path(path).read_bytes(), path, path)
    wanted = document.manifest.sections.wanted
    assert set(wanted.entries) == {"torch", "numpy", "einops"}
    assert wanted.constraints == {"protobuf": "<5"}
    assert "that it names by -r" in document.notes[0]


def test_an_archive_is_read_as_the_file_in_it(tmp_path: Path, envsnap: Run) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        package.writestr("top/uv-list.txt", "Package Version\n------- -------\nnumpy   1.26.4\n")
        package.writestr("top/README.md", "words\n")
    done = envsnap("check", "a.zip")
    assert done.returncode == 0
    assert "pip list" in done.stderr
