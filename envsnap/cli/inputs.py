"""Reads what several commands take: manifests, [NAME=]FILE and NAME=VALUE arguments."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from envsnap.cli.echo import echo
from envsnap.errors import InputError

if TYPE_CHECKING:
    from envsnap.model.codec import Document

NAME = r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}"


def document(path: str) -> Document:
    """Read a manifest or a report, and say on stderr what the reader should know about it."""
    from envsnap import api
    from envsnap.cli import attested
    from envsnap.report.sanitize import plain

    unchanged = attested.demanded(path)
    found = api.load_document(path)
    if unchanged is not None:
        unchanged()
    for note in found.notes:
        echo(f"envsnap: {plain(note)}", err=True)
    return found


def text(path: str | None) -> str:
    """Read an error text or a log; without a path there is none."""
    if path is None:
        return ""
    from envsnap.intake import excerpts

    return excerpts.load(path)


def once_from_stdin(paths: tuple[str, ...]) -> None:
    """Standard input can be read only once."""
    if paths.count("-") > 1:
        raise InputError("standard input (-) can be given for one file only")


def named_files(values: tuple[str, ...], option: str) -> dict[str, str]:
    """Split [NAME=]FILE arguments; the file's own name is the default."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals or not re.fullmatch(NAME, name):
            if equals and "/" not in name and not os.path.lexists(value) and os.path.lexists(path):
                raise InputError(
                    f"{option} {value}: a name has letters of ASCII, digits, blanks, and . _ -"
                )
            path = value
            name = os.path.basename(os.path.abspath(value))
        if not path:
            raise InputError(f"{option} {value}: names no file")
        if name in found:
            raise InputError(
                f"{option} {value}: the name {name} is taken by {found[name]}; give this file "
                f"another name: {option} OTHER={path}"
            )
        found[name] = path
    return found


def variable_names(values: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Take names of environment variables. Raises InputError for what can be none."""
    for value in values:
        if not value or "=" in value or any(letter.isspace() for letter in value):
            raise InputError(
                f"{option} {value!r}: give a variable's name alone; its value is read where you capture"
            )
    return values


def named_values(values: tuple[str, ...], option: str) -> dict[str, str]:
    """Split NAME=VALUE arguments."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not re.fullmatch(NAME, name):
            raise InputError(f"{option} {value}: write {option} NAME=VALUE")
        if found.get(name, text) != text:
            raise InputError(
                f"{option} {value}: {name} was already given another value; give it once"
            )
        found[name] = text
    return found
