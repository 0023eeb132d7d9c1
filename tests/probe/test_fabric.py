"""RDMA, NCCL's files, hypervisors, driver libraries and the hub's revisions.

What needs hardware that is not here is read from FAKE trees of files, laid out as the kernel does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.probe.collectors import driver_libraries, fabric, gpus, rocm, virtual, weights
from envsnap.probe.readers import elf, loader
from envsnap.probe.record import Record
from tests.conftest import Run, lacking

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's files")
COMMIT = "a" * 39 + "1"


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_device_tells_its_firmware_and_its_link(tmp_path: Path) -> None:
    device = "sys/class/infiniband/mlx5_0/"
    root = tree(tmp_path, **{
        device + "fw_ver": "28.39.1002\n", device + "board_id": "MT_0000000838\n", device + "hca_type": "MT4129\n",
        device + "ports/1/link_layer": "InfiniBand\n", device + "ports/1/rate": "400 Gb/sec (4X NDR)\n",
        "etc/libibverbs.d/mlx5.driver": "driver mlx5\n", "usr/lib64/libibverbs.so.1.14.39.0": "x",
    })  # fmt: skip
    (root / "usr/lib64/libibverbs.so.1").symlink_to("libibverbs.so.1.14.39.0")
    record = Record()
    fabric.collect(record, str(root), str(root / "home"))
    assert record.facts == {
        "rdma": {"mlx5_0": {"firmware": "28.39.1002", "board": "MT_0000000838", "model": "MT4129",
                            "link": "InfiniBand", "rate": "400 Gb/sec (4X NDR)"}},
        "rdma_libraries": {"libibverbs": "1.14.39.0"},
        "rdma_providers": ["mlx5"],
    }  # fmt: skip
    assert record.gaps == {}


def test_nccl_reads_the_users_file_after_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NCCL_CONF_FILE", raising=False)
    root = tree(tmp_path, **{
        "etc/nccl.conf": "# comment\nNCCL_DEBUG=WARN\nNCCL_SOCKET_IFNAME==ens1f0\nPATH=/x\nNCCL_BROKEN\n",
        "home/.nccl.conf": " NCCL_DEBUG = INFO \n",
        "named.conf": "NCCL_IB_HCA=mlx5_1",
    })  # fmt: skip
    record = Record()
    fabric.collect(record, str(root), str(root / "home"))
    assert record.facts == {"nccl_conf": {"NCCL_DEBUG": "INFO", "NCCL_SOCKET_IFNAME": "=ens1f0"}}
    monkeypatch.setenv("NCCL_CONF_FILE", str(root / "named.conf"))
    record = Record()
    fabric.collect(record, str(root), str(root / "home"))
    assert record.facts["nccl_conf"]["NCCL_IB_HCA"] == "mlx5_1"
    assert record.facts["nccl_conf"]["NCCL_DEBUG"] == "WARN"


@pytest.mark.parametrize(
    ("tables", "flags", "expected"),
    [
        ({"sys_vendor": "QEMU", "product_name": "Standard PC"}, ["sse2", "hypervisor"], "kvm"),
        ({"sys_vendor": "Amazon EC2", "product_name": "p5.48xlarge"}, ["hypervisor"], "kvm"),
        ({"sys_vendor": "Amazon EC2", "product_name": "i3.metal"}, ["sse2"], "none"),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}, ["hypervisor"], "hyperv"),
        ({"sys_vendor": "VMware, Inc."}, ["hypervisor"], "vmware"),
        ({"sys_vendor": "Supermicro"}, ["sse2"], "none"),
        ({"sys_vendor": "Somebody"}, ["hypervisor"], "unknown"),
        ({}, ["sse2"], None),  # a sandbox shows no tables
        ({}, None, None),
    ],
)  # fmt: skip
def test_the_hypervisor_is_told_by_the_firmwares_tables(
    tables: dict[str, str], flags: list[str] | None, expected: str | None, tmp_path: Path
) -> None:
    root = tree(tmp_path, **{f"sys/class/dmi/id/{name}": text for name, text in tables.items()})
    assert virtual.kind(flags, str(root)) == expected


def test_xen_says_so_itself(tmp_path: Path) -> None:
    assert virtual.kind(None, str(tree(tmp_path, **{"sys/hypervisor/type": "xen\n"}))) == "xen"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "an empty file"), (b"not a library at all, but text" * 4, "no ELF file")],
)
def test_a_driver_library_that_is_none_is_told(
    content: bytes, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    path = tmp_path / "usr/lib/x86_64-linux-gnu/libcuda.so.1"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    record = Record()
    driver_libraries.collect(record, str(tmp_path))
    assert record.facts["unloadable"]["libcuda.so.1"].endswith(": " + expected)


def library(folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no C compiler to build a library")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.c").write_text("int cuInit(int x) { return x; }\n")
    path = folder / "libcuda.so.1"
    command = [compiler, "-shared", "-fPIC", "-o", str(path), str(folder / "x.c")]
    subprocess.run(command, check=True, capture_output=True)
    return path


def test_a_library_that_is_whole_is_none_and_one_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = library(tmp_path / "usr/lib64")
    assert elf.end_of_segments(str(path)) <= path.stat().st_size
    record = Record()
    driver_libraries.collect(record, str(tmp_path))
    assert "unloadable" not in record.facts
    path.write_bytes(path.read_bytes()[:900])
    driver_libraries.collect(record, str(tmp_path))
    assert "cut off: 900 of" in record.facts["unloadable"]["libcuda.so.1"]


def test_a_dead_link_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib64"
    folder.mkdir(parents=True)
    (folder / "libnvidia-ml.so.1").symlink_to("libnvidia-ml.so.535.54.03")
    record = Record()
    driver_libraries.collect(record, str(tmp_path))
    assert list(record.facts["unloadable"]) == ["libnvidia-ml.so.1"]


def test_an_empty_libcuda_is_an_error_of_check(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libcuda.so.1").write_bytes(b"")
    done = envsnap(
        "capture", "--python", sys.executable, "--no-import", "-o", tmp_path / "it.json",
        env={"LD_LIBRARY_PATH": str(tmp_path / "lib")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = envsnap("check", tmp_path / "it.json")
    assert done.returncode == 1
    assert "libcuda.so.1 cannot be loaded: an empty file" in done.stdout


def test_the_loader_itself_refuses_what_is_told(tmp_path: Path) -> None:
    path = library(tmp_path / "lib")
    path.write_bytes(path.read_bytes()[:900])
    command = [sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(path)!r})"]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


def test_candidates_follow_the_loaders_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/a:/b")
    found = loader.candidates("libc.so.6")
    assert found[:2] == ["/a/libc.so.6", "/b/libc.so.6"]
    assert any(os.path.exists(path) for path in found[2:])


def test_the_toolkits_release_is_its_packages(tmp_path: Path) -> None:
    status = (
        "Package: nvidia-container-toolkit\nStatus: install ok installed\nVersion: 1:1.17.8-1\n\n"
    )
    tree(tmp_path, **{"usr/bin/nvidia-ctk": "", "var/lib/dpkg/status": status})
    record = Record()
    driver_libraries.collect(record, str(tmp_path))
    assert record.facts["container_toolkit"] == "1.17.8"


def test_firmware_of_an_amd_card_by_the_part_that_runs_it(tmp_path: Path) -> None:
    folder = "renderD128/device/fw_version/"
    tree(
        tmp_path,
        **{folder + "smc_fw_version": "0x00557a00\n", folder + "vcn_fw_version": "0x00000000\n"},
    )
    assert rocm._firmware(str(tmp_path / "renderD128/device")) == {"smc": "0x00557a00"}


def test_the_kernel_module_tells_the_gsp_firmware(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Model: \t\t NVIDIA H100\nVideo BIOS: \t 96.00.74\nGPU Firmware: \t 570.124.06\n"
    monkeypatch.setattr(gpus.glob, "glob", lambda _: ["/proc/driver/nvidia/gpus/0/information"])
    monkeypatch.setattr(gpus, "first_text", lambda _: text)
    assert gpus._from_files()["0"]["gsp_firmware"] == "570.124.06"


def test_the_hub_names_the_commit_of_a_model(tmp_path: Path) -> None:
    cached = tmp_path / f"hub/models--org--my--model/snapshots/{COMMIT}/x/model.safetensors"
    assert weights._of_the_hub(str(cached)) == {"repository": "org/my/model", "revision": COMMIT}
    note = tmp_path / "local/.cache/huggingface/download/sub/w.bin.metadata"
    note.parent.mkdir(parents=True)
    note.write_text(f"{COMMIT}\netag\n1732.1\n")
    assert weights._of_the_hub(str(tmp_path / "local/sub/w.bin")) == {"revision": COMMIT}
    assert weights._of_the_hub(str(tmp_path / "local/other.bin")) == {}


def test_a_captured_model_folder_states_its_revision(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / f"models--org--tiny/snapshots/{COMMIT}"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x" * 10)
    done = envsnap(
        "capture", "--python", sys.executable, "--no-import", "--weights", folder, "-o", tmp_path / "it.json"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entries = reader.load(str(tmp_path / "it.json")).manifest.sections.weights.entries
    (entry,) = entries.values()
    assert (entry.repository, entry.revision) == ("org/tiny", COMMIT)
