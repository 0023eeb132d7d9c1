"""`%watermark` of IPython: Python, packages, the machine.

The names are those of modules: where several distributions have a module, none is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.intake.formats import key_values, machine, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import Git, System

BEGIN = re.compile(r"^Python implementation: \w+$")
PAIR = re.compile(r"^(?P<key>[A-Za-z_][\w .-]{0,60}?) *: (?P<value>\S.*)$")
EMPTY = re.compile(r"^(?P<key>[A-Za-z_][\w .-]{0,60}?) *:$")  # Processor, of some systems
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# The list of GPUs stands between the pairs.
GPU = re.compile(r"^GPU Info: *$|^ {2}GPU \d+: ")
# Keys that are no module, and what says nothing of the environment.
OTHERS = frozenset(
    ("last updated", "compiler", "processor", "architecture", "hostname",
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
        take = TABLE.get(key.lower())
        if take is not None:
            take(draft, value)
        elif key.lower() not in OTHERS:
            machine.module(draft, key, value)
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _pairs(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The keys and values, up to the first line that is neither a pair nor empty.

    Those of a block stand under each other: what does not is another program's.
    """
    column: int | None = None
    for number, line in enumerate(lines):
        found = PAIR.match(line) or EMPTY.match(line)
        if found is None and line.strip() and not GPU.match(line):
            return
        if found is None:
            column = None
            continue
        here = line.find(":", found.end("key"))
        below = PAIR.match(lines[number + 1]) if number + 1 < len(lines) else None
        if column is None and below and below.string.find(":", below.end("key")) != here:
            return
        if column is not None and here != column:
            return
        column = here
        if "value" in found.groupdict():
            yield found["key"], found["value"].strip()


def _platform(draft: Draft, value: str) -> None:
    if value in machine.PLATFORMS:
        draft.add(System(complete=False, platform=machine.PLATFORMS[value]))


def _kernel(draft: Draft, value: str) -> None:
    if re.match(r"\d+\.\d+", value):
        draft.add(System(complete=False, kernel=value))


def _architecture(draft: Draft, value: str) -> None:
    if value in machine.MACHINES:
        draft.add(System(complete=False, architecture=value))


def _cpus(draft: Draft, value: str) -> None:
    draft.add(System(complete=False, cpus=trees.whole(value)))  # of multiprocessing: logical ones


def _commit(draft: Draft, value: str) -> None:
    if COMMIT.fullmatch(value):
        draft.add(Git(complete=False, commit=value))


# What the keys say that are no module.
TABLE = {
    "python version": machine.python,
    "ipython version": key_values.of("ipython"),
    "os": _platform,
    "release": _kernel,
    "machine": _architecture,
    "cpu cores": _cpus,
    "git hash": _commit,
}
