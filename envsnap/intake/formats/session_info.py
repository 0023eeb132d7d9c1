"""`session_info.show()`: the modules that a notebook has imported, Python, the platform.

The names are those of modules: where several distributions have a module, none is stated.
"""

from __future__ import annotations

import re

from envsnap.intake.formats import machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

RULE = re.compile(r"^-{5}$")
MODULE = re.compile(r"^(?P<key>[A-Za-z_]\w{0,60}) {2,80}(?P<value>\S+)$")
PYTHON = re.compile(r"^Python (?P<value>\d\.\d{1,2}\.\d{1,3}\b.*)$")
END = re.compile(r"^Session information updated at \d{4}-\d{2}-\d{2}")


def recognise(source: Source) -> bool:
    """Its last sentence, below rules of five dashes and Python's version."""
    return bool(_ends(source)) and any(map(PYTHON.match, source.bare))


def _ends(source: Source) -> list[int]:
    return [place for place, line in enumerate(source.bare) if END.match(line)]


def read(source: Source) -> Draft:
    """The modules with a version, Python, and the platform."""
    ends = _ends(source)
    if len(ends) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(ends)} outputs of session_info; put each into a file of its own"
        )
    draft = Draft("the output of session_info.show()", "stated")
    lines = source.bare[: ends[0]]
    first = next((place for place, line in enumerate(lines) if RULE.match(line)), len(lines))
    for line in lines[first:]:
        module, python = MODULE.match(line), PYTHON.match(line)
        if module is not None:
            machine.module(draft, module["key"], module["value"])
        elif python is not None:
            machine.python(draft, python["value"])
        else:
            machine.platform(draft, line)
    return draft
