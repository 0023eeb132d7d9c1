"""Drivers, buses, locales and processor levels: against the machine's own tools where it has them.

What needs hardware that is not here is read from trees of files made for the test; each such
test says FAKE. They show that the files are read as documented, not that the hardware is so.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.manifest import Sections
from envsnap.probe.collectors import buses, driver_libraries, locales, system
from envsnap.probe.readers import elf
from envsnap.probe.record import Record
from tests.conftest import Run, lacking
from tests.probe.test_codecs import extension

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's files")


def captured(envsnap: Run, folder: Path, **settings: object) -> Sections:
    """Capture this interpreter without imports."""
    done = envsnap(
        "capture", "--python", sys.executable, "--no-import", "-o", folder / "it.json", **settings
    )
    assert done.returncode == 0, done.stderr
    return reader.load(str(folder / "it.json")).manifest.sections


def output(*command: str, **env: str) -> str:
    """What a program prints."""
    return subprocess.run(
        command, env={**os.environ, **env}, check=True, capture_output=True, text=True
    ).stdout


# Locales.


def test_locales_are_those_that_the_system_lists(envsnap: Run, tmp_path: Path) -> None:
    if shutil.which("locale") is None:
        lacking("no locale program to compare with")
    aliases = {line.split()[0] for line in _alias_lines()}
    listed = set(output("locale", "-a").split()) - aliases
    assert set(captured(envsnap, tmp_path).system.locales) == listed


def _alias_lines() -> list[str]:
    path = Path("/usr/share/locale/locale.alias")
    lines = path.read_text(encoding="latin-1").splitlines() if path.exists() else []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def test_locales_of_a_real_archive(tmp_path: Path) -> None:
    if shutil.which("localedef") is None:
        lacking("no localedef to build an archive with")
    folder = tmp_path / "usr" / "lib" / "locale"
    folder.mkdir(parents=True)
    (tmp_path / "source").write_text("LC_CTYPE\nEND LC_CTYPE\n")
    for name in ("xx_YY", "qq_RR@euro", "zz_ZZ"):
        built = subprocess.run(
            ["localedef", f"--prefix={tmp_path}", "-c", "-i", tmp_path / "source", "-f", "ANSI_X3.4-1968", name],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    if not (folder / "locale-archive").exists():
        lacking(f"no locale could be built: {built.stderr.strip()[:200]}")
    prefix = f"--prefix={tmp_path}"
    subprocess.run(["localedef", prefix, "--delete-from-archive", "zz_ZZ"], check=False)
    listed = output("localedef", prefix, "--list-archive").split()
    assert {"xx_YY", "qq_RR@euro"} <= set(listed)
    assert locales.installed(str(folder)) == sorted({"C", "POSIX", *listed})
    archive = folder / "locale-archive"
    whole = archive.read_bytes()
    for damaged in (b"", whole[:30], b"\0" * 100, whole[:56]):
        archive.write_bytes(damaged)
        with pytest.raises(ValueError, match="not a locale archive"):
            locales.installed(str(folder))


def test_without_locales_the_built_in_ones_are_left(tmp_path: Path) -> None:
    assert locales.installed(str(tmp_path / "nothing")) == ["C", "POSIX"]


# The processor.


def test_the_level_is_the_one_that_the_loader_sees(envsnap: Run, tmp_path: Path) -> None:
    facts = captured(envsnap, tmp_path).system
    interpreter = Path("/lib64/ld-linux-x86-64.so.2")
    if facts.architecture != "x86_64" or not interpreter.exists():
        lacking("not glibc on x86-64")
    said = subprocess.run([interpreter, "--help"], capture_output=True, text=True, check=False)
    supported = [line.split()[0] for line in said.stdout.splitlines() if "(supported" in line]
    levels = sorted(name for name in supported if name.startswith("x86-64-v"))
    if not levels:
        lacking("this glibc does not tell the levels (2.33 does)")
    assert facts.cpu_level == levels[-1]


@pytest.mark.parametrize(
    ("missing", "level"),
    [("", "x86-64-v4"), ("avx512vl", "x86-64-v3"), ("bmi2 avx512f", "x86-64-v2"),
     ("popcnt", "x86-64-v1"), ("sse2", None)],
)  # fmt: skip
def test_a_level_needs_all_of_its_flags(missing: str, level: str | None) -> None:
    every = {flag for _, flags in system.CPU_LEVELS for flag in flags.split()}
    assert system.cpu_level(every - set(missing.split())) == level


def test_the_c_plus_plus_library_is_the_one_that_is_loaded(envsnap: Run, tmp_path: Path) -> None:
    program = "import ctypes; ctypes.CDLL('libstdc++.so.6'); print(open('/proc/self/maps').read())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lacking("no C++ library here")
    facts = captured(envsnap, tmp_path).system
    assert os.path.realpath(facts.libstdcxx_path) in done.stdout


# The NVIDIA driver's libraries.


def fake_libcuda(folder: Path, link: bool) -> Path:
    """FAKE: a library that is none of NVIDIA's, under libcuda's names."""
    folder.mkdir(parents=True)
    shutil.copy(extension(), folder / "libcuda.so.550.54.15")
    (folder / "libcuda.so.1").symlink_to("libcuda.so.550.54.15")
    if link:
        (folder / "libcuda.so").symlink_to("libcuda.so.1")
    return folder


@pytest.mark.parametrize(
    ("place", "compat"),
    [("driver", False), ("cuda-12.4/compat", True), ("cuda-compat", True), ("compatible", False)],
)
def test_libcuda_is_the_one_that_the_loader_takes(
    place: str, compat: bool, envsnap: Run, tmp_path: Path
) -> None:
    folder = fake_libcuda(tmp_path / place, link=False)
    (tmp_path / "empty").mkdir()
    path = f"{tmp_path / 'empty'}:{folder}"
    program = "import ctypes\ntry: ctypes.CDLL('libcuda.so.1')\nfinally: print(open('/proc/self/maps').read())"
    maps = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "LD_LIBRARY_PATH": path}, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    facts = captured(envsnap, tmp_path, env={"LD_LIBRARY_PATH": path}).driver
    assert facts.libcuda_path == str(folder / "libcuda.so.1")
    assert os.path.realpath(facts.libcuda_path) in maps
    assert facts.libcuda == "550.54.15"
    assert facts.libcuda_is_compat is compat


@pytest.mark.parametrize("link", [False, True])
def test_linkable_is_what_a_linker_says(link: bool, envsnap: Run, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no linker to compare with")
    folder = fake_libcuda(tmp_path / "stubs", link)
    (tmp_path / "it.c").write_text("int one;\n")
    linked = subprocess.run(
        [compiler, "-shared", "-fPIC", "-Wl,--no-as-needed", "it.c", "-lcuda", "-o", "it.so"],
        cwd=tmp_path, env={**os.environ, "LIBRARY_PATH": str(folder)}, check=False, capture_output=True,
    )  # fmt: skip
    env = {"LIBRARY_PATH": str(folder), "LD_LIBRARY_PATH": str(folder)}
    facts = captured(envsnap, tmp_path, env=env).driver
    assert facts.libcuda_linkable is (linked.returncode == 0)
    assert facts.libcuda_linkable is link


def described(root: Path) -> Record:
    """The driver's facts of a tree of files."""
    record = Record()
    driver_libraries.collect(record, str(root))
    return record


