"""`show_versions()` of pandas, xarray, scikit-learn, polars and their kin: "name: version" in groups.

The names are those of modules: where several distributions have a module, none is stated.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

from envsnap.intake.formats import configs, machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.intake.formats.transcript import command
from envsnap.model.host import System
from envsnap.model.python import Python

BLOCKS = 2  # that an empty line ends
FIRST = 6  # lines of a block, by which the others are judged
PAIR = re.compile(r"^\s{0,24}(?P<key>[A-Za-z][\w .-]{0,40}?)\s*(?::| {2,})\s*(?P<value>\S.*)$")
HEADS = {
    "pandas or xarray": re.compile(r"^\s*INSTALLED VERSIONS\s*$"),
    "scikit-learn": re.compile(r"^\s*Python dep(?:endencie)?s:\s*$"),
    "polars": re.compile(r"^\s*-{3,}Version info-{3,}\s*$"),
}
PYTHON = re.compile(r"(\d\.\d{1,2}\.\d{1,3})\.(?:final\.0|(candidate|alpha|beta)\.(\d{1,3}))")
STAGES = {"candidate": "rc", "alpha": "a", "beta": "b"}
PLATFORMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
VARIABLES = ("LC_ALL", "LANG")
# What follows these lines is of libraries, not of packages.
POOLS = re.compile(r"^\s*threadpoolctl info:")
POOL = re.compile(
    r"^\s*(?P<key>user_api|internal_api|num_threads|prefix|filepath|version|threading_layer|architecture):"
    r"\s(?P<value>\S.{0,400})$"
)
ENDS = re.compile(r"^\s*(?:threadpoolctl info|Built with OpenMP)\b")


def recognise(source: Source) -> bool:
    """The heading of such a report, with Python's version near it."""
    return bool(_starts(source)) and any(
        found is not None and found["key"].strip().lower() == "python"
        for found in map(PAIR.match, source.bare)
    )


def _starts(source: Source) -> list[tuple[int, str]]:
    return [
        (place, what)
        for place, line in enumerate(source.bare)
        for what, head in HEADS.items()
        if head.match(line)
    ]


def read(source: Source) -> Draft:
    """The packages with a version, Python, the system, and two variables."""
    starts = _starts(source)
    if len(starts) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(starts)} outputs of show_versions(); put each into a file"
            " of its own"
        )
    draft = Draft(f"the output of show_versions() of {starts[0][1]}", "stated")
    for key, value in _pairs(list(source.bare), starts[0]):
        if not _of_machine(draft, key, value):
            machine.module(draft, key, value)
    pools = _pools(source.bare)
    if pools:
        configs.add_told(draft, "threadpoolctl", pools, source.cut)
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _pools(lines: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The libraries of threads and of linear algebra, as threadpoolctl tells them, by their names."""
    found: list[dict[str, str]] = []
    start = next((place for place, line in enumerate(lines) if POOLS.match(line)), len(lines))
    for line in lines[start + 1 :]:
        told = POOL.match(line)
        if told is None and line.strip():
            break
        if told is not None and (not found or told["key"] in found[-1]):
            found.append({})
        if told is not None:
            found[-1][told["key"]] = told["value"].strip()
    pools: dict[str, dict[str, str]] = {}
    for pool in found:
        name = pool.pop("prefix", "")
        if not name:
            continue  # its end is missing
        key = name if name not in pools else f"{name} {len(pools) + 1}"
        pools[key] = {what: said for what, said in pool.items() if what != "filepath"}
    return pools


def _pairs(lines: list[str], start: tuple[int, str]) -> Iterator[tuple[str, str]]:
    """The keys and values of the report; scikit-learn's begins above the heading."""
    place, what = start
    if what == "scikit-learn":
        heads = [number for number in range(place) if lines[number].strip() == "System:"]
        place = heads[-1] if heads else place
    rest = lines[place + 1 :]
    blocks, column = 0, None  # of lines with a key; what those of the present one share
    for number, line in enumerate(rest):
        found = PAIR.match(line)
        if found is None and _parts(line):
            blocks, column = blocks + (column is not None), None
        if _ends(line) or (blocks == BLOCKS and not line.strip()):
            return
        if found is None:
            continue
        column = _shared(rest[number:]) if column is None else column
        if column and not column & _columns(found):
            return  # another program's line: a report's stand under each other
        yield found["key"].strip(), found["value"].strip()


def _ends(line: str) -> bool:
    """Whether a line is no part of a report: of another one, or around it."""
    around = line.strip().startswith(("```", "~~~", "</"))
    return bool(ENDS.match(line) or around or command(line))


def _parts(line: str) -> bool:
    """Whether a line stands between two blocks."""
    return not line.strip() or any(head.match(line) for head in HEADS.values())


def _columns(found: re.Match[str]) -> set[int]:
    """Where the key of a line ends, negative, and where its value begins."""
    return {-found.string.find(":", found.end("key")), found.start("value")}


def _shared(lines: list[str]) -> set[int]:
    """What most of a block's first lines have in common; empty where they are not aligned.

    Keys of one length end in one column without being aligned.
    """
    block = list(itertools.takewhile(str.strip, lines[:FIRST]))
    found = [match for line in block if (match := PAIR.match(line))]
    counted = Counter(itertools.chain.from_iterable(map(_columns, found)))
    return {
        place
        for place, count in counted.items()
        if count > 2
        and count * 2 >= len(found)
        and len({len(match["key"]) for match in found if place in _columns(match)}) > 1
    }


def _of_machine(draft: Draft, key: str, value: str) -> bool:
    """Take what is no package; tells whether it was that."""
    word = key.lower()
    if word == "python":
        _python(draft, value)
    elif word in ("platform", "machine") and "-" in value:
        machine.platform(draft, value)
    elif word == "machine":
        draft.add(System(complete=False, architecture=value))
    elif word == "os" and value in PLATFORMS:
        draft.add(System(complete=False, platform=PLATFORMS[value]))
    elif word == "os-release":
        draft.add(System(complete=False, kernel=value))
    elif key in VARIABLES and value != "None":
        draft.variable(key, value)
    else:
        return word in (
            "commit", "python-bits", "os", "version", "processor", "byteorder", "lc_all", "lang",
            "locale", "executable", "index type", "lts cpu",
        )  # fmt: skip
    return True


def _python(draft: Draft, value: str) -> None:
    """`3.11.9.final.0`, as pandas writes it, or what `sys.version` says."""
    found = PYTHON.fullmatch(value)
    if found is None:
        machine.python(draft, value)
        return
    stage = f"{STAGES[found[2]]}{found[3]}" if found[2] else ""
    draft.add(Python(complete=False, version=found[1] + stage))
