"""Columns of a terminal: nothing is lost, nothing is wider than its column, wide characters count twice."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from envsnap.report import columns

TEXT = st.text(st.sampled_from("ab .-/[]日é😀"), max_size=40)
WIDTHS = (3, 7, 12)


def shown(rows: list[tuple[str, str, str]], *, color: bool = False) -> list[str]:
    """The lines below the rule."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=80, force_terminal=color, color_system="standard" if color else None
    )
    made = [columns.Column(head=f"c{width}", width=width) for width in WIDTHS]
    cells = [[(text, "red") for text in row] for row in rows]
    columns.show(console, made, cells, ascii_only=True)
    return stream.getvalue().splitlines()


@given(row=st.tuples(TEXT, TEXT, TEXT))
def test_every_character_is_shown_within_its_column(row: tuple[str, str, str]) -> None:
    lines = shown([row])[2:]
    assert {cell_len(line) for line in lines} == {sum(WIDTHS) + 2 * columns.BETWEEN}
    if "|" not in "".join(row):
        parts = [line.split(" | ") for line in lines]
        for place, text in enumerate(row):
            told = "".join(part[place] for part in parts if len(part) == len(WIDTHS))
            assert "".join(told.split()) == "".join(text.split())


def test_words_stay_whole_and_continuations_keep_their_indent() -> None:
    lines = shown([("1", "ab cdefg", "frameworks\n  .torch")])[2:]
    assert lines == ["1   | ab      | frameworks  ", "    | cdefg   |   .torch    "]


def test_colours_change_no_text() -> None:
    plain, coloured = (shown([("1", "two", "three")], color=color) for color in (False, True))
    assert any("\x1b[31m" in line for line in coloured)
    strip = [
        line.replace("\x1b[31m", "").replace("\x1b[1m", "").replace("\x1b[0m", "")
        for line in coloured
    ]
    assert strip == plain
