"""How numbers are said in every text for people."""

from __future__ import annotations


def counted(count: int, word: str, ending: str = "s") -> str:
    """Say a number of things: `1 file`, `2 files`, `1,200 files`; `ending` is the plural's."""
    return f"{count:,} {word}{'' if count == 1 else ending}"
