"""What a trial had of each atom: read back from its environment, its files and its own process.

Two sets are compared by what their trials had, and not by what we set: a start file in site-packages
may set a variable back, and a folder on the path may hide a distribution. What each side of an atom
looks like is learnt from both ends. A trial that had an atom otherwise than the end it takes it from
did not try that atom, so it decides nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from envsnap.bisection.atoms import Atom, Kind
from envsnap.bisection.environments import Environment
from envsnap.bisection.files import File
from envsnap.bisection.installed import named
from envsnap.bisection.places import Prepared

Seen = tuple[str | None, ...]  # of each atom; None where nobody could look

HIDDEN = "/hidden"  # after the version of a distribution that was imported from elsewhere
VARIABLES = (Kind.VARIABLE, Kind.LOCALE, Kind.TIMEZONE, Kind.THREADS)
LONGEST = 64 << 20  # bytes of what a trial says


class Witnessed(Struct, frozen=True, kw_only=True):
    """What a Python of the environment said of itself; None where there was none.

    `variables` and `processors` are those that its program began with, `files` what was imported
    from the environment, `outside` the files of modules that came from elsewhere.
    """

    variables: Mapping[str, str] | None = None
    processors: int | None = None
    files: Sequence[str] = ()
    outside: Mapping[str, str] = {}

    def imported(self, environment: Environment) -> tuple[str, ...] | None:
        """The distributions that something was imported from."""
        if self.variables is None:
            return None
        owners = (environment.installed.recorded.get(path) for path in self.files)
        return tuple(sorted({named(owner.distribution)[0] for owner in owners if owner}))


def witnessed(said: str, environment: Environment) -> Witnessed:
    """Read what was said; it comes from the command's processes, so it may be anything."""
    first: dict[str, dict[str, Any]] = {}
    files: set[str] = set()
    outside: dict[str, str] = {}
    root = os.path.realpath(environment.folder)
    with contextlib.suppress(OSError), open(said, "rb") as stream:
        for line in stream.read(LONGEST).splitlines():
            with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
                record: Any = json.loads(line)
                kind, data = str(record["kind"]), record["data"]
                if os.path.realpath(data["prefix"]) != root:
                    continue
                if kind == "imported":
                    files.update(str(path) for path in data["files"])
                    outside.update((str(name), str(path)) for name, path in data["outside"].items())
                else:
                    first.setdefault(kind, dict(data))
    begun = first.get("main") or first.get("started")
    if begun is None:
        return Witnessed()
    variables = begun.get("variables")
    processors = begun.get("processors")
    return Witnessed(
        variables={str(name): str(value) for name, value in variables.items()}
        if isinstance(variables, dict)
        else None,
        processors=processors if isinstance(processors, int) else None,
        files=sorted(files),
        outside=outside,
    )


def placed(atoms: Sequence[Atom], files: Iterable[File], prepared: Prepared) -> dict[int, str]:
    """What the trial's files say of each atom, read before the command begins."""
    found: dict[int, str] = {}
    named = {file.name: file for file in files}
    for number, atom in enumerate(atoms):
        if atom.kind not in (Kind.CONFIG, Kind.FILE) or atom.name not in named:
            continue
        mixed = named[atom.name].mixed
        told = set()
        for place in prepared.places.get(atom.name, ()):
            with open(place, "rb") as stream:
                if mixed is None or atom.kind is Kind.FILE:
                    told.add(hashlib.file_digest(stream, "sha256").hexdigest()[:16])
                else:
                    told.add(_short(repr(mixed.at(stream.read(), atom.inner))))
        found[number] = " ".join(sorted(told))
    return found


def seen(
    atoms: Sequence[Atom],
    said: Witnessed,
    environment: Environment,
    files: Mapping[int, str],
    folders: Mapping[str, str],
) -> Seen:
    """Every atom as the trial had it; `folders` are its own places, by what stands for them."""
    versions = environment.read_versions()
    return tuple(
        files.get(number)
        if atom.kind in (Kind.CONFIG, Kind.FILE)
        else _one(atom, said, environment, versions, folders)
        for number, atom in enumerate(atoms)
    )


def _one(
    atom: Atom,
    said: Witnessed,
    environment: Environment,
    versions: Mapping[str, str],
    folders: Mapping[str, str],
) -> str | None:
    if atom.kind is Kind.PACKAGE:
        version = versions.get(atom.name, "absent")
        return f"{version}{HIDDEN}" if _hidden(atom.name, said, environment) else version
    if said.variables is None:
        return None
    if atom.kind is Kind.PROCESSORS:
        return str(said.processors) if said.processors is not None else None
    if atom.kind in VARIABLES:
        value = said.variables.get(atom.name)
        for folder, name in folders.items():
            value = value.replace(folder, name) if value is not None else None
        return _short(value) if value is not None else "unset"
    return None


def _hidden(name: str, said: Witnessed, environment: Environment) -> bool:
    """Whether a module of a distribution was imported from outside the environment."""
    return bool(said.outside) and not environment.modules(name).isdisjoint(said.outside)


def _short(value: str) -> str:
    """A value may be a secret: its digest tells two apart as well."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Ends(Struct, frozen=True, kw_only=True):
    """What each atom looks like on both sides; None where that changes from run to run."""

    good: Seen = ()
    bad: Seen = ()

    def untaken(self, bad: Iterable[int], had: Seen) -> list[int]:
        """The atoms that a trial had otherwise than the end that it takes them from."""
        chosen = set(bad)
        found = []
        for number, fact in enumerate(had[: len(self.good)]):
            wanted = (self.bad if number in chosen else self.good)[number]
            if fact is not None and wanted is not None and not _alike(fact, wanted):
                found.append(number)
        return found

    def unseen(self, atoms: Sequence[Atom]) -> list[int]:
        """Atoms that look the same at both ends, though their sides differ."""
        return [
            number
            for number, (good, bad) in enumerate(zip(self.good, self.bad, strict=False))
            if good is not None and good == bad and number < len(atoms)
        ]


def _alike(fact: str, wanted: str) -> bool:
    """A run may end before it imports what the end imported from elsewhere."""
    return wanted in (fact, f"{fact}{HIDDEN}")


def learnt(good: Sequence[Seen], bad: Sequence[Seen]) -> Ends:
    """What the runs of both ends had in common."""
    return Ends(good=_common(good), bad=_common(bad))


def _common(runs: Sequence[Seen]) -> Seen:
    told = [run for run in runs if run]
    if not told:
        return ()
    return tuple(facts[0] if len(set(facts)) == 1 else None for facts in zip(*told, strict=False))
