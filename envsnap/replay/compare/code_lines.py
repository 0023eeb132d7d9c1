"""Lines of the script, and of modules that are no library's, that are not those of the golden run."""

from __future__ import annotations

import ast
import difflib
import itertools
import os
import re
import zlib
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from envsnap.redact import decision
from envsnap.replay.esr.recording import Record

LONGEST, SHOWN = 2000, 120  # of a line: what is judged, and what is told
MINOR = "m"  # lines that only import or tell something
BARE = "n:"  # a function without those
STATEMENT = "s:"  # of a block that is no function
GIVEN = "r:"  # a block without the names that its file gives
METHOD = "q:"  # the name of a function behind that of its class
MOST_ALIKE = 20
TELLS_ALL = 8  # the revision since which modules from elsewhere are among the files
TELLS_SMALL = 9  # and that since which those of small distributions are
INSTALLED = re.compile(r"(?:^|/)(?:site|dist)-packages/")


class Line(NamedTuple):
    """What differs, in words, and where that is, as `file.py:12-14`."""

    told: str
    place: str
    minor: bool  # it only imports something, tells something or begins a function
    model: str = ""  # the class with a forward in which it stands


def compare(golden: Record, other: Record) -> Iterator[Line]:
    """The lines that differ; what only imports or tells last.

    Lines that are no code, and functions that do the same under other names of their own values,
    are no difference, where both recordings tell what is code.
    """
    found = list(_all(golden, other))
    for minor in (False, True):
        yield from (line for line in found if line.minor is minor)


def _all(golden: Record, other: Record) -> Iterator[Line]:
    """Each difference, and whether its lines only import something or tell the reader something."""
    here, there = golden.code, other.code
    twins = _twins(here, there)
    for name, two in there.items():
        twin = twins.get(name, name)
        one = here.get(twin)
        if one is None or one == two:
            continue
        known = _Blocks(golden.blocks.get(twin)), _Blocks(other.blocks.get(name))
        moved = "" if twin == name or len(here) == 1 else f" (in the golden run it is {twin})"
        parts = list(_parts(name, one, two, known))
        acting = any(not (part.of_heads or part.minor) for part in parts)
        for part in parts:
            minor = part.minor or (part.of_heads and acting)
            yield Line(f"{part.told}{moved}", part.place, minor, part.model)
    revision = min(golden.recording_revision, other.recording_revision)
    if revision >= TELLS_ALL:
        mine, theirs = (_known(names, revision) for names in (here, there))
        yield from _alone(theirs, mine, twins.keys(), "here only")
        yield from _alone(mine, theirs, twins.values(), "in the golden run only")


def _known(names: Iterable[str], revision: int) -> list[str]:
    """The files that recordings since this revision have."""
    return [name for name in names if revision >= TELLS_SMALL or not INSTALLED.search(name)]


def _twins(here: Collection[str], there: Collection[str]) -> dict[str, str]:
    """The golden run's name of each file that lies elsewhere now: it alone ends in the same words.

    Where each run has one file, these are one.
    """
    left = [name for name in here if name not in there]
    come = [name for name in there if name not in here]
    if len(here) == len(there) == len(left) == 1:
        return {come[0]: left[0]}
    found: dict[str, str] = {}
    for name in come:
        alike = {twin: _common_end(name, twin) for twin in left}
        most = max(alike.values(), default=0)
        best = [twin for twin, words in alike.items() if words == most]
        if most and len(best) == 1:
            found[name] = best[0]
    return {name: twin for name, twin in found.items() if list(found.values()).count(twin) == 1}


