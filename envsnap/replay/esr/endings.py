"""What a recorded command printed, and what it wrote."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines of what a command printed or wrote, and digests of all that these leave out.

    A line is its words, joined by blanks. Numbers and signs stand as they are; a word is `#` and
    a digest unless texts were asked for; `%KIND` stands for what is masked by its shape.
    """

    lines: Annotated[tuple[str, ...], Meta(description="Of NumPy's files their values.")] = ()
    layout: Annotated[
        tuple[str, ...], Meta(description="CRC-32 of each line with its blanks and all its words.")
    ] = ()
    masked: Annotated[
        tuple[str, ...], Meta(description="What the marks of a line stand for, as KIND:CRC-32.")
    ] = ()
    took: Annotated[
        tuple[str, ...],
        Meta(description="Of a program that asks no clock: CRC-32 of each line's durations."),
    ] = ()
    rest: Annotated[str | None, Meta(description="CRC-32 of the lines that are not listed.")] = None


class Written(Listed, frozen=True, kw_only=True, omit_defaults=True):
    """A file that the command wrote."""

    size: Count
    sha256: str | None = None
    values: Annotated[
        str | None,
        Meta(description="Of JSON and archives: SHA-256 of what they say or hold."),
    ] = None
    link: Annotated[str | None, Meta(description="Of a symbolic link: what it points at.")] = None


class Printed(Listed, frozen=True, kw_only=True, omit_defaults=True):
    """What the command printed on standard output."""

    size: Count
    sha256: str
    whole: Annotated[bool, Meta(description="Whether all lines are listed.")] = True
    varies: Annotated[
        tuple[tuple[int, int], ...],
        Meta(description="Line and word, from 0, that differ between runs; word -1: all of it."),
    ] = ()
