"""Folders of data: names, sizes, and the order in which the file system lists them."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.inputs import Data
from envsnap.probe.collectors import data
from envsnap.probe.record import Record
from tests.conftest import Run


def described(folder: Path) -> dict[str, object]:
    """What the collector says of a folder."""
    record = Record()
    data.collect(record, [("d", str(folder))], time.monotonic() + 60)
    assert record.gaps == {}
    found: dict[str, object] = record.facts["entries"]["d"]
    return found


def filled(folder: Path, names: list[str]) -> Path:
    """Write files in an order."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_a_folder_by_its_names(envsnap: Run, tmp_path: Path) -> None:
    names = ["b.jpg", "a.jpg", "cat/1.jpg", "cat/.hidden", "dog/2.jpg"]
    folder = filled(tmp_path / "train", names)
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    done = envsnap("capture", "--no-import", "--data", "data=train", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    section = reader.load(str(tmp_path / "it.json")).manifest.sections.data
    entry: Data = section.entries["data"]
    assert section.gaps == {}
    assert (entry.files, entry.bytes) == (6, sum(len(name) for name in names) + len("a.jpg"))
    text = (tmp_path / "it.json").read_text()
    assert not [name for name in names if name in text]


def test_the_order_is_the_one_that_code_sees(tmp_path: Path) -> None:
    folder = filled(tmp_path / "flat", [f"{number:03}.txt" for number in range(50)])
    listed = os.listdir(folder)
    assert (
        described(folder)["order_sha256"]
        == hashlib.sha256(b"".join(os.fsencode(name) + b"\0" for name in listed)).hexdigest()
    )


def test_equal_names_in_another_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAKE: a file system that lists backwards; which order a real one has cannot be chosen."""
    folder = filled(tmp_path / "flat", ["a", "b", "c"])
    one = described(folder)
    real = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with real(path) as entries:
                self.entries = list(entries)[::-1]

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(data.os, "scandir", Backwards)
    other = described(folder)
    assert one["names_sha256"] == other["names_sha256"]
    assert one["order_sha256"] != other["order_sha256"]


def test_another_size_or_name_is_another_folder(tmp_path: Path) -> None:
    one = described(filled(tmp_path / "one", ["a", "b"]))
    same = described(filled(tmp_path / "same", ["b", "a"]))
    assert one["names_sha256"] == same["names_sha256"]
    (tmp_path / "same" / "a").write_text("longer")
    assert described(tmp_path / "same")["names_sha256"] != one["names_sha256"]
    assert described(filled(tmp_path / "more", ["a", "b", "c"]))["files"] == 3


def test_what_cannot_be_listed_is_a_gap(tmp_path: Path) -> None:
    folder = filled(tmp_path / "many", ["a"])
    record = Record()
    gone = str(tmp_path / "gone")
    data.collect(record, [("gone", gone), ("file", str(folder / "a"))], time.monotonic() + 60)
    assert record.gaps["gone"].startswith("absent")
    assert record.gaps["file"].startswith("error: NotADirectoryError")
    late = Record()
    filled(folder, [str(number) for number in range(data.CHECK_EVERY + 10)])
    data.collect(late, [("d", str(folder))], time.monotonic() - 1)
    assert late.gaps["d"].startswith("timeout")


def test_a_folder_that_is_not_there_is_refused_before_anything_runs(envsnap: Run) -> None:
    done = envsnap("capture", "--data", "nothing-here")
    assert (done.returncode, done.stdout) == (2, "")


def test_two_hosts_with_another_order(envsnap: Run, tmp_path: Path) -> None:
    filled(tmp_path / "data", ["a", "b"])
    assert envsnap("capture", "--no-import", "--data", "data", "-o", "one.json").returncode == 0
    text = (tmp_path / "one.json").read_text()
    digest = reader.load(str(tmp_path / "one.json")).manifest.sections.data.entries["data"]
    (tmp_path / "cut.json").write_text(text.replace(digest.order_sha256, "0" * 64))
    assert envsnap("capture", "--seal", "cut.json", "-o", "two.json").returncode == 0
    done = envsnap("diff", "one.json", "two.json", "--format", "json", "--fail-on", "never")
    assert "order_sha256" in done.stdout
    assert "names_sha256" not in done.stdout
