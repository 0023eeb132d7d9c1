"""Files that two runs wrote: each is held against the one that is meant to be it."""

from __future__ import annotations

import hashlib

import pytest
from msgspec.structs import replace

from envsnap.replay.compare import written
from envsnap.replay.compare.printed import Found
from envsnap.replay.esr.endings import Written
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder import texts

DAY, NEXT = "2026-11-27T10:11:10Z", "2026-11-28T22:01:00Z"


def wrote(text: str) -> Written:
    data = text.encode()
    found = texts.listed(data, (0.0, 1.0), text=False)
    return Written(
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        lines=found.lines,
        layout=found.layout,
        rest=found.rest,
        masked=found.masked,
    )


def record(files: dict[str, Written], created_at: str = DAY) -> Record:
    return Record(
        recording_version=2, recording_revision=6, envsnap_version="1", created_at=created_at,
        label=None, complete=True, full=False, framework=None, notes=(), roots=(), calls=(),
        tensors=(), files=files,
    )  # fmt: skip


def compared(
    one: dict[str, Written], two: dict[str, Written], *, rounding: bool = False, moves: bool = False
) -> Found:
    return written.files(record(one), record(two, NEXT), rounding=rounding, moves=moves)


def test_files() -> None:
    one = {"out.txt": wrote("1.25 a"), "b.bin": Written(size=3, sha256="a")}
    assert compared(one, dict(one)).state == "same"
    found = compared(one, {**one, "out.txt": wrote("1.25 b")}, rounding=True)
    assert found.state == "differs"
    assert found.told.startswith("out.txt, line 1")
    assert compared(one, {"out.txt": one["out.txt"]}).told == "b.bin is not written here"
    assert compared({"out.txt": one["out.txt"]}, one).told == "b.bin is written here only"
    other = {**one, "b.bin": Written(size=3, sha256="b")}
    assert compared(one, other).told == "b.bin: other bytes"
    assert compared(one, other, rounding=True).state == "unknown"


def test_where_links_point() -> None:
    """Recordings before a revision did not list links, nor what was linked instead of written."""
    file = {"a.txt": wrote("1")}
    one, two = ({**file, "latest": Written(size=0, link=name)} for name in ("a.txt", "b.txt"))

    def told(here: dict[str, Written], there: dict[str, Written], *revisions: int) -> Found:
        sides = [
            replace(record(files), recording_revision=revision)
            for files, revision in zip((here, there), revisions, strict=True)
        ]
        return written.files(*sides, rounding=False, moves=False)

    assert told(one, two, 10, 10).told == "what latest points at: a.txt -> b.txt"
    assert told(one, one, 10, 10).state == "same"
    assert told(file, one, 10, 10).told == "latest is written here only"
    assert told(file, one, 9, 10).state == "same"
    assert told(file, {**file, "hard.txt": file["a.txt"]}, 9, 10).state == "same"
    assert told(file, {**file, "b.txt": wrote("2")}, 9, 10).told == "b.txt is written here only"


def test_what_is_masked_in_files_is_told() -> None:
    one, two = (f"match 1b4e28ba-2fa1-11d2-883f-0016d3cca4{end}\nscore 2\n" for end in (27, 28))
    found = compared(
        {"m.txt": wrote(one), "s.txt": wrote("1")}, {"m.txt": wrote(two), "s.txt": wrote("1")}
    )
    assert (found.state, found.masked) == ("noise", "m.txt: not compared: 1 uuid")


def test_another_folder_is_the_same_file_where_something_was_set_otherwise() -> None:
    one = {"out/a/p.json": wrote("1"), "out/b/p.json": wrote("2"), "log.txt": wrote("x")}
    two = {"new/a/p.json": wrote("1"), "new/b/p.json": wrote("2"), "log.txt": wrote("x")}
    found = compared(one, two, moves=True)
    assert found.state == "same"
    assert found.renamed == "under other names: out/a/p.json -> new/a/p.json, out/b/p.json -> new/b/p.json"  # fmt: skip
    assert compared(one, two).told == "out/a/p.json is not written here"
    found = compared(one, {**two, "new/b/p.json": wrote("3")}, moves=True)
    assert found.told == "out/b/p.json, line 1: `2` -> `3`"


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("p_20261127_101110.json", "p_20261128_220100.json"),
        ("runs/2026-11-27T10:11:10/p.json", "runs/2026-11-28T22:01:00/p.json"),
        ("p-1795774270.json", "p-1795903260.json"),
        ("7c9e6679-7425-40de-944b-e07fc1f90ae7.json", "1b4e28ba-2fa1-11d2-883f-0016d3cca427.json"),
        ("tmpab12cd_9.json", "tmpzz0000aa.json"),
    ],
)
def test_a_name_of_the_run_itself(here: str, there: str) -> None:
    assert compared({here: wrote("1")}, {there: wrote("1")}).state == "same"
    assert compared({here: wrote("1")}, {there: wrote("2")}).state == "differs"


def test_a_day_that_is_not_the_runs_own_is_part_of_the_answer() -> None:
    found = compared({"of_2026-01-05.csv": wrote("1")}, {"of_2026-01-06.csv": wrote("1")})
    assert found.told == "of_2026-01-05.csv is not written here"


@pytest.mark.parametrize(("revision", "most"), [(6, 200), (7, 20_000)])
def test_of_a_full_list_nobody_knows_the_rest(revision: int, most: int) -> None:
    def side(count: int, last: str) -> Record:
        files = {f"f{number:05d}": wrote("x") for number in range(count - 1)}
        return replace(record({**files, "z": wrote(last)}), recording_revision=revision)

    full, other = side(most, "x"), side(most, "y")
    assert written.files(full, full, rounding=False, moves=False).state == "unknown"
    assert written.files(full, other, rounding=False, moves=False).state == "differs"
    less = side(most - 1, "x")
    assert written.files(less, less, rounding=False, moves=False).state == "same"