def write(path: Path, text: str) -> None:
    """Write a file below folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


DPKG = """Package: other
Status: install ok installed
Version: 1.0

Package: nvidia-fabricmanager-535
Status: install ok installed
Architecture: amd64
Version: 1:535.104.05-1ubuntu2

Package: last
Version: 9
"""


def test_a_fabric_manager_and_its_switches(tmp_path: Path) -> None:
    """FAKE: the files that a host with NVSwitches has."""
    for number in range(6):
        write(tmp_path / "proc/driver/nvidia-nvswitch/devices" / f"0000:0{number}:00.0", "")
    write(tmp_path / "usr/bin/nv-fabricmanager", "")
    write(tmp_path / "var/lib/dpkg/status", DPKG)
    write(tmp_path / "proc/1/comm", "init\n")
    facts = described(tmp_path).facts
    assert (facts["nvswitches"], facts["fabric_manager"]) == (6, "535.104.05")
    assert facts["fabric_manager_running"] is False
    write(tmp_path / "proc/77/comm", "nv-fabricmanage\n")
    assert described(tmp_path).facts["fabric_manager_running"] is True


def test_a_container_on_such_a_host(tmp_path: Path) -> None:
    """FAKE: the switches' devices are here, the manager is the host's."""
    for name in ("nvidia-nvswitch0", "nvidia-nvswitch1", "nvidia-nvswitchctl"):
        write(tmp_path / "dev" / name, "")
    record = described(tmp_path)
    assert record.facts["nvswitches"] == 2
    assert "fabric_manager_running" not in record.facts
    assert record.gaps["fabric_manager_running"].startswith("not stated")


def test_a_manager_that_no_package_has(tmp_path: Path) -> None:
    """FAKE: an installation by rpm or by hand."""
    write(tmp_path / "usr/bin/nv-fabricmanager", "")
    assert described(tmp_path).gaps["fabric_manager"].startswith("not stated")


def test_without_switches_nothing_is_said(tmp_path: Path) -> None:
    record = described(tmp_path)
    assert not {key for key in record.facts if key.startswith(("fabric", "nvswitch"))}


# IOMMU and access control.


def on_buses(root: Path) -> Record:
    """The facts of a tree of files."""
    record = Record()
    buses.collect(record, str(root))
    return record


def test_an_iommu_and_what_the_kernel_was_told(tmp_path: Path) -> None:
    """FAKE: the files of a host with Intel's IOMMU."""
    for unit in ("dmar0", "dmar1"):
        (tmp_path / "sys/class/iommu" / unit).mkdir(parents=True)
    for number, kind in enumerate(("identity", "DMA-FQ", "DMA-FQ")):
        write(tmp_path / f"sys/kernel/iommu_groups/{number}/type", kind + "\n")
    write(
        tmp_path / "proc/cmdline",
        "BOOT_IMAGE=/vmlinuz root=UUID=secret intel_iommu=on iommu=pt password=iommu=pt iommu=$(x)\n",
    )
    facts = on_buses(tmp_path).facts
    assert facts == {
        "iommu": "intel",
        "iommu_domains": ["DMA-FQ", "identity"],
        "iommu_settings": ["intel_iommu=on", "iommu=pt"],
    }


