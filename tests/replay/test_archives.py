"""Archives that two runs wrote: their own stamps of time are no result."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envsnap.replay.compare.written import _file
from envsnap.replay.esr.endings import Written
from envsnap.replay.recorder import written

NIGHT, DAY = 946684800, 1764500000


def zipped(place: Path, text: str, when: int) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        for name in ("b.txt", "a.txt") if when == DAY else ("a.txt", "b.txt"):
            year = 2000 if when == NIGHT else 2025
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 2, 3, 4, 6)), text + name)


def gzipped(place: Path, text: str, when: int) -> None:
    with gzip.GzipFile(place, "wb", mtime=when) as stream:
        stream.write(text.encode())


def tarred(mode: str) -> Callable[[Path, str, int], None]:
    def write(place: Path, text: str, when: int) -> None:
        with tarfile.open(place, mode) as archive:
            item = tarfile.TarInfo("a.txt")
            item.size, item.mtime = len(text), when
            archive.addfile(item, io.BytesIO(text.encode()))

    return write


def told(place: Path) -> Written:
    (found,) = written.files([str(place)], str(place.parent), 0, (), text=False).values()
    return found


@pytest.mark.parametrize("write", [zipped, gzipped, tarred("w"), tarred("w:gz")])
def test_what_an_archive_holds_is_compared(
    write: Callable[[Path, str, int], None], tmp_path: Path
) -> None:
    found = []
    for text, when in (("one\n", NIGHT), ("one\n", DAY), ("two\n", NIGHT)):
        write(tmp_path / "out", text, when)
        found.append(told(tmp_path / "out"))
    assert found[0].sha256 != found[1].sha256
    assert _file("out", found[0], found[1], rounding=False).state == "noise"
    assert _file("out", found[0], found[2], rounding=False).told == "out: other bytes"


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\0" * 9, b"\x1f\x8b\0" * 9, bytes(257) + b"ustar" * 99]
)
def test_of_a_damaged_archive_the_bytes_are_compared(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(data)
    assert told(tmp_path / "out").values is None
