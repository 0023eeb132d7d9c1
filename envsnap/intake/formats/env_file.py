"""Files of variables that a program is started with: `.env`, `prod.env`.

Only under such a name: lines of NAME=value alone could be of any program.
"""

from __future__ import annotations

import re

from envsnap.intake.formats import printenv
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

PAIR = re.compile(
    r"^(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]{0,255})(?P<blank>[ \t]*)=(?P<value>.*)$",
    re.DOTALL,
)
BEGUN = re.compile(r"^[\w \t]{1,270}=[ \t]*(?P<mark>[\"'])(?:(?!(?P=mark))[^\\])*$")
QUOTED = re.compile(r"(?P<mark>[\"'])(?P<inner>[^\"'\\]*)(?P=mark)")
PLAIN = re.compile(r"[^\s\"'#$`\\]*(?:[ \t]+[^\s\"'#$`\\]+)*")
DIFFERS = "not stated: programs read its quotes, its # or its $ differently"


def recognise(source: Source) -> bool:
    """A file of such a name with assignments alone."""
    lines = _lines(source)
    return (
        printenv.NAMED.fullmatch(source.base.lower()) is not None
        and bool(lines)
        and all(PAIR.match(line) for line in lines)
    )


def _lines(source: Source) -> list[str]:
    """The assignments; a value in quotes may go on in further lines."""
    found: list[str] = []
    mark = ""
    for line in source.bare:
        if mark:
            found[-1] += f"\n{line}"
            mark = "" if line.rstrip().endswith(mark) else mark
        elif line.strip() and not line.lstrip().startswith("#"):
            found.append(line.strip())
            begun = BEGUN.match(line.strip())
            mark = begun["mark"] if begun is not None else ""
    if mark:  # it never ends: then each line is one
        return [line for line in map(str.strip, source.bare) if line and line[0] != "#"]
    return found


def read(source: Source) -> Draft:
    """Each variable whose value every program reads alike."""
    draft = Draft("a file of variables", "stated")
    known: dict[str, str] = {}
    unclear: dict[str, str] = {}
    for line in _lines(source):
        found = PAIR.match(line)
        assert found is not None
        name, value = found["name"], _value(found["value"].strip())
        if found["blank"] or found["value"][:1] in (" ", "\t"):
            value = None  # a shell takes it for a command, python-dotenv for an assignment
        if known.setdefault(name, value or "") != (value or ""):
            raise RefusedError(f"{source.name}: sets {name} to two values; keep one of them")
        if value is None:
            unclear[name] = DIFFERS
    printenv.add(draft, known, unclear)
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _value(text: str) -> str | None:
    """The value; None where a shell, Docker and python-dotenv would not agree."""
    quoted = QUOTED.fullmatch(text)
    if quoted is not None:
        literal = quoted["mark"] == "'" or not re.search(r"[$`]", quoted["inner"])
        return quoted["inner"] if literal else None
    return text if PLAIN.fullmatch(text) else None
