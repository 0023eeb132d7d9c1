"""Text in columns for a terminal: as wide as it is shown, wrapped between words.

`rich` lays out any table; the one of a report has its widths before it has its rows, and laying it
out cell by cell took as long as the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

if TYPE_CHECKING:
    from rich.console import Console

Cell = tuple[str, str]  # a text and its style


class Plain:
    """A console without colours. What it prints is text, so `rich` need not be imported."""

    color_system = None

    def __init__(self, file: TextIO, width: int) -> None:
        self.file, self.width = file, width

    def print(self) -> None:
        """Write an empty line."""
        self.file.write("\n")


BETWEEN = 3  # a divider with a blank on each side


class Column(Struct, frozen=True, kw_only=True):
    """A column of a width; `right` aligns its texts there."""

    head: str
    width: int
    right: bool = False


def say(console: Console | Plain, text: str, style: str = "", *, indent: int = 0) -> None:
    """Write a text, wrapped between words; words that are longer than a line are cut."""
    if isinstance(console, Plain):
        lines = [
            line for part in text.split("\n") for line in _wrapped(part, console.width - indent)
        ]
        console.file.write("".join(f"{' ' * indent}{line}\n" for line in lines))
        return
    from rich.padding import Padding
    from rich.text import Text

    told = Text(text, style=style, overflow="fold")
    console.print(Padding(told, (0, 0, 0, indent)) if indent else told)


def show(
    console: Console | Plain,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    ascii_only: bool,
) -> None:
    """Write heads, a rule and rows."""
    divider, rule, cross = ("|", "-", "+") if ascii_only else (" ", "─", "─")
    heads = [(column.head, "bold") for column in columns]
    lines = list(_lines(columns, heads, divider))
    lines.append([(f"{rule}{cross}{rule}".join(rule * column.width for column in columns), "")])
    for row in rows:
        lines += _lines(columns, row, divider)
    if isinstance(console, Plain) or console.color_system is None:
        console.file.write("".join("".join(text for text, _ in line) + "\n" for line in lines))
        return
    from rich.text import Text

    told = Text("\n").join(Text.assemble(*line) for line in lines)
    console.print(told, soft_wrap=True)


def _lines(columns: Sequence[Column], row: Sequence[Cell], divider: str) -> Iterator[list[Cell]]:
    wrapped = [_wrapped(text, column.width) for column, (text, _) in zip(columns, row, strict=True)]
    for number in range(max(map(len, wrapped))):
        line: list[Cell] = []
        for column, parts, (_, style) in zip(columns, wrapped, row, strict=True):
            part = parts[number] if number < len(parts) else ""
            if line:
                line.append((f" {divider} ", ""))
            line.append((_padded(part, column), style))
        yield line


def _padded(text: str, column: Column) -> str:
    blanks = " " * (column.width - _cells(text))
    return blanks + text if column.right else text + blanks


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many cells, broken between words; longer words are cut."""
    if _cells(text) <= width and "\n" not in text:
        return [text]
    from rich.cells import chop_cells

    lines: list[str] = []
    for paragraph in text.split("\n"):
        line: str | None = None
        for word in paragraph.split(" "):
            told = word if line is None else f"{line} {word}"
            if _cells(told) <= width:
                line = told
                continue
            if line is not None:
                lines.append(line)
            *whole, line = chop_cells(word, width) or [""]
            lines += whole
        lines.append(line or "")
    return lines


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
