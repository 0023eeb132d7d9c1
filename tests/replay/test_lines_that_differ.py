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
