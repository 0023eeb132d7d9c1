"""Who should be there: a node set, or a file of them."""

from __future__ import annotations

import os

from envsnap.errors import InputError
from envsnap.fleet import nodeset

MOST_BYTES = 16 << 20


def read(path: str) -> list[str]:
    """The hosts of a file: a node set a line, `#` begins a comment. Raises InputError."""
    from envsnap.intake import contents

    name = "standard input" if path == "-" else path
    data = contents.contents(path, name)
    if len(data) > MOST_BYTES:
        raise InputError(f"{name}: larger than {MOST_BYTES >> 20} MiB; that is no list of hosts")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 at byte {error.start}") from None
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        try:
            found.update(dict.fromkeys(nodeset.expand(line.partition("#")[0])))
        except InputError as error:
            raise InputError(f"{name}: line {number}: {error}") from None
    if not found:
        raise InputError(f"{name}: names no hosts")
    return list(found)


def named(text: str) -> list[str]:
    """The hosts of an option: a node set, or @FILE."""
    found = read(text[1:]) if text.startswith("@") else nodeset.expand(text)
    if not found:
        raise InputError("names no hosts; write them as n[1-16],login or @FILE")
    return found


def listed(text: str) -> list[str]:
    """The hosts of an inventory: a file of node sets, a node set, or @FILE. Raises InputError."""
    return read(text) if os.path.isfile(text) else named(text)


def bare(name: str) -> str:
    """A host's name without scheme, user and port."""
    found = name.removeprefix("ssh://").rpartition("@")[2]
    return found.partition(":")[0] if found.count(":") == 1 else found


def aliases(name: str) -> tuple[str, ...]:
    """The names under which a host may be listed: whole, bare, without its domain; case is nothing."""
    name = name.lower()
    found = [name, bare(name)]
    if not bare(name).replace(".", "").isdigit():  # an address has no domain to leave out
        found.append(bare(name).partition(".")[0])
    return tuple(dict.fromkeys(found))