def device(
    root: Path, address: str, kind: str, vendor: str = "0x8086", config: bytes = b""
) -> None:
    """Add a device to a tree of files."""
    folder = root / "sys/bus/pci/devices" / address
    write(folder / "class", kind + "\n")
    write(folder / "vendor", vendor + "\n")
    (folder / "config").write_bytes(config)


def capabilities(control: int) -> bytes:
    """FAKE: the configuration of a bridge: error reporting first, then access control."""
    config = bytearray(4096)
    struct.pack_into("<I", config, 0x100, 0x0001 | 2 << 16 | 0x140 << 20)
    struct.pack_into("<IHH", config, 0x140, 0x000D | 1 << 16, 0x5F, control)
    return bytes(config)


def test_bridges_that_redirect_requests(tmp_path: Path) -> None:
    """FAKE: bridges as the PCI Express specification lays their configuration out."""
    (tmp_path / "sys/kernel").mkdir(parents=True)
    device(tmp_path, "0000:00:01.0", "0x060400", config=capabilities(0x1D))
    device(tmp_path, "0000:00:02.0", "0x060400", config=capabilities(0x11))
    device(tmp_path, "0000:00:03.0", "0x060400", config=bytes(4096))
    device(tmp_path, "0000:00:04.0", "0x060400", config=bytes(256))
    device(tmp_path, "0000:00:1f.0", "0x060100", config=capabilities(0x1D))
    assert "pcie_acs" not in on_buses(tmp_path).facts  # no GPU: nothing is asked of the bridges
    device(tmp_path, "0000:41:00.0", "0x030200", "0x10de")
    facts = on_buses(tmp_path).facts
    assert facts["pcie_acs"] == ["0000:00:01.0"]
    assert facts["iommu"] == "off"


def test_bridges_that_only_root_may_read(tmp_path: Path) -> None:
    """FAKE: the kernel ends the file early for others than root."""
    (tmp_path / "sys/kernel").mkdir(parents=True)
    device(tmp_path, "0000:41:00.0", "0x120000", "0x1002")
    device(tmp_path, "0000:00:01.0", "0x060400", config=bytes(0x101))
    record = on_buses(tmp_path)
    assert "pcie_acs" not in record.facts
    assert record.gaps["pcie_acs"].startswith("denied")


def test_a_loop_of_capabilities_ends(tmp_path: Path) -> None:
    """FAKE: a damaged list that leads back to its start."""
    config = bytearray(4096)
    struct.pack_into("<I", config, 0x100, 0x0001 | 0x100 << 20)
    (tmp_path / "config").write_bytes(config)
    assert buses._redirects(str(tmp_path / "config")) is False


def test_a_pipe_in_place_of_a_library_is_not_waited_for(tmp_path: Path) -> None:
    """Whoever can write a folder of LD_LIBRARY_PATH could hang a capture with it."""
    os.mkfifo(tmp_path / "libcuda.so.1")
    for read in (elf.machine, elf.dependencies, elf.build_id):
        with pytest.raises(OSError, match="not a regular file"):
            read(str(tmp_path / "libcuda.so.1"))
