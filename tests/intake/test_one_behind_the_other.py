"""Reports that stand one behind the other in a file, with nothing, a blank line or a heading between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from envsnap.intake import foreign
from envsnap.model.manifest import Manifest
from envsnap.model.reading import fact

Path = tuple[str, ...]
OUTPUTS: dict[str, tuple[str, Path, object]] = {
    "freeze": ("absl-py==2.1.0\nnumpy==1.26.3\nscipy==1.12.0\ntorch==2.1.2+cu121\n", ("packages", "scipy", "version"), "1.12.0"),
    "cards": ("GPU 0: Tesla T4 (UUID: GPU-11111111-2222-3333-4444-555555555555)\n", ("gpus", "0", "name"), "Tesla T4"),
    "csv": ("name, driver_version, memory.total [MiB]\nTesla T4, 535.129.03, 15360 MiB\n", ("driver", "version"), "535.129.03"),
    "nvcc": ("nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 12.1, V12.1.105\n", ("cuda", "toolkit"), "12.1.105"),
    "lscpu": (("Architecture:            x86_64\nCPU op-mode(s):          32-bit, 64-bit\nCPU(s):                  8\nVendor ID:               GenuineIntel\n"
              "Model name:              Intel(R) Xeon(R) CPU @ 2.50GHz\nModel:                   85\nStepping:                7\n"),
              ("system", "cpu"), "Intel(R) Xeon(R) CPU @ 2.50GHz"),
    "env": ("SHELL=/bin/bash\nPWD=/home/jo\nHOME=/home/jo\nOMP_NUM_THREADS=4\nSHLVL=1\nPATH=/usr/bin:/bin\n_=/usr/bin/env\n", ("env_vars", "OMP_NUM_THREADS"), "4"),
    "pandas": (("\nINSTALLED VERSIONS\n------------------\ncommit                : fd3f57170aa1af588ba877e8e28c158a20a4886d\n"
               "python                : 3.10.12.final.0\nOS                    : Linux\nOS-release            : 5.15.0\n\n"
               "pandas                : 2.2.0\nnumpy                 : 1.26.3\nscipy                 : 1.12.0\n"), ("packages", "pandas", "version"), "2.2.0"),
    "show": (("Name: einops\nVersion: 0.7.0\nSummary: Tensors\nHome-page: \nAuthor: A\nAuthor-email: \nLicense: MIT\n"
             "Location: /v/lib/python3.10/site-packages\nRequires: \nRequired-by: \n"), ("packages", "einops", "version"), "0.7.0"),
}  # fmt: skip
BETWEEN: dict[str, Callable[[str, str], str]] = {
    "nothing": lambda one, two: OUTPUTS[one][0] + OUTPUTS[two][0],
    "a blank line": lambda one, two: f"{OUTPUTS[one][0]}\n{OUTPUTS[two][0]}",
    "headings": lambda one, two: f"=== {one} ===\n{OUTPUTS[one][0]}=== {two} ===\n{OUTPUTS[two][0]}",
    "tail": lambda one, two: f"==> {one}.txt <==\n{OUTPUTS[one][0]}\n==> {two}.txt <==\n{OUTPUTS[two][0]}",
}  # fmt: skip
LOG = "epoch: 3\nloss: 0.693\nbatch size: 32\n"


def load(text: str) -> Manifest:
    return foreign.load(text.encode(), "all.txt", "all.txt").manifest


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize(("one", "two"), list(itertools.permutations(OUTPUTS, 2)))
def test_both_are_read(between: str, one: str, two: str) -> None:
    manifest = load(BETWEEN[between](one, two))
    for name in (one, two):
        _, path, value = OUTPUTS[name]
        assert fact(manifest, path).value == value, name


@pytest.mark.parametrize("gap", ["", "\n"])
def test_what_a_program_logs_behind_a_report_is_no_package(gap: str) -> None:
    text = OUTPUTS["pandas"][0] + gap + LOG
    assert not {"epoch", "loss", "batch-size"} & set(load(text).sections.packages.entries)  # type: ignore[union-attr,arg-type]


def test_keys_of_another_report_are_no_packages() -> None:
    found = load(OUTPUTS["pandas"][0] + "$ lscpu\n" + OUTPUTS["lscpu"][0]).sections.packages
    assert set(found.entries) == {"pandas", "numpy", "scipy"}  # type: ignore[union-attr,arg-type]
