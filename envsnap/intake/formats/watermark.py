"""`%watermark` of IPython: Python, packages, the machine.

The names are those of modules: where several distributions have a module, none is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.intake.formats import machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

BEGIN = re.compile(r"^Python implementation: \w+$")
PAIR = re.compile(r"^(?P<key>[A-Za-z_][\w .-]{0,60}?) *: (?P<value>\S.*)$")
# The list of GPUs stands between the pairs.
GPU = re.compile(r"^GPU Info: *$|^ {2}GPU \d+: ")
# Keys that are no module, and what says nothing of the environment.
OTHERS = frozenset(
    ("last updated", "compiler", "processor", "cpu cores", "architecture", "hostname", "git hash",
     "git repo", "git branch", "watermark", "author", "github username", "email", "website",
     "conda environment", "gpu info", "python implementation", "sys")
)  # fmt: skip


def recognise(source: Source) -> bool:
    """The implementation of Python, with its version in the next line."""
    return any(
        source.bare[place + 1].startswith("Python version ")
        for place in _starts(source)
        if place + 1 < len(source.bare)
    )


def _starts(source: Source) -> list[int]:
    return [place for place, line in enumerate(source.bare) if BEGIN.match(line)]


def read(source: Source) -> Draft:
    """Python, the modules that were asked for, and the machine."""
    starts = _starts(source)
    if len(starts) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(starts)} outputs of watermark; put each into a file of its own"
        )
    draft = Draft("the output of watermark", "stated")
    for key, value in _pairs(source.bare[starts[0] :]):
        if not _of_machine(draft, key.lower(), value):
            machine.module(draft, key, value)
    if source.cut:
        draft.leave_end()
    return draft


def _pairs(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The keys and values, up to the first line that is neither a pair nor empty."""
    for line in lines:
        found = PAIR.match(line)
        if found is not None:
            yield found["key"], found["value"].strip()
        elif line.strip() and not GPU.match(line):
            return


def _of_machine(draft: Draft, key: str, value: str) -> bool:
    """Take what is no module; tells whether it was that."""
    if key == "python version":
        machine.python(draft, value)
    elif key == "ipython version":
        machine.package(draft, "ipython", value)
    elif key == "os":
        if value in machine.PLATFORMS:
            draft.add(System(complete=False, platform=machine.PLATFORMS[value]))
    elif key == "release":
        if re.match(r"\d+\.\d+", value):
            draft.add(System(complete=False, kernel=value))
    elif key == "machine":
        if value in machine.MACHINES:
            draft.add(System(complete=False, architecture=value))
    else:
        return key in OTHERS
    return True
