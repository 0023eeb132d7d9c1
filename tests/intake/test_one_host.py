"""A law over formats: one host with a GPU, told by several programs, does not differ from itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from msgspec import UNSET

from envsnap import api
from envsnap.intake import foreign
from envsnap.model import codec, reading
from envsnap.model.manifest import Manifest
from tests import examples

# NVML counts bytes; nvidia-smi prints whole MiB of them, cut, not rounded.
BYTES = (15109 << 20) + 700_000
UUID = "GPU-11111111-2222-3333-4444-555555555555"


def table(driver: str) -> str:
    return (
        "+-----------------------------------------------------------------------------+\n"
        f"| NVIDIA-SMI {driver:13}Driver Version: {driver:13}CUDA Version: 11.4     |\n"
        "|-------------------------------+----------------------+----------------------+\n"
        "| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |\n"
        "| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |\n"
        "|                               |                      |               MIG M. |\n"
        "|===============================+======================+======================|\n"
        "|   0  Tesla T4            On   | 00000000:00:1E.0 Off |                    0 |\n"
        "| N/A   32C    P8     9W /  70W |      0MiB / 15109MiB |      0%      Default |\n"
        "|                               |                      |                  N/A |\n"
        "+-------------------------------+----------------------+----------------------+\n"
    )


def query(driver: str) -> str:
    return f"""
==============NVSMI LOG==============

Timestamp                                 : Mon Mar  4 10:11:12 2024
Driver Version                            : {driver}
CUDA Version                              : 11.4

Attached GPUs                             : 1
GPU 00000000:00:1E.0
    Product Name                          : Tesla T4
    Persistence Mode                      : Enabled
    MIG Mode
        Current                           : N/A
    GPU UUID                              : {UUID}
    VBIOS Version                         : 90.04.38.00.03
    FB Memory Usage
        Total                             : 15109 MiB
        Used                              : 0 MiB
    Compute Mode                          : Default
    Ecc Mode
        Current                           : Enabled
"""


def xml(driver: str) -> str:
    return f"""<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v11.dtd">
<nvidia_smi_log>
	<driver_version>{driver}</driver_version>
	<cuda_version>11.4</cuda_version>
	<attached_gpus>1</attached_gpus>
	<gpu id="00000000:00:1E.0">
		<product_name>Tesla T4</product_name>
		<persistence_mode>Enabled</persistence_mode>
		<mig_mode>
			<current_mig>N/A</current_mig>
		</mig_mode>
		<uuid>{UUID}</uuid>
		<vbios_version>90.04.38.00.03</vbios_version>
		<fb_memory_usage>
			<total>15109 MiB</total>
		</fb_memory_usage>
		<compute_mode>Default</compute_mode>
		<ecc_mode>
			<current_ecc>Enabled</current_ecc>
		</ecc_mode>
	</gpu>
</nvidia_smi_log>
"""


def csv(driver: str) -> str:
    return (
        "index, name, uuid, driver_version, memory.total [MiB], compute_cap, ecc.mode.current\n"
        f"0, Tesla T4, {UUID}, {driver}, 15109 MiB, 7.5, Enabled\n"
    )


def report(driver: str) -> str:
    return f"""Collecting environment information...
PyTorch version: 1.12.1+cu113
Is debug build: False
CUDA used to build PyTorch: 11.3
ROCM used to build PyTorch: N/A

OS: Ubuntu 22.04.4 LTS (x86_64)
Libc version: glibc-2.35

Python version: 3.10.12 (main, Nov 20 2023, 15:14:05) [GCC 11.4.0] (64-bit runtime)
Python platform: Linux-5.15.0-1056-aws-x86_64-with-glibc2.35
Is CUDA available: True
CUDA runtime version: Could not collect
GPU models and configuration: GPU 0: Tesla T4
Nvidia driver version: {driver}
cuDNN version: Could not collect

Versions of relevant libraries:
[pip3] numpy==1.26.4
[pip3] torch==1.12.1+cu113
"""


def captured(driver: str) -> str:
    card = {
        "name": "Tesla T4", "memory_total": BYTES, "ecc": True, "mig": None, "persistence": True,
        "compute_mode": 0, "compute_capability": "7.5", "vbios": "90.04.38.00.03",
        "power_limit_mw": 70_000,
    }  # fmt: skip
    sections = {
        "gpus": {"entries": {"0": card}},
        "driver": {"version": driver},
        "cuda": {"driver": "11.4"},
        "system": {
            "platform": "linux",
            "architecture": "x86_64",
            "glibc": "2.35",
            "os": "Ubuntu 22.04.4 LTS",
            "kernel": "5.15.0-1056-aws",
        },
        "python": {"version": "3.10.12"},
    }
    return codec.encode(examples.manifest(sections)).decode()


def listed(driver: str) -> str:
    return f"GPU 0: Tesla T4 (UUID: {UUID})\n" if driver else ""


WRITERS: tuple[Callable[[str], str], ...] = (table, query, xml, csv, report, captured, listed)
PAIRS = list(itertools.permutations(WRITERS, 2))
NAMED = [f"{one.__name__}-{two.__name__}" for one, two in PAIRS]


def read(writer: Callable[[str], str], driver: str) -> Manifest:
    """What a program's text of the host says."""
    return foreign.load(writer(driver).encode(), "input", "input").manifest


@pytest.mark.parametrize("pair", PAIRS, ids=NAMED)
def test_one_host_told_by_two_programs(pair: tuple[Callable[[str], str], ...]) -> None:
    result = api.diff(*(read(writer, "470.161.03") for writer in pair))
    assert [(item.path, item.message) for item in result.findings] == []
    assert result.compared >= 1


@pytest.mark.parametrize("pair", PAIRS, ids=NAMED)
def test_another_driver_is_found_in_every_pair(pair: tuple[Callable[[str], str], ...]) -> None:
    result = api.diff(read(pair[0], "470.161.03"), read(pair[1], "470.57.02"))
    told = {item.path for item in result.findings}
    assert (("driver", "version") in told) is (listed not in pair)


@pytest.mark.parametrize(
    "name", ["ERR!", "[GPU is lost]", "GPU access blocked by the operating system"]
)
def test_what_stands_for_no_value_is_no_name_of_a_gpu(name: str) -> None:
    text = query("535.104.12").replace("Tesla T4", name).replace("90.04.38.00.03", name)
    manifest = foreign.load(text.encode(), "q.txt", "q.txt").manifest
    assert name not in codec.encode(manifest).decode()


def test_a_remark_behind_a_version_is_no_part_of_it() -> None:
    text = query("610.57.04 [Deprecated; will be removed in CUDA 14.0. Use KMD Version instead]")
    manifest = foreign.load(text.encode(), "q.txt", "q.txt").manifest
    assert reading.stated(manifest, "driver", "version") == "610.57.04"


def test_a_list_of_gpus_tells_which_are_in_parts() -> None:
    text = (
        f"GPU 0: NVIDIA A100 (UUID: {UUID})\n  MIG 3g.20gb     Device  0: (UUID: MIG-{UUID[4:]})\n"
        f"GPU 1: NVIDIA A100 (UUID: {UUID[:-1]}6)\n"
    )
    manifest = foreign.load(text.encode(), "l.txt", "l.txt").manifest
    gpus = reading.entries(manifest, "gpus")
    assert (gpus["0"].mig, gpus["1"].mig) == (True, UNSET)
