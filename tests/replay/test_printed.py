"""What is printed: words, numbers, and what is masked by its shape."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from envsnap.replay.compare import printed
from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import texts


def when(text: str) -> texts.During:
    began = dt.datetime.fromisoformat(text).timestamp()
    return began, began + 4.0


ONE, TWO = when("2026-11-27T10:11:10+00:00"), when("2027-01-02T03:04:03+00:00")


def said(
    text: str,
    *,
    kept: bool = False,
    varies: tuple[tuple[int, int], ...] = (),
    run: texts.During = ONE,
) -> Printed:
    data = text.encode()
    found = texts.listed(data, run, text=kept)
    return Printed(
        size=len(data), sha256=hashlib.sha256(data).hexdigest(), lines=found.lines, varies=varies,
        layout=found.layout, rest=found.rest, masked=found.masked, whole=found.rest is None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "two", "rounding", "state"),
    [
        ("label NEGATIVE 0.57", "label NEGATIVE 0.57", False, "same"),
        ("label NEGATIVE 0.57", "label POSITIVE 0.57", True, "differs"),
        ("label NEGATIVE 0.5754", "label NEGATIVE 0.5755", False, "differs"),
        ("label NEGATIVE 0.5754", "label NEGATIVE 0.5755", True, "noise"),
        ("mean 0.57535776", "mean 0.57535779", True, "noise"),
        ("mean 0.57535776", "mean 0.57635776", True, "differs"),
        ("ids 16 17", "ids 16 18", True, "differs"),
        ("3 boxes", "2 boxes", True, "differs"),
        ("one", "one\ntwo", True, "differs"),
        ("took 0.12 s", "took 3.4 s", False, "same"),
        ("at 2026-11-27 10:11:12.5", "at 2027-01-02 03:04:05.123", False, "same"),
        ("<m at 0x7f0012345678>", "<m at 0x7f00aaaa5678>", False, "same"),
        ("wrote /tmp/a/b.txt", "wrote /tmp/c9/d.txt", False, "same"),
        (" 10%|# | 1/10\r100%|##| 10/10\nok", " 50%|## | 5/10\nok", False, "same"),
        ("\x1b[32mok\x1b[0m", "ok", False, "same"),
        ("took 5 boxes", "took 6 boxes", False, "differs"),
        ("at 10:11:12", "at 03:04:05", False, "same"),
        ("at 15:41:12 in Delhi", "at 04:04:05 in Delhi", False, "same"),
        ("at 15:56:12 in Kathmandu", "at 08:49:05 in Kathmandu", False, "same"),
        ("took 0:00:03.5", "took 0:00:02.1", False, "same"),
        ("12.5 it/s", "80.1 it/s", False, "same"),
        # No time of these runs: an answer.
        ("due 2024-03-14", "due 2024-03-15", False, "differs"),
        ("peak 2026-03-01T18:00:00+01:00", "peak 2026-03-01T17:00:00+01:00", False, "differs"),
        ("00:23:31,500 --> 00:24:02,000", "00:23:31,500 --> 00:24:01,000", False, "differs"),
        ("a film of 95 minutes", "a film of 94 minutes", False, "differs"),
        ("colour 0xff3a21", "colour 0xff3a22", False, "differs"),
        ("best /data/cats/001.jpg", "best /data/dogs/417.jpg", False, "differs"),
        ("best /data/cats/001.jpg", "best /srv/cats/001.jpg", False, "same"),
        ("in /home/ann", "in /home/bob", False, "same"),
        # The run's own clock on one side alone.
        ("at 10:11:12 ok 5", "at 18:40:00 ok 5", False, "same"),
        ("at 10:11:12 ok 5", "at 18:40:00 ok 6", False, "differs"),
        ("on 2026-11-27", "on 2024-01-05", False, "differs"),
    ],
)
@pytest.mark.parametrize("kept", [(False, False), (True, True), (False, True)])
def test_what_differs(
    one: str, two: str, rounding: bool, state: str, kept: tuple[bool, bool]
) -> None:
    """Alike whether texts are kept, are digests, or one side's are."""
    found = printed.compare(
        said(one, kept=kept[0]), said(two, kept=kept[1], run=TWO), rounding=rounding
    )
    assert found.state == state, found
    assert bool(found.told) is (state == "differs")


def test_what_was_masked_is_said() -> None:
    one = said("took 0.12 s at 0x7f0012345678\nanswer 3")
    found = printed.compare(one, said("took 0.34 s at 0x7f0012345679\nanswer 3"), rounding=False)
    assert (found.state, found.masked) == ("same", "not compared: 1 address, 1 time")


def test_a_path_below_the_working_folder_keeps_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = []
    for folder, name in (("one", "cat.jpg"), ("two", "dog.jpg")):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        lines.append(said(f"best {tmp_path}/{folder}/{name}"))
    assert printed.compare(lines[0], lines[1], rounding=False).state == "differs"


