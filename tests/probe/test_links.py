"""Extensions whose files ask torch for what it does not have: real ELF files, made here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from envsnap.model.manifest import Manifest
from envsnap.probe.collectors import links, packages
from envsnap.probe.readers import elf, loader, versions
from envsnap.probe.readers.symbols import Library, gnu_hash
from envsnap.probe.record import Record
from envsnap.rules import engine
from envsnap.rules.roles_here import RolesHere
from tests.conftest import Run, lacking
from tests.probe.test_broken_environments import captured, install
from tests.probe.test_requirements import entries

FOO, BAR = "_ZN3c103fooEv", "_ZN3c103barEv"


def compiled(path: Path, source: str, *options: str) -> None:
    """Make a shared library."""
    if shutil.which("gcc") is None:
        lacking("gcc is not installed")
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-nostdlib", "-x", "c", "-", "-o", str(path), *options],
        input=source,
        text=True,
        check=True,
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a stand-in for torch, which is a library and no more, and an extension of it."""
    folder = tmp_path / "site"
    install(folder, "torch", "2.9.0")
    library = folder / "torch" / "lib" / "libc10.so"
    compiled(library, f"void {FOO}(void) {{}}", "-Wl,-soname,libc10.so")
    info = install(folder, "extension", "1.0")
    with (info / "RECORD").open("a") as record:
        record.write("extension/_C.so,,\n")
    return folder


def extension(site: Path, *calls: str) -> Path:
    """The extension's file, which calls these."""
    path = site / "extension" / "_C.so"
    body = "".join(f"extern void {name}(void);\n" for name in calls)
    body += f"void init(void) {{ {' '.join(f'{name}();' for name in calls)} }}"
    compiled(path, body, f"-L{site}/torch/lib", "-Wl,--no-as-needed", "-lc10")
    return path


def read(envsnap: Run, tmp_path: Path, site: Path) -> Manifest:
    return captured(envsnap, tmp_path, env={"PYTHONPATH": str(site)})


def test_a_symbol_that_torch_lacks_is_an_error(envsnap: Run, tmp_path: Path, site: Path) -> None:
    extension(site, FOO, BAR)
    manifest = read(envsnap, tmp_path, site)
    package = entries(manifest)["extension"]
    assert (package.missing_symbols, package.missing_symbols_count) == ((BAR,), 1)
    found = [item for item in engine.inspect(manifest).findings if item.rule == "link-check"]
    assert [item.severity.value for item in found] == ["error"]
    assert "c10::bar" in found[0].why


def test_an_extension_that_fits_is_not_spoken_of(envsnap: Run, tmp_path: Path, site: Path) -> None:
    extension(site, FOO)
    package = entries(read(envsnap, tmp_path, site))["extension"]
    assert not package.missing_symbols
    assert not package.missing_libraries


def test_what_a_package_links_tells_what_it_is_for(
    envsnap: Run, tmp_path: Path, site: Path
) -> None:
    for soname in ("libcudart.so.12", "libscipy_openblas64_-ff651d7f.so", "libz.so.1"):
        compiled(tmp_path / "made" / soname, "", f"-Wl,-soname,{soname}")
    libraries = [str(path) for path in sorted((tmp_path / "made").iterdir())]
    path = site / "extension" / "_C.so"
    compiled(path, "", "-Wl,--no-as-needed", "-xnone", *libraries)
    manifest = read(envsnap, tmp_path, site)
    assert entries(manifest)["extension"].links == ("cudart", "openblas")
    assert RolesHere(manifest).of("extension") == "numerics"


def test_a_file_is_read_again_when_it_is_another(site: Path, tmp_path: Path) -> None:
    """What a file needs is kept by its identity, and not by its name."""
    path = extension(site, FOO)
    assert elf.dependencies(str(path))[0] == ["libc10.so"]
    again = elf.dependencies(str(path))
    assert again is elf.dependencies(str(path))
    path.unlink()
    compiled(path, "void alone(void) {}")
    assert elf.dependencies(str(path))[0] == []


def test_a_record_is_read_once(site: Path) -> None:
    extension(site, FOO)
    record, shared = Record(), {}  # type: ignore[no-untyped-call, var-annotated]
    places = packages.collect(record, [str(site)], "/nowhere", None, shared)
    assert shared[places["extension"]] == ["extension/_C.so"]
    (site / "extension-1.0.dist-info" / "RECORD").unlink()
    links.collect(record, places, shared, time.monotonic() + 60)
    assert record.facts["entries"]["extension"]["links"] == ["c10"]


def test_a_build_for_another_device_needs_libraries_that_are_not_there(
    envsnap: Run, tmp_path: Path, site: Path
) -> None:
    cuda = site / "torch" / "lib" / "libc10_cuda.so"
    compiled(cuda, f"void {BAR}(void) {{}}", "-Wl,-soname,libc10_cuda.so")
    path = site / "extension" / "_C.so"
    call = f"extern void {BAR}(void); void init(void) {{ {BAR}(); }}"
    compiled(path, call, f"-L{site}/torch/lib", "-Wl,--no-as-needed", "-lc10_cuda")
    cuda.unlink()
    assert entries(read(envsnap, tmp_path, site))["extension"].missing_libraries == (
        "libc10_cuda.so",
    )


def test_damaged_files_take_nothing_down(envsnap: Run, tmp_path: Path, site: Path) -> None:
    path = extension(site, FOO, BAR)
    whole = path.read_bytes()
    for data in (b"", b"\x7fELF", whole[:200], whole[:64] + os.urandom(400) + whole[464:]):
        path.write_bytes(data)
        manifest = read(envsnap, tmp_path, site)
        assert entries(manifest)["extension"].version == "1.0"
        assert "collector" not in manifest.sections.packages.gaps


