"""One difference around the models."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

NOT_HERE = "in the golden run only"  # how a fact ends that follows from how far the other run came
Kind = Literal[
    "generation", "chat", "tokens", "part", "config", "seed", "code", "text", "setting", "file",
    "seeding", "weights", "alone", "note",
]  # fmt: skip


class Fact(Struct, frozen=True, kw_only=True):
    """One difference: what it is about, in words, and what to do."""

    kind: Kind
    text: str
    fix: str
    place: str = ""  # a file and a line, of code
    at: int = 0  # how many calls of models had begun before it, of a stage
    minor: bool = False  # lines that only import or tell something
    model: str = ""  # the class with a forward in which lines stand
