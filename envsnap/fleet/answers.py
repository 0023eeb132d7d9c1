"""Finds the answers of hosts: in folders that a fleet was captured into, in files, in streams."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from msgspec import UNSET, Struct

from envsnap.errors import InputError
from envsnap.fleet import parts
from envsnap.intake.many import Answer, Frame, Part, Reader

RECORD = "fleet.json"  # in a folder of answers: who gave none, and why
RECORD_VERSION = 1
UNSAFE = re.compile(r"[^A-Za-z0-9._@:+-]")
ENDINGS = (".json", ".facts")
NO_ANSWER = ".silent"  # the ending of a file that says why a rank is not described
BESIDE = (NO_ANSWER, ".sig", ".tmp")  # what captures and signatures leave in such a folder
MOST_FILES = 1_000_000
DAYS_APART = 14  # a host that was captured so long before most others is another day's state


class Fleet(Struct, kw_only=True):
    """Hosts as they answered: names, parts, and who gave no answer.

    The first of a host's names is the one that is shown; hosts of `silent` have a reason.
    """

    names: list[tuple[str, ...]]
    hosts: list[tuple[Frame, tuple[Part, ...]]]
    silent: dict[str, str]
    inventory: tuple[str, ...] = ()
    twice: list[str] = []
    sealed: list[str] = []
    captured: list[str] = []  # when each host was

    def stale(self) -> list[str]:
        """The hosts that were captured weeks before most of the others, and when."""
        days = [_day(created) for created in self.captured]
        known = sorted(day for day in days if day is not None)
        usual = known[len(known) // 2] if known else None
        return [
            f"{name[0]} ({day})"
            for name, day in zip(self.names, days, strict=True)
            if day is not None and usual is not None and (usual - day).days >= DAYS_APART
        ]


def _day(created: str) -> date | None:
    try:
        return datetime.fromisoformat(created).date()
    except ValueError:
        return None


def read(paths: Sequence[str]) -> Fleet:
    """Read every host of folders and files; what is refused is unknown, and the rest goes on.

    Raises InputError where a path is not there.
    """
    fleet = Fleet(names=[], hosts=[], silent={})
    reader = Reader(parts.look)
    taken: set[str] = set()
    where: dict[str, str] = {}
    for path in _different(paths):
        for file in _files(path, fleet):
            try:
                for answer in reader.file(file):
                    fleet.names.append(names(answer, taken))
                    name = fleet.names[-1][0]
                    where[name] = file
                    if is_numbered(name, taken):
                        first = where.get(name.rpartition("#")[0], "")
                        fleet.twice.append(f"{name} ({file}, beside {first})")
                    if answer.frame.sealed is not UNSET:
                        fleet.sealed.append(name)
                    fleet.hosts.append((answer.frame, answer.parts))
                    fleet.captured.append(answer.frame.created_at or "")
            except InputError as error:
                fleet.silent[host_of(file)] = refusal(file, error)
    return fleet


def is_numbered(name: str, taken: set[str]) -> bool:
    """Whether a host has a number behind its name because another answer has the name."""
    first, mark, number = name.rpartition("#")
    return bool(mark) and number.isdigit() and first in taken


def host_of(file: str) -> str:
    """The host whose answer lies in a file, by the file's name."""
    host = os.path.basename(file)
    return next((host.removesuffix(end) for end in ENDINGS if host.endswith(end)), host)


def refusal(file: str, error: InputError) -> str:
    """Why an answer was refused, without the file's name."""
    return f"refused: {str(error).removeprefix(file).lstrip(': ')}"[:400]


def files(paths: Sequence[str], silent: dict[str, str]) -> Iterator[str]:
    """The files of answers in folders and among files; who is known to be silent is noted."""
    fleet = Fleet(names=[], hosts=[], silent=silent)
    for path in _different(paths):
        yield from _files(path, fleet)


def _different(paths: Sequence[str]) -> list[str]:
    """Paths without those that name a file or a folder again."""
    return list(
        {os.path.realpath(path) if path != "-" else path: path for path in paths[::-1]}.values()
    )[::-1]


def passed_over(paths: Sequence[str]) -> list[str]:
    """The files of folders that are taken for nobody's answer, by their names' endings."""
    found: list[str] = []
    for path in paths:
        with contextlib.suppress(OSError), os.scandir(path) as entries:
            found += [
                entry.path
                for entry in entries
                if entry.is_file()
                and not entry.name.startswith(".")
                and not entry.name.endswith((*ENDINGS, *BESIDE))
            ]
    return sorted(found)


def _files(path: str, fleet: Fleet) -> Iterator[str]:
    """The files of a folder, or the file itself; a folder's record is taken into the fleet."""
    if path == "-" or not os.path.isdir(path):
        if path != "-" and not os.path.lexists(path):
            raise InputError(f"{path}: no such file or folder")
        yield path
        return
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if len(names) > MOST_FILES:
        raise InputError(f"{path}: more than {MOST_FILES:,} files")
    for name in names:
        file = os.path.join(path, name)
        if name == RECORD:
            _recorded(file, fleet)
        elif name.endswith(ENDINGS) and not name.startswith("."):
            yield file


def _recorded(file: str, fleet: Fleet) -> None:
    """What a capture of a fleet wrote beside its answers."""
    from envsnap.intake import contents
    from envsnap.model import scan

    tree = scan.parse(contents.contents(file, file), file)
    silent = tree.get("silent") if isinstance(tree, dict) else None
    hosts = tree.get("hosts") if isinstance(tree, dict) else None
    if not isinstance(silent, dict) or not isinstance(hosts, list):
        raise InputError(f"{file}: not the record of a fleet capture")
    if tree.get("record_version") != RECORD_VERSION:
        raise InputError(f"{file}: written by another version of envsnap")
    fleet.silent.update({str(host): str(reason)[:400] for host, reason in silent.items()})
    fleet.inventory = (*fleet.inventory, *(str(host) for host in hosts))


def record(engine: str, hosts: Sequence[str], silent: dict[str, str], deadline: float) -> bytes:
    """Spell the record of a capture: all hosts that were asked, and who gave no answer."""
    tree = {
        "record_version": RECORD_VERSION,
        "engine": engine,
        "deadline": deadline,
        "hosts": list(hosts),
        "silent": silent,
    }
    return (json.dumps(tree, indent=1) + "\n").encode()


def file_name(host: str) -> str:
    """A host's name as the name of its file, without the ending."""
    return UNSAFE.sub("_", host).lstrip(".") or "_"


def names(answer: Answer, taken: set[str]) -> tuple[str, ...]:
    """A host's names. One that is taken gets the rank, else a number."""
    target = answer.target.name if answer.target.name is not UNSET else None
    found = answer.name
    if answer.target.kind == "file" and (answer.node or answer.hostname):
        found = answer.node or answer.hostname or found
    elif answer.label and file_name(answer.label) == found.partition("#")[0]:
        found = answer.label  # its file could not be called so
    if found in taken and answer.rank is not None:
        found = f"{found}:{answer.rank}"
    found = free(found, taken)
    further = (answer.name, answer.label, answer.hostname, target)
    return (found, *(name for name in dict.fromkeys(further) if name and name != found))


def free(name: str, taken: set[str]) -> str:
    """The name, or with a number the first that is not taken; it is taken then."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}#{number}", number + 1
    taken.add(found)
    return found
