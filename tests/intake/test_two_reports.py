"""Two reports of one thread: the first difference is the one that matters, and nothing is noise.

The forms are those of real threads (DeepSpeed's pull request 6762, jax's pull request 12213, and
reports of an environment before and after an installation); the texts are written here.
"""

from __future__ import annotations

from envsnap import api
from envsnap.intake import foreign

DEEPSPEED = """DeepSpeed general environment info:
torch install path ............... ['/venv/lib/python3.11/site-packages/torch']
torch version .................... 2.4.0+cu121
deepspeed install path ........... ['/venv/lib/python3.11/site-packages/deepspeed']
deepspeed info ................... 0.15.1+unknown, unknown, unknown
torch cuda version ............... 12.1
torch hip version ................ None
nvcc version ..................... 12.1
deepspeed wheel compiled w. ...... torch 0.0, cuda 0.0
shared memory (/dev/shm) size .... 62.8 GB
"""
JAX = """jax:    0.4.20
jaxlib: 0.4.20
numpy:  1.26.2
python: 3.10.12 (main, Jun 11 2023, 05:26:28) [GCC 11.4.0]
jax.devices (1 total, 1 local): [CudaDevice(id=0)]
process_count: 1
"""
TORCH = """Collecting environment information...
PyTorch version: 2.1.0+cu118
Is debug build: False
CUDA used to build PyTorch: 11.8
ROCM used to build PyTorch: N/A

OS: Ubuntu 22.04.3 LTS (x86_64)
GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Clang version: Could not collect
CMake version: version 3.27.4
Libc version: glibc-2.35

Python version: 3.10.12 (main, Jun 11 2023, 05:26:28) [GCC 11.4.0] (64-bit runtime)
Python platform: Linux-5.15.0-88-generic-x86_64-with-glibc2.35
Is CUDA available: True
CUDA runtime version: Could not collect
CUDA_MODULE_LOADING set to: LAZY
GPU models and configuration: GPU 0: NVIDIA A10
Nvidia driver version: 525.147.05
cuDNN version: Could not collect
HIP runtime version: N/A
MIOpen runtime version: N/A
Is XNNPACK available: True

CPU:
Architecture:                    x86_64
CPU(s):                          32
CPU MHz:                         2249.812
BogoMIPS:                        4499.62

Versions of relevant libraries:
[pip3] numpy==1.26.1
[pip3] torch==2.1.0+cu118
[pip3] torchmetrics==1.2.0
[conda] Could not collect
"""


def told(first: str, second: str) -> list[tuple[str, ...]]:
    """The places of the findings, as they are shown."""
    sides = [foreign.load(text.encode(), "r.txt", "r.txt").manifest for text in (first, second)]
    return [finding.path for finding in api.diff(*sides).findings]


def test_two_builds_of_deepspeed() -> None:
    other = DEEPSPEED.replace("0.15.1+unknown, unknown, unknown", "0.15.1+abc1234, abc1234, main")
    other = other.replace("62.8 GB", "62.7 GB")
    assert told(DEEPSPEED, other) == [("packages", "deepspeed", "version")]


def test_jax_on_a_gpu_and_on_the_processor() -> None:
    other = JAX.replace("CudaDevice", "CpuDevice")
    assert told(JAX, other) == [("frameworks", "jax", "cuda_available")]


def test_before_and_after_an_installation() -> None:
    other = (
        TORCH.replace("2.1.0+cu118", "2.1.0")
        .replace("used to build PyTorch: 11.8", "used to build PyTorch: None")
        .replace("Is CUDA available: True", "Is CUDA available: False")
        .replace("LAZY", "N/A")
        .replace("2249.812", "1500.000")
        .replace("1.2.0", "1.2.1")
        .replace("CMake version: version 3.27.4", "CMake version: version 3.27.7")
    )
    places = told(TORCH, other)
    assert places[0][:2] == ("frameworks", "torch")
    noise = [
        place
        for place in places
        if place[:2] not in (("frameworks", "torch"), ("packages", "torch"))
        and place != ("packages", "torchmetrics", "version")
    ]
    assert noise == []
