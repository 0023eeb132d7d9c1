"""AMD GPUs and ROCm.

FAKE: there is no AMD GPU here. The trees below hold the files of the kernel's compute topology
in the form that drivers/gpu/drm/amd/amdkfd/kfd_topology.c writes; the cards are invented.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap.probe.collectors import gpus, rocm
from envsnap.probe.record import Record

CPU = "cpu_cores_count 64\nsimd_count 0\nsimd_per_cu 0\ngfx_target_version 0\n"
GPU = (
    "cpu_cores_count 0\nsimd_count 440\nsimd_per_cu 4\ngfx_target_version 90010\n"
    "drm_render_minor {minor}\nunique_id 81985529216486895\nmax_engine_clk_fcompute 1700\n"
)
BANK = "heap_type {kind}\nsize_in_bytes {size}\nflags 0\n"


def write(path: Path, text: str) -> None:
    """Write a file below folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """FAKE: two CPUs and two GPUs."""
    nodes = tmp_path / rocm.NODES
    for number in (0, 1):
        write(nodes / str(number) / "properties", CPU)
    for number, minor in ((2, 128), (10, 129)):
        write(nodes / str(number) / "properties", GPU.format(minor=minor))
        write(nodes / str(number) / "name", "ip discovery\n")
        write(nodes / str(number) / "mem_banks/0/properties", BANK.format(kind=1, size=64 << 30))
        write(nodes / str(number) / "mem_banks/1/properties", BANK.format(kind=4, size=65536))
        card = tmp_path / f"sys/devices/0000:{number:02}:00.0"
        write(card / "product_name", f"FAKE Instinct {number}\n")
        write(card / "vbios_version", "113-D67301-059\n")
        (tmp_path / f"sys/class/drm/renderD{minor}").mkdir(parents=True)
        (tmp_path / f"sys/class/drm/renderD{minor}/device").symlink_to(card)
    return tmp_path


def sections(**entries: dict[str, str]) -> dict[str, Record]:
    """Sections in which NVIDIA's GPUs are known already."""
    made = {"gpus": Record(), "identity": Record()}
    made["gpus"].facts["entries"] = dict(entries)
    return made


def test_gpus_of_the_topology(root: Path) -> None:
    made = sections()
    gpus.add_amd(made, *rocm.gpus(str(root)))
    entries = made["gpus"].facts["entries"]
    assert list(entries) == ["0", "1"]
    assert entries["0"] == {
        "name": "FAKE Instinct 2",
        "compute_capability": "gfx90a",
        "sm_count": 110,
        "memory_total": 64 << 30,
        "vbios": "113-D67301-059",
        "clock_max_sm_mhz": 1700,
    }
    assert made["identity"].facts["gpus"]["1"] == {
        "uuid": "GPU-0123456789abcdef",
        "pci_bus_id": "0000:10:00.0",
    }
    assert made["gpus"].gaps == {}


def test_amd_beside_nvidia_keeps_nvidia_s_indices(root: Path) -> None:
    made = sections(**{"0": {"name": "FAKE H100"}})
    gpus.add_amd(made, *rocm.gpus(str(root)))
    assert list(made["gpus"].facts["entries"]) == ["0", "amd0", "amd1"]


@pytest.mark.parametrize(
    ("stated", "target"),
    [
        (90402, "gfx942"),
        (90010, "gfx90a"),
        (100300, "gfx1030"),
        (110001, "gfx1101"),
        (90006, "gfx906"),
    ],
)
def test_targets_are_spelled_as_compilers_spell_them(
    stated: int, target: str, tmp_path: Path
) -> None:
    text = GPU.format(minor=128).replace("90010", str(stated))
    write(tmp_path / rocm.NODES / "1" / "properties", text)
    (found,) = rocm.gpus(str(tmp_path))[0]
    assert found["compute_capability"] == target
    assert "name" not in found


def test_a_damaged_node_is_a_gap(root: Path) -> None:
    write(root / rocm.NODES / "3" / "properties", "simd_count many\n")
    found, _, gaps = rocm.gpus(str(root))
    assert len(found) == 2
    assert gaps["entries"].startswith("error: ValueError")


def described(root: Path) -> Record:
    """The section of a tree of files."""
    record = Record()
    rocm.collect(record, str(root))
    return record


def test_the_installed_platform_and_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in rocm.HOMES:
        monkeypatch.delenv(name, raising=False)
    assert described(tmp_path).facts == {}
    write(tmp_path / "opt/rocm/.info/version", "6.1.0-82\n")
    write(tmp_path / "sys/module/amdgpu/version", "6.7.0\n")
    home = str(tmp_path / "opt/rocm")
    assert described(tmp_path).facts == {"home": home, "version": "6.1.0", "driver": "6.7.0"}
    write(tmp_path / "other/.info/version-dev", "5.4.2-121\n")
    monkeypatch.setenv("ROCM_PATH", str(tmp_path / "other"))
    assert described(tmp_path).facts["version"] == "5.4.2"


def test_what_states_no_version_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in rocm.HOMES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "opt/rocm").mkdir(parents=True)
    (tmp_path / "sys/module/amdgpu").mkdir(parents=True)
    gaps = described(tmp_path).gaps
    assert gaps["version"].startswith("not stated")
    assert gaps["driver"].startswith("not stated")