def test_marks_of_older_recordings_stand_for_whatever_is_there() -> None:
    old = Printed(size=9, sha256="0", lines=("best %path at %time , 5", "due %time"))
    new = said("best /data/dogs/417.jpg at 18:40:31 , 5\ndue 2024-03-15", kept=True)
    assert printed.compare(old, new, rounding=False).state == "same"
    other = said("best /data/dogs/417.jpg at 18:40:31 , 6\ndue 2024-03-15", kept=True)
    assert printed.compare(old, other, rounding=False).state == "differs"


def test_what_two_golden_runs_differ_in_is_learnt() -> None:
    varies = texts.varying(*map(said, ("id 71 ok\nx", "id 82 ok\nx")))
    assert varies == ((0, 1),)
    assert printed.compare(said("id 71 ok\nx", varies=varies), said("id 99 ok\nx"), rounding=False).state == "same"  # fmt: skip
    assert printed.compare(said("id 71 ok\nx", varies=varies), said("id 99 no\nx"), rounding=False).state == "differs"  # fmt: skip


def test_words_are_digests_unless_asked_for() -> None:
    assert "secret" not in " ".join(said("the secret 12.5").lines)
    assert "12.5" in " ".join(said("the secret 12.5").lines)
    found = printed.compare(
        said("label cat"), said("label dog", kept=True), rounding=False, words=["cat"]
    )
    assert found.told == "line 1: `label cat` -> `label dog`"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("def f():\n    x\n    return 1", "def f():\n    x\n        return 1"),
        ("a:\n  b: 1\n  c: 2", "a:\n  b: 1\nc: 2"),
        ("the dog.", "the dog ."),
        ("a - -1", "a --1"),
        ("x\ty", "x y"),
        ('{"label": ""}', '{"label": " "}'),
        (" ".join(map(str, range(3000))), " ".join(map(str, [*range(2999), 9]))),
        ("word " * (14 << 10) + "a", "word " * (14 << 10) + "b"),
    ],
)
def test_blanks_and_the_end_of_a_long_line_are_part_of_an_answer(one: str, two: str) -> None:
    for kept in (False, True):  # beside a command that runs now, texts are at hand
        assert printed.compare(said(one), said(two, kept=kept), rounding=False).state == "differs"
        same = printed.compare(said(one), said(one + "\n", kept=kept), rounding=False)
        assert same.state == "same"


def test_columns_and_times_move_by_as_much_as_they_like() -> None:
    for one, two in (
        ("loss  0.5", "loss 0.5"),
        ("took  0.1s ", "took 12 ms"),
        ("loss 0.5   ", "loss 0.5"),
    ):
        found = printed.compare(said(one), said(two, run=(ONE[0], ONE[0] + 60)), rounding=False)
        assert found.state == "same"


def test_lines_that_are_not_listed_are_compared_by_digest() -> None:
    whole = "\n".join(map(str, range(7000)))
    golden, same = said(whole), said(whole + "\n\n")
    other = said(whole.replace("6990", "6999"))
    assert printed.compare(golden, same, rounding=False).state in ("same", "unknown")
    assert printed.compare(golden, other, rounding=False).state == "unknown"
    varies = texts.varying(golden, other)
    assert varies == ((5000, -1),)
    assert printed.compare(said(whole, varies=varies), other, rounding=False).state == "same"


IDS = [f"{number:08x}-1111-4222-8333-444444444444" for number in range(4)]
CUES = "00:00:01,250 --> 00:00:02,500\na\n00:00:02,750 --> 00:00:{},500\nb"


@pytest.mark.parametrize(
    ("one", "two", "state"),
    [
        ("{0}\n{1}", "{1}\n{0}", "differs"),
        ("{0}\n{1}", "{2}\n{3}", "same"),
        ("{0}\n{1}", "{2}\n{2}", "differs"),
        ("best {0}", "best {2}", "same"),  # nobody can know
        ("/data/cat/1.png 1\n/data/dog/1.png 2", "/data/dog/1.png 1\n/data/cat/1.png 2", "differs"),
        ("/data/cat/1.png 1\n/data/dog/1.png 2", "/srv/cat/1.png 1\n/srv/dog/1.png 2", "same"),
        (CUES.format("03"), CUES.format("04"), "differs"),
        (CUES.format("03"), CUES.format("03"), "same"),
        ("took 1.234 s\nload 0.125 s", "took 1.534 s\nload 0.128 s", "same"),
        (
            "audio 1.2346 s\n" * 4 + "took 1.2341 s",
            "audio 1.2346 s\n" * 4 + "took 1.2342 s",
            "same",
        ),
    ],
)
def test_what_both_runs_have_in_common_is_no_clock(one: str, two: str, state: str) -> None:
    run = (ONE[0], ONE[0] + 10)
    texts_of = [
        text.format(*IDS) if "{0}" in text or "{2}" in text else text for text in (one, two)
    ]
    for kept in (False, True):
        sides = said(texts_of[0], run=run), said(texts_of[1], run=run, kept=kept)
        assert printed.compare(*sides, rounding=False).state == state