def test_symbols_are_found_as_the_loader_finds_them(site: Path) -> None:
    names = [f"_ZN3c104name{number}Ev" for number in range(400)]
    path = site / "many.so"
    compiled(path, "\n".join(f"void {name}(void) {{}}" for name in names))
    library = Library(str(path))
    for name in names:
        assert library.has(name.encode(), gnu_hash(name.encode())), name
    for name in (b"_ZN3c104name400Ev", b"x", b""):
        assert not library.has(name, gnu_hash(name))
    library.close()


def test_the_torch_that_is_installed_fits_itself(envsnap: Run, tmp_path: Path) -> None:
    manifest = captured(envsnap, tmp_path)
    if "torch" not in entries(manifest):
        lacking("torch is not installed")
    for name, package in entries(manifest).items():
        assert not package.missing_symbols, (name, package.missing_symbols)


def test_a_version_that_the_systems_library_does_not_define_is_an_error(
    envsnap: Run, tmp_path: Path, site: Path
) -> None:
    newer = tmp_path / "libstdc++.so.6"
    script = tmp_path / "versions.map"
    script.write_text("GLIBCXX_3.4.21 { far; };\nGLIBCXX_9.9.9 { future; };\n")
    source = "void far(void) {} void future(void) {}"
    compiled(newer, source, "-Wl,-soname,libstdc++.so.6", f"-Wl,--version-script={script}")
    path = site / "extension" / "_C.so"
    call = "extern void future(void); void init(void) { future(); }"
    compiled(path, call, "-xnone", str(newer))
    newer.unlink()
    assert versions.newest(str(path)) == {"GLIBCXX": (9, 9, 9)}
    manifest = read(envsnap, tmp_path, site)
    assert entries(manifest)["extension"].missing_versions == ("GLIBCXX_9.9.9",)
    found = [item for item in engine.inspect(manifest).findings if item.rule == "link-check"]
    assert [(item.path, item.severity.value) for item in found] == [
        (("packages", "extension", "missing_versions"), "error")
    ]


def test_what_published_wheels_need_is_left_to_their_tags(
    envsnap: Run, tmp_path: Path, site: Path
) -> None:
    info = next(site.glob("extension-*.dist-info"))
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_99_x86_64\n")
    extension(site, FOO)
    assert not entries(read(envsnap, tmp_path, site))["extension"].missing_versions


def test_a_library_of_cuda_that_nothing_has_is_told(
    envsnap: Run, tmp_path: Path, site: Path
) -> None:
    cudnn = tmp_path / "libcudnn.so.9"
    compiled(cudnn, f"void {BAR}(void) {{}}", "-Wl,-soname,libcudnn.so.9")
    path = site / "extension" / "_C.so"
    compiled(path, f"extern void {BAR}(void); void init(void) {{ {BAR}(); }}", "-xnone", str(cudnn))
    manifest = read(envsnap, tmp_path, site)
    assert entries(manifest)["extension"].missing_cuda_libraries == ("libcudnn.so.9",)
    found = [item for item in engine.inspect(manifest).findings if item.rule == "link-check"]
    assert [item.severity.value for item in found] == ["info"]  # no GPU is here
    brought = site / "nvidia" / "cudnn" / "lib"
    brought.mkdir(parents=True)
    shutil.copy(cudnn, brought)
    assert not entries(read(envsnap, tmp_path, site))["extension"].missing_cuda_libraries


def test_needed_versions_are_those_that_readelf_shows() -> None:
    if shutil.which("readelf") is None:
        lacking("readelf is not installed")
    path = os.path.realpath("/proc/self/exe")
    said = subprocess.run(
        ["readelf", "-V", path], capture_output=True, text=True, check=True
    ).stdout
    shown = {match[1] for match in re.finditer(r"Name: ([A-Z]+_[\d.]+)  Flags: none", said)}
    assert {name for names in versions.needed(path).values() for name in names} == shown


def _loaders_cache(*told: tuple[str, str, int]) -> bytes:
    """A cache as glibc writes it: (name, path, capabilities) of each library."""
    strings, rows, start = b"", b"", loader.CACHE_HEADER + loader.CACHE_ENTRY.size * len(told)
    for name, path, capabilities in told:
        at = start + len(strings)
        strings += os.fsencode(name) + b"\0" + os.fsencode(path) + b"\0"
        rows += loader.CACHE_ENTRY.pack(1, at, at + len(name) + 1, 0, capabilities)
    head = loader.CACHE_MAGIC + len(told).to_bytes(4, sys.byteorder)
    return head.ljust(loader.CACHE_HEADER, b"\0") + rows + strings


def test_the_loaders_cache_is_read_once_and_again_when_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    cache = tmp_path / "cache"
    first, second = ("libx.so.1", "/a/libx.so.1", 0), ("libx.so.1", "/b/longer/libx.so.1", 0)
    cache.write_bytes(
        b"an older format" + _loaders_cache(first, ("libx.so.1", "/cpu/libx.so.1", 9))
    )
    defaults = len(loader.DEFAULT_FOLDERS)
    assert loader.candidates("libx.so.1", str(cache))[:-defaults] == ["/a/libx.so.1"]
    assert loader.candidates("x.so.1", str(cache))[:-defaults] == []
    assert loader.known(str(cache)) == ["/a/libx.so.1", "/cpu/libx.so.1"]
    cache.write_bytes(_loaders_cache(first, second))
    assert loader.candidates("libx.so.1", str(cache))[:-defaults] == [first[1], second[1]]
