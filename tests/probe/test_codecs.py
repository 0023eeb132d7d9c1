"""Image codecs: what the files say, against what Pillow, OpenCV and the loader themselves say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.compute import Codec
from envsnap.probe.collectors import opencv
from envsnap.probe.readers import codec_files, elf, loader
from envsnap.probe.record import Record
from tests.conftest import Run, lacking

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF files are Linux's")
ASK = """
import json, re, cv2
from PIL import features
text = cv2.getBuildInformation()
after = lambda name: re.search(r"^ *%s: *(.*)$" % name, text, re.MULTILINE).group(1)
print(json.dumps({
    "turbo": features.version("libjpeg_turbo"), "webp": features.version("webp"),
    "tiff": features.version("libtiff"), "zlib": features.version("zlib"),
    "pillow": features.version("pil"), "openjpeg": features.version("jpg_2000"),
    "opencv": cv2.__version__, "cv_jpeg": after("JPEG"), "cv_parallel": after("Parallel framework"),
    "cv_tiff": after("TIFF"),
}))
"""


def captured(
    envsnap: Run, folder: Path, python: str, *options: str
) -> tuple[dict[str, Codec], dict[str, str]]:
    """Capture and return entries and gaps."""
    done = envsnap("capture", "--python", python, "-o", "it.json", *options)
    assert done.returncode == 0, done.stderr
    section = reader.load(str(folder / "it.json")).manifest.sections.codecs
    return section.entries, section.gaps


@linux
@pytest.mark.parametrize("options", [(), ("--no-import",)])
def test_files_say_what_the_libraries_say(
    options: tuple[str, ...], libraries_python: str, envsnap: Run, tmp_path: Path
) -> None:
    done = subprocess.run(
        [libraries_python, "-c", ASK], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    said = json.loads(done.stdout)
    entries, gaps = captured(envsnap, tmp_path, libraries_python, *options)
    pillow, cv = entries["pillow"], entries["opencv"]
    assert (pillow.version, pillow.tiff, pillow.zlib) == (
        said["pillow"], said["tiff"], said["zlib"])  # fmt: skip
    assert pillow.openjpeg == said["openjpeg"]
    if said["turbo"]:  # what it was compiled with; of a wheel, also what is beside it
        assert pillow.jpeg == f"libjpeg-turbo {said['turbo']}"
    if options and said["webp"]:
        assert gaps["pillow.webp"] == "not asked: captured without importing"
    else:
        assert pillow.webp == said["webp"]
        assert gaps == {}
    assert cv.version == said["opencv"].removesuffix("-dev")
    assert str(cv.jpeg).split()[-1] in said["cv_jpeg"]
    assert str(cv.tiff) in said["cv_tiff"]
    assert cv.parallel == said["cv_parallel"]
    for entry in (pillow, cv):
        assert entry.source in ("bundled", "system", "conda")
        assert Path(str(entry.path)).is_file()


def test_without_image_libraries_there_are_none(
    envsnap: Run, tmp_path: Path, bare_venv: Path
) -> None:
    entries, gaps = captured(envsnap, tmp_path, str(bare_venv / "bin" / "python"))
    assert (entries, gaps) == ({}, {})


@pytest.mark.parametrize("inside", [b"", b"no library", b"\x7fELF" + b"\xff" * 60])
def test_a_damaged_extension_is_a_gap_and_no_codec(
    inside: bytes, envsnap: Run, tmp_path: Path, bare_venv: Path
) -> None:
    for package, name in (("PIL", "_imaging.so"), ("cv2", "cv2.abi3.so")):
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / package / name).write_bytes(inside)
    done = envsnap(
        "capture", "--python", bare_venv / "bin" / "python", "--no-import", "-o", "it.json",
        env={"PYTHONPATH": str(tmp_path / "site")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    section = reader.load(str(tmp_path / "it.json")).manifest.sections.codecs
    for field in ("pillow.jpeg", "pillow.zlib", "opencv.jpeg", "opencv.version"):
        key, _, name = field.partition(".")
        assert not getattr(section.entries[key], name)
        assert section.gaps[field]
    assert section.entries["pillow"].source == "unknown"


@pytest.mark.parametrize(
    ("field", "inside", "expected"),
    [
        ("jpeg", b"\0libjpeg-turbo version 2.1.4 (build 20220811)\0", "libjpeg-turbo 2.1.4"),
        ("jpeg", b"\0006b  27-Mar-1998\0libjpeg-turbo version 3.0.1 (b\0", "libjpeg-turbo 3.0.1"),
        ("jpeg", b"\0mozjpeg version 4.1.1 (build 20230101)\0", "mozjpeg 4.1.1"),
        ("jpeg", b"\0009d  12-Jan-2020\0", "libjpeg 9d"),
        ("jpeg", b"no codec", None),
        ("tiff", b"\0LIBTIFF, Version 4.5.0\nCopyright (c)\0", "4.5.0"),
        ("png", b"\0libpng version 1.6.37\0", "1.6.37"),
        ("zlib", b"\0 deflate 1.2.13 Copyright 1995-2022 \0", "1.2.13"),
        ("zlib", b"\0001.3.1.zlib-ng\0 deflate 1.3.1 Copyright\0", "1.3.1.zlib-ng"),
    ],
)
def test_what_libraries_state_of_themselves(
    field: str, inside: bytes, expected: str | None, tmp_path: Path
) -> None:
    """FAKE: the sentences of real libraries, each in a file that is none."""
    (tmp_path / "lib").write_bytes(b"\x7fELF" + inside)
    assert codec_files.stated(field, str(tmp_path / "lib")) == expected


BUILDS = {
    # The lines that builds of OpenCV print; the versions of four kinds of build.
    "JPEG: build-libjpeg-turbo (ver 2.1.3-62)": {"jpeg": "libjpeg-turbo 2.1.3"},
    "JPEG: /usr/lib/x86_64-linux-gnu/libjpeg.so (ver 80)": {"jpeg": "libjpeg API 80"},
    "JPEG 2000: build Jasper (ver 1.900.1)": {},
    "JPEG 2000: OpenJPEG (ver 2.4.0)": {"openjpeg": "2.4.0"},
    "TIFF: build (ver 42 - 4.2.0)": {"tiff": "4.2.0"},
    "WEBP: build (ver encoder: 0x020f)": {"webp": "encoder 0x020f"},
    "Intel IPP: 2021.8 [2021.8.0]": {"ipp": "2021.8"},
    "Parallel framework: TBB (ver 2020.1 interface 11101)": {
        "parallel": "TBB (ver 2020.1 interface 11101)"
    },
}


@pytest.mark.parametrize("line", BUILDS)
def test_build_information_of_opencv(line: str) -> None:
    record = Record()
    opencv.build(record, f"General configuration for OpenCV 4.8.1 ====\n\n    {line}\n")
    assert record.facts == {"version": "4.8.1", "ipp": None, **BUILDS[line]}


def extension() -> str:
    """An extension module of this Python that needs libraries."""
    found = find_spec("_ssl")
    if found is None or not str(found.origin).endswith(".so"):
        lacking("this Python has no _ssl extension to look at")
    return str(found.origin)


@linux
def test_the_loader_takes_what_ldd_says() -> None:
    path = extension()
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    told = dict(re.findall(r"^\s*(\S+) => (\S+) \(0x", listed, re.MULTILINE))
    names = elf.dependencies(path)[0]
    assert names
    assert set(names) <= {*told, "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    for name in names:
        if name in told:
            assert os.path.realpath(str(loader.find(name, path))) == os.path.realpath(told[name])


@linux
def test_ld_library_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = extension()
    name = next(name for name in elf.dependencies(path)[0] if name.startswith("libc.so"))
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / name).write_bytes(b"no library: the loader passes it over")
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / name).symlink_to(str(loader.find(name, path)))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'wrong'}:{tmp_path / 'right'}")
    assert loader.find(name, path) == str(tmp_path / "right" / name)


@linux
def test_the_cache_is_used_where_no_folder_has_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real cache of this machine, without the default folders."""
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setattr(loader, "DEFAULT_FOLDERS", ())
    path = extension()
    if not os.path.exists(loader.CACHE):
        lacking("no /etc/ld.so.cache here")
    assert loader.find("libc.so.6", path) is not None
    for damaged in (b"", loader.CACHE_MAGIC, loader.CACHE_MAGIC + b"\xff" * 200):
        (tmp_path / "cache").write_bytes(damaged)
        assert loader.find("libc.so.6", path, str(tmp_path / "cache")) is None
    assert loader.find("libnothing-of-this-name.so.1", path) is None


@linux
def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.so"
    whole = Path(extension()).read_bytes()
    for data in (b"", b"\x7fELF", b"\x7fELF" + b"\xff" * 60, whole[:57], whole[:200], whole[:3000]):
        path.write_bytes(data)
        for read in (elf.dependencies, elf.machine, lambda path: elf.section(path, b".rodata")):
            try:
                read(str(path))
            except ValueError as error:
                assert "ELF" in str(error)
