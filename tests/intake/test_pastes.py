"""What people paste: several outputs behind one another, headings, runners' logs, broken lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.model.manifest import Manifest

PINS = [
    "absl-py==2.1.0", "accelerate==0.30.1", "certifi==2024.6.2", "filelock==3.14.0", "numpy==1.26.4",
    "pandas==2.2.2", "safetensors==0.4.3", "torch==2.3.1", "zipp==3.19.2",
]  # fmt: skip
SMI = Path(__file__).parent / "formats" / "nvidia-smi"
REPORT = """\
PyTorch version: 2.1.0+cu118
Is debug build: False
CUDA used to build PyTorch: 11.8

OS: Ubuntu 20.04.6 LTS (x86_64)
Python version: 3.9.18 (main, Sep 11 2023, 13:41:44)  [GCC 11.2.0] (64-bit runtime)
Is CUDA available: True
GPU models and configuration: GPU 0: NVIDIA RTX A6000
Nvidia driver version: 525.125.06

CPU:
Architecture:                       x86_64
CPU(s):                             64
Model name:                         AMD EPYC 7452 32-Core Processor
{flags}

Versions of relevant libraries:
[pip3] numpy==1.26.0
"""
TABLE = """\
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 525.125.06   Driver Version: 525.125.06   CUDA Version: 12.0     |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |
|                               |                      |               MIG M. |
|===============================+======================+======================|
|   0  NVIDIA RTX A6000    On   | 00000000:01:00.0 Off |                  Off |
| 30%   31C    P8    20W / 300W |      1MiB / 49140MiB |      0%      Default |
|                               |                      |                  N/A |
+-------------------------------+----------------------+----------------------+
"""
FLAGS = "Flags:                              fpu vme sse sse2 fxsr_opt avx avx2 bmi1 bmi2 sha_ni"


def read(tmp_path: Path, text: str, name: str = "paste.txt") -> Manifest:
    path = tmp_path / name
    path.write_text(text)
    return api.load(str(path))


def versions(manifest: Manifest) -> dict[str, Any]:
    packages = manifest.sections.packages
    return {name: item.version for name, item in getattr(packages, "entries", {}).items()}


@pytest.mark.parametrize("between", ["\n", "\n$ nvidia-smi\n", "\n```\n```\n"])
def test_the_table_beside_a_report_is_read(tmp_path: Path, between: str) -> None:
    report = REPORT.format(flags=FLAGS)
    text = f"```\n{report}{between}{TABLE}```\n" if "`" in between else f"{report}{between}{TABLE}"
    manifest = read(tmp_path, text)
    assert manifest.sections.frameworks.entries["torch"].version == "2.1.0+cu118"
    assert manifest.sections.cuda.driver == "12.0"
    assert manifest.sections.gpus.entries["0"].memory_total == 49140 << 20


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("=== pip freeze ===\n", ""),
        ("---- pip freeze ----\n", ""),
        ("Installed packages:\n", ""),
        ("Start\nseed=42\n", "epoch 1 loss=0.123\n"),
        ("", "Note: you may need to restart the kernel to use updated packages.\n"),
        ("$ pip freeze\n", "$\n"),
        ("##[group]Run pip freeze\npip freeze\nshell: /usr/bin/bash -e {0}\nenv:\n  a: b\n##[endgroup]\n", "Post job cleanup.\n"),
        ("=== date ===\nTue Mar  5 10:00:00 UTC 2024\n=== pip freeze ===\n", "=== uptime ===\n10:00:00 up 3 days\n"),
        (TABLE + "\n", ""),
    ],
)  # fmt: skip
def test_what_stands_around_a_frozen_list_makes_nothing_else_of_it(
    tmp_path: Path, above: str, below: str
) -> None:
    manifest = read(tmp_path, above + "\n".join(PINS) + "\n" + below)
    found = versions(manifest)
    assert found.pop("pip", None) is None
    told = {name: version for name, version in found.items() if isinstance(version, str)}
    assert told == dict(pin.split("==") for pin in PINS)
    assert not manifest.sections.wanted


def test_a_file_of_requirements_stays_one(tmp_path: Path) -> None:
    text = "wheel\n" + "\n".join(PINS) + "\n"
    manifest = read(tmp_path, text, "requirements.txt")
    assert len(manifest.sections.wanted.entries) == len(PINS) + 1


@pytest.mark.parametrize("width", [60, 70])
def test_flags_that_a_terminal_broke_are_not_stated(tmp_path: Path, width: int) -> None:
    pieces = [FLAGS[at : at + width].rstrip() for at in range(0, len(FLAGS), width)]
    manifest = read(tmp_path, REPORT.format(flags="\n".join(pieces)))
    assert not manifest.sections.system.cpu_flags
    assert "cpu_flags" in manifest.sections.system.gaps
    assert manifest.sections.system.cpus == 64


def test_flags_that_a_program_broke_between_words_are_stated(tmp_path: Path) -> None:
    words = FLAGS.split()
    text = f"Flags:  {' '.join(words[1:5])}\n{' '.join(words[5:6])}\n{' '.join(words[6:])}"
    assert set(read(tmp_path, REPORT.format(flags=text)).sections.system.cpu_flags) == set(
        words[1:]
    )


def test_a_report_without_its_first_lines(tmp_path: Path) -> None:
    text = REPORT.format(flags=FLAGS).partition("\n")[2]
    manifest = read(tmp_path, text)
    assert manifest.sections.driver.version == "525.125.06"
    assert manifest.sections.frameworks.entries["torch"].cuda == "11.8"
    assert not manifest.sections.frameworks.entries["torch"].version


def test_a_few_variables_below_their_command(tmp_path: Path) -> None:
    text = "[u@login01 ~]$ printenv | sort | grep NCCL\nNCCL_DEBUG=INFO\nNCCL_IB_HCA=mlx5\n[u@login01 ~]$ "
    manifest = read(tmp_path, text)
    assert manifest.sections.env_vars.entries == {"NCCL_DEBUG": "INFO", "NCCL_IB_HCA": "mlx5"}
    assert not manifest.sections.env_vars.complete
    with pytest.raises(InputError):
        read(tmp_path, "NCCL_DEBUG=INFO NCCL_IB_HCA\n")


WINDOWS = (
    "ALLUSERSPROFILE=C:\\ProgramData\nAPPDATA=C:\\Users\\ada\\AppData\\Roaming\nCOMPUTERNAME=ML7\n"
    "CUDA_VISIBLE_DEVICES=0\nNUMBER_OF_PROCESSORS=16\nOS=Windows_NT\nPath=C:\\Python311;C:\\Windows\n"
    "PATHEXT=.COM;.EXE\nProgramFiles(x86)=C:\\Program Files (x86)\nSystemRoot=C:\\Windows\n"
    "USERPROFILE=C:\\Users\\ada\nwindir=C:\\Windows\n"
)


@pytest.mark.parametrize("text", [WINDOWS, f"C:\\work>set\n{WINDOWS}\nC:\\work>\n"])
def test_the_variables_of_windows_have_the_names_that_python_gives_them(
    text: str, tmp_path: Path
) -> None:
    variables = read(tmp_path, text).sections.env_vars
    assert variables.entries["CUDA_VISIBLE_DEVICES"] == "0"
    assert {"PATH", "SYSTEMROOT"} <= {*variables.entries, *variables.others}
    assert variables.names_complete is not False


def test_two_kinds_of_cores_are_no_processor(tmp_path: Path) -> None:
    text = (
        "Architecture:          aarch64\nCPU op-mode(s):        32-bit, 64-bit\n"
        "Byte Order:            Little Endian\nCPU(s):                8\nVendor ID:             ARM\n"
        "Model name:            Cortex-A55\nModel name:            Cortex-A76\n"
    )
    system = read(tmp_path, text).sections.system
    assert not system.cpu
    assert system.cpus == 8


def test_pods_of_an_operators_object(tmp_path: Path) -> None:
    job = (
        "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {name: ddp}\nspec:\n"
        "  pytorchReplicaSpecs:\n"
        "    Worker: &worker\n      replicas: 2\n      template:\n        spec:\n"
        "          containers:\n            - name: pytorch\n"
        "              image: example.org/pytorch:24.05\n"
        "              env: [{name: NCCL_DEBUG, value: INFO}]\n"
    )
    manifest = read(tmp_path, job, "job.yaml")
    assert manifest.sections.env_vars.entries == {"NCCL_DEBUG": "INFO"}
    other = job + (
        "    Master:\n      template:\n        spec:\n          containers:\n"
        "            - {name: pytorch, image: 'example.org/pytorch:24.06'}\n"
    )
    with pytest.raises(InputError, match="holds 2 workloads"):
        read(tmp_path, other, "job.yaml")


def test_a_list_that_went_through_a_spreadsheet(tmp_path: Path) -> None:
    manifest = read(tmp_path, "Package\tVersion\nnumpy\t1.21.6\ntorch\t1.13.1+cu116\n", "l.tsv")
    assert versions(manifest) == {"numpy": "1.21.6", "torch": "1.13.1+cu116"}
    with pytest.raises(InputError):
        read(tmp_path, "Package\tVersion\nnumpy\tnewest one\n", "l.tsv")
