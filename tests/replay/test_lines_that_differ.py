"""Of several lines of a function that differ, those that do something are told first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envsnap.replay.compare import code_lines
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder.inside import given

GOLDEN = "def path(scores, back):\n    best = scores.argmax()\n    steps = [best]\n    return steps[::-1]\n"
TYPED = (
    "def path(scores: list, back: list) -> list:\n"
    '    """The best path.\n\n    From the end.\n    """\n'
    "    best = scores.argmax()\n    steps = [best]\n    return steps{end}\n"
)


def told(golden: str, other: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    def record(text: str) -> Record:
        found: dict[str, Any] = given.code({"viterbi.py": text.encode()})
        return Record(
            recording_version=2, recording_revision=6, envsnap_version="1", created_at="2026-11-29T00:00:00Z",
            label=None, complete=True, full=False, framework=None, notes=(), calls=(), tensors=(),
            code={name: tuple(lines) for name, lines in found["code"].items()},
            blocks={name: tuple(lines) for name, lines in found["blocks"].items()},
        )  # fmt: skip

    monkeypatch.chdir(folder)
    (folder / "viterbi.py").write_text(other)
    return [line.told for line in code_lines.compare(record(golden), record(other))]


def test_the_line_that_acts_stands_before_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(GOLDEN, TYPED.format(end=""), tmp_path, monkeypatch)
    assert found[0] == "viterbi.py line 8 differs: `return steps`"


def test_a_head_that_alone_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = GOLDEN.replace("back)", "back=None)")
    assert told(GOLDEN, other, tmp_path, monkeypatch) == [
        "viterbi.py line 1 differs: `def path(scores, back=None):`"
    ]


TWO = "class A:\n    def run(self, x):\n        return x + 1\n\n\nclass B:\n    def run(self, x):\n        return x - 1\n"


def test_a_function_that_now_does_what_another_does_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(TWO, TWO.replace("x - 1", "x + 1"), tmp_path, monkeypatch) == [
        "viterbi.py line 8 differs: `return x + 1`"
    ]
    assert told(TWO.replace("x - 1", "x + 1"), TWO, tmp_path, monkeypatch) == [
        "viterbi.py line 8 differs: `return x - 1`"
    ]


def test_functions_that_two_classes_exchange_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanged = TWO.replace("x + 1", "x * 1").replace("x - 1", "x + 1").replace("x * 1", "x - 1")
    assert told(TWO, exchanged, tmp_path, monkeypatch) == [
        "viterbi.py line 3 differs: `return x - 1`",
        "viterbi.py line 8 differs: `return x + 1`",
    ]


def test_a_function_that_moves_to_the_class_above_has_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = "class A(Base):\n    def run(self, x):\n        return x + 1\n\n    def twice(self, x):\n        return x * 2\n"
    two = "class A(Base):\n    def twice(self, x):\n        return x * 2\n\n\nclass Base:\n    def run(self, x):\n        return x + 1\n"
    assert not [line for line in told(one, two, tmp_path, monkeypatch) if "x + 1" in line]