def _common_end(one: str, two: str) -> int:
    """How many words two paths have in common at their end."""
    pairs = zip(reversed(one.split("/")), reversed(two.split("/")), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _alone(
    mine: Collection[str], theirs: Collection[str], paired: Collection[str], where: str
) -> Iterator[Line]:
    """The modules that one run alone reads: they may stand before others of their names."""
    for name in mine if theirs else ():
        if name not in theirs and name not in paired:
            yield Line(f"the module {name} is read {where}", f"{name}:1-1", minor=True)


class _Part(NamedTuple):
    """Lines that differ: whether they only begin functions, or tell something; in words, and where."""

    of_heads: bool
    minor: bool
    told: str
    place: str
    model: str = ""


def _parts(
    name: str, one: Sequence[str], two: Sequence[str], known: tuple[_Blocks, _Blocks]
) -> Iterator[_Part]:
    """The lines of one file that differ, and hold code that does."""
    known[0].rename(known[1])
    same = _statements_alike(*known)
    lines = text(name, tuple(two))
    tree = _parsed(lines)
    heads, models = _heads(lines, tree), _models(tree)
    matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
    for what, first, last, start, end in matcher.get_opcodes():
        if what == "equal" or (
            known[0].do_the_same((first + 1, last), known[1], same[0])
            and known[1].do_the_same((start + 1, end), known[0], same[1])
        ):
            continue
        if what == "delete":
            told = _missing(name, first, last)
            inside = _model(start + 1, models)
            yield _Part(False, False, told, f"{name}:{start + 1}-{start + 1}", inside)
            continue
        span = known[1].other_lines((start + 1, end), known[0], same[1])
        first_line = known[1].first_code(span)
        body = next((line for line in range(first_line, end + 1) if line not in heads), None)
        told = _differs(name, (body or first_line) - 1, lines)
        minor = known[1].is_minor(span, known[0])
        inside = _model(span[0], models)
        yield _Part(body is None, minor, told, f"{name}:{span[0]}-{span[1]}", inside)


def _parsed(lines: Sequence[str]) -> ast.Module | None:
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _model(line: int, models: Sequence[tuple[int, int, str]]) -> str:
    """The class with a forward in which a line stands; empty: none."""
    return next((name for first, last, name in models if first <= line <= last), "")


def _models(tree: ast.Module | None) -> list[tuple[int, int, str]]:
    """The lines and names of classes that have a forward, as models and their layers do."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)) if tree else ()
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in classes
        if any(isinstance(item, ast.FunctionDef) and item.name == "forward" for item in node.body)
    ]


def _heads(lines: Sequence[str], tree: ast.Module | None) -> set[int]:
    """Lines that begin a function, or describe it, and blank ones; empty where nobody has the text.

    A function that differs may differ in types and texts there, too: what it does stands below.
    """
    if tree is None:
        return set()
    found = {number for number, line in enumerate(lines, 1) if not line.strip()}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            found.update(range(node.lineno, end))
    return found


def _missing(name: str, first: int, last: int) -> str:
    if last - first > 1:
        return f"{name} lines {first + 1} to {last} of the golden run are missing"
    return f"{name} line {first + 1} of the golden run is missing"


def _differs(name: str, start: int, lines: list[str]) -> str:
    shown = decision.message(lines[start].strip()[:LONGEST], {})[:SHOWN] if lines else ""
    return f"{name} line {start + 1} differs" + (f": `{shown}`" if shown else "")


class _Blocks:
    """The functions and statements of one file: where they stand, and digests of what they do."""

    def __init__(self, told: Sequence[str] | None) -> None:
        self._is_told = told is not None
        self._found: list[tuple[int, int, str]] = []
        self._minor: list[tuple[int, int]] = []
        self._bare: list[tuple[int, int, str]] = []
        self._given: dict[tuple[int, int], tuple[str, tuple[str, ...]]] = {}
        self._methods: dict[tuple[int, int], str] = {}
        twice: set[tuple[int, int]] = set()
        for item in told or ():
            span, _, digest = item.partition(" ")
            first, _, last = span.partition("-")
            if not (first.isdigit() and last.isdigit()):
                continue
            lines = int(first), int(last)
            if digest == MINOR:
                self._minor.append(lines)
            elif digest.startswith(BARE):
                self._bare.append((*lines, digest))
            elif digest.startswith(GIVEN):
                does, _, names = digest.partition(" ")
                twice.update({lines} & self._given.keys())  # two statements of one line
                self._given[lines] = does, tuple(names.split(","))
            elif digest.startswith(METHOD):
                self._methods[lines] = digest
            else:
                self._found.append((*lines, digest))
        self._given = {lines: told for lines, told in self._given.items() if lines not in twice}
        self._counts = Counter(digest for _, _, digest in self._found)

    def rename(self, other: _Blocks) -> None:
        """Follow names of this file that the other one has given up for new ones, each for one.

        Both then tell what their blocks do with the other's names, where both recordings tell names.
        """
        mine, theirs = self._names(), other._names()
        if not (mine and theirs):
            return
        alike: dict[str, list[tuple[str, ...]]] = {}
        for does, names in other._given.values():
            alike.setdefault(does, []).append(names)
        became: dict[str, str] = {}
        for does, names in self._given.values():
            for others in alike.get(does, ())[:MOST_ALIKE]:
                pairs = [pair for pair in zip(names, others, strict=False) if pair[0] != pair[1]]
                if any(one in theirs or two in mine for one, two in pairs):
                    continue
                if any(became.setdefault(one, two) != two for one, two in pairs):
                    return  # a name became two
        if len(set(became.values())) == len(became):
            self._take(became)
            other._take({})

    def _names(self) -> set[str]:
        return {name for _, names in self._given.values() for name in names}

    def _take(self, became: dict[str, str]) -> None:
        """Tell blocks by what they do and the names that they give."""
        self._found = [
            (first, last, self._with_names((first, last), digest, became))
            for first, last, digest in self._found
        ]
        self._counts = Counter(digest for _, _, digest in self._found)

    def _with_names(self, lines: tuple[int, int], digest: str, became: dict[str, str]) -> str:
        if lines not in self._given:
            return digest
        does, names = self._given[lines]
        return f"{digest[:2]}{does} {','.join(became.get(name, name) for name in names)}"

    @property
    def statements(self) -> list[tuple[int, str]]:
        """The place among all blocks of each that is no function, and what it does: their order counts."""
        return [
            (place, digest)
            for place, (_, _, digest) in enumerate(self._found)
            if digest.startswith(STATEMENT)
        ]

    def is_minor(self, lines: tuple[int, int], other: _Blocks) -> bool:
        """Whether these lines hold no code but what imports or tells something, and its consequences."""
        mine = Counter(digest for _, _, digest in self._bare)
        theirs = Counter(digest for _, _, digest in other._bare)
        alike = [
            (first, last) for first, last, digest in self._bare if mine[digest] <= theirs[digest]
        ]
        code = [(first, last) for first, last, _ in self._found]
        return self._is_told and all(
            _stands(line, [*self._minor, *alike]) or not _stands(line, code)
            for line in range(lines[0], lines[1] + 1)
        )

    def first_code(self, lines: tuple[int, int]) -> int:
        """The first of these lines that does more than import or tell something; the first without."""
        code = [(first, last) for first, last, _ in self._found]
        every = range(lines[0], lines[1] + 1)
        acting = (line for line in every if _stands(line, code) and not _stands(line, self._minor))
        return next(acting, lines[0])

    def do_the_same(self, lines: tuple[int, int], other: _Blocks, alike: Container[int]) -> bool:
        """Whether all code in these lines (from 1, both ends of them) is in the other file, too.

        `alike` has the places of the statements that stand in the other one's order as well.
        """
        return self._is_told and other._is_told and not self._others(lines, other, alike)

    def other_lines(
        self, lines: tuple[int, int], other: _Blocks, alike: Container[int]
    ) -> tuple[int, int]:
        """Of these lines those of blocks that the other file has not; all where nobody tells blocks."""
        found = self._others(lines, other, alike) if self._is_told and other._is_told else []
        if not found:
            return lines
        return max(lines[0], found[0][0]), min(lines[1], max(last for _, last in found))

    def _others(
        self, lines: tuple[int, int], other: _Blocks, alike: Container[int]
    ) -> list[tuple[int, int]]:
        """The blocks in these lines that the other file has not, or not as often.

        A function that now does what another one does is a change, too, and so are two of one name
        whose classes have exchanged them.
        """
        mine, methods = self._by_method(), other._by_method()
        exchanged = {name for name, does in mine.items() if methods.get(name, does) != does}
        return [
            (first, last)
            for place, (first, last, digest) in enumerate(self._found)
            if first <= lines[1]
            and last >= lines[0]
            and not (
                place in alike
                if digest.startswith(STATEMENT)
                else self._counts[digest] <= other._counts[digest]
                and self._methods.get((first, last)) not in exchanged
            )
        ]

    def _by_method(self) -> dict[str, str]:
        """What each function of a class does, by its name; none that the class defines twice."""
        names = Counter(self._methods.values())
        return {
            self._methods[first, last]: digest
            for first, last, digest in self._found
            if names[self._methods.get((first, last), "")] == 1
        }


def _statements_alike(one: _Blocks, other: _Blocks) -> tuple[set[int], set[int]]:
    """The places of the statements of two files that do the same in the same order."""
    mine, theirs = one.statements, other.statements
    matcher = difflib.SequenceMatcher(
        None, [digest for _, digest in mine], [digest for _, digest in theirs], autojunk=False
    )
    met = [block for block in matcher.get_matching_blocks() if block.size]
    return (
        {mine[block.a + step][0] for block in met for step in range(block.size)},
        {theirs[block.b + step][0] for block in met for step in range(block.size)},
    )


def _stands(line: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= line <= last for first, last in spans)


def text(name: str, digests: tuple[str, ...]) -> list[str]:
    """The lines of a file, if it still is the one that was recorded."""
    try:
        if os.path.getsize(name) > 1 << 21:
            return []
        with open(name, "rb") as stream:
            data = stream.read().split(b"\n")
    except (OSError, ValueError):
        return []
    if tuple(f"{zlib.crc32(line.strip()):08x}" for line in data) != digests:
        return []
    return [line.decode("utf-8", "replace") for line in data]


def within(place: str, after: str, before: str) -> bool:
    """Whether lines of a file overlap those between two places of it; an open end is no bound."""
    name, _, span = place.rpartition(":")
    first, _, last = span.partition("-")
    for bound, late in ((after, False), (before, True)):
        file, _, line = bound.rpartition(":")
        if not file:
            continue
        if file != name or not line.isdigit():
            return False
        if (int(first) > int(line)) if late else (int(last) < int(line)):
            return False
    return True
