"""`uv.lock`: a graph; what is wanted where follows from the markers on the way from the projects.

A package is wanted where one of the ways to it holds: each way is a set of markers, and a way
that needs more than another one says nothing new. Nothing is resolved here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted

Way = frozenset[str]
Key = tuple[str, str, str]  # name, version, place it comes from
MOST_WAYS = 24
OWN = ("virtual", "editable", "directory")
EVERYWHERE: Way = frozenset()


def recognise(source: Source) -> bool:
    """TOML with packages that have sources, and the range of Pythons."""
    head = source.text[:4000]
    if "version = " not in head or "[[package]]" not in source.text:
        return False
    packages = list(trees.records(source.toml, "package"))
    return isinstance(source.toml.get("version"), int) and any(
        isinstance(item.get("source"), dict)
        for item in packages  # Cargo.lock has texts
    )


def read(source: Source) -> Draft:
    """What the projects of the lock need by default, and what only their extras and groups do."""
    draft = Draft("uv.lock", "wanted")
    graph = _Graph(source.toml)
    ways = graph.walk(graph.roots())
    groups = graph.by_group(ways)
    for key, item in graph.packages.items():
        if graph.is_own(item):
            draft.leave("projects of the lock itself", beside=True)
            continue
        name = canonical(key[0])
        default = ways.get(key, set())
        asked, further = groups.get(key, (set(), set()))
        if not default and not further:
            draft.leave("packages that nothing in the lock asks for", beside=True)
        if default:
            draft.want(name, _choice(item, default, ()))
        if further:
            draft.want(name, _choice(item, further, tuple(sorted(asked))))
        if len(default) > MOST_WAYS:
            reason = "not stated: it depends on more conditions than can be told"
            draft.gap("wanted", (name, "marker"), reason)
    requires = trees.text(source.toml, "requires-python")
    draft.add(Wanted(complete=False, entries={}, requires_python=requires))
    draft.complete("wanted", names_only=True)
    return draft


def _choice(item: dict[str, Any], ways: set[Way], groups: tuple[str, ...]) -> Choice:
    return Choice(
        version=trees.text(item, "version"),
        marker=_marker(ways),
        origin=_origin(item),
        groups=groups or UNSET,
    )


def _marker(ways: set[Way]) -> str | UnsetType:
    if EVERYWHERE in ways or len(ways) > MOST_WAYS:
        return UNSET
    told = sorted(" and ".join(_bracketed(part) for part in sorted(way)) for way in ways)
    return " or ".join(f"({way})" if len(told) > 1 and " and " in way else way for way in told)


def _bracketed(marker: str) -> str:
    return f"({marker})" if " or " in marker else marker


def _origin(item: dict[str, Any]) -> Origin | UnsetType:
    """A commit, or an address; what comes from an index has none."""
    git, url = trees.text(item, "source", "git"), trees.text(item, "source", "url")
    if isinstance(git, str):
        place, _, commit = git.partition("#")
        return Origin(url=privacy.clean_url(place), vcs="git", commit=commit or UNSET)
    return Origin(url=privacy.clean_url(url)) if isinstance(url, str) else UNSET


class _Graph:
    """The packages of a lock and the ways to them."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.packages: dict[Key, dict[str, Any]] = {}
        self._named: dict[str, list[Key]] = {}
        for item in trees.records(tree, "package"):
            if isinstance(item.get("name"), str):
                key = _key(item)
                self.packages[key] = item
                self._named.setdefault(key[0], []).append(key)

    @staticmethod
    def is_own(item: dict[str, Any]) -> bool:
        """Whether a package is a project that the lock is for, or lies beside it."""
        return any(kind in trees.mapping(item, "source") for kind in OWN)

    def roots(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        """The lock's own projects; in a lock without any, all that nothing else needs."""
        own = [(key, item) for key, item in self.packages.items() if self.is_own(item)]
        needed = {
            dependency.get("name")
            for item in self.packages.values()
            for dependency in trees.records(item, "dependencies")
        }
        yield from own or (
            (key, item) for key, item in self.packages.items() if key[0] not in needed
        )

    def walk(self, roots: Iterator[tuple[Key, dict[str, Any]]]) -> dict[Key, set[Way]]:
        """The ways to each package from the default dependencies of the roots."""
        found: dict[Key, set[Way]] = {}
        todo = deque((key, "", EVERYWHERE) for key, _ in roots)
        self._spread(todo, found)
        return found

    def by_group(self, default: dict[Key, set[Way]]) -> dict[Key, tuple[set[str], set[Way]]]:
        """What extras and groups of the projects reach beyond the default, by which, on which ways."""
        found: dict[Key, tuple[set[str], set[Way]]] = {}
        for group, needs in self._groups():
            reached: dict[Key, set[Way]] = {}
            self._spread(deque(self._targets(needs, EVERYWHERE)), reached)
            for key, ways in reached.items():
                covered = default.get(key, set())
                further = [way for way in ways if not any(known <= way for known in covered)]
                groups, known_ways = found.setdefault(key, (set(), set()))
                groups.update({group} if further else ())
                for way in further:
                    _adds(known_ways, way)
        return found

    def _groups(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        for _, item in self.roots():
            for table in ("optional-dependencies", "dev-dependencies", "dependency-groups"):
                for group, needs in trees.mapping(item, table).items():
                    yield group, trees.records({"x": needs}, "x")

    def _spread(self, todo: deque[tuple[Key, str, Way]], found: dict[Key, set[Way]]) -> None:
        seen: dict[tuple[Key, str], set[Way]] = {}
        while todo:
            key, extra, way = todo.popleft()
            if not _adds(seen.setdefault((key, extra), set()), way):
                continue
            _adds(found.setdefault(key, set()), way)
            item = self.packages[key]
            needs = (
                trees.records(item, "optional-dependencies", extra)
                if extra
                else trees.records(item, "dependencies")
            )
            todo.extend(self._targets(needs, way))

    def _targets(self, needs: Iterator[dict[str, Any]], way: Way) -> Iterator[tuple[Key, str, Way]]:
        for need in needs:
            marker = trees.text(need, "marker")
            further = way | {marker} if isinstance(marker, str) else way
            for key in self._meant(need):
                yield key, "", further
                extras = need.get("extra")
                for extra in extras if isinstance(extras, list) else ():
                    yield key, str(extra), further

    def _meant(self, need: dict[str, Any]) -> list[Key]:
        keys = self._named.get(str(need.get("name")), [])
        if "version" in need:
            keys = [key for key in keys if key[1] == need["version"]]
        if len(keys) > 1 and "source" in need:
            keys = [key for key in keys if key[2] == str(need["source"])]
        return keys


def _key(item: dict[str, Any]) -> Key:
    return str(item["name"]), str(item.get("version", "")), str(item.get("source", ""))


def _adds(ways: set[Way], way: Way) -> bool:
    """Add a way unless one that needs no more is known; those that need more go."""
    if any(known <= way for known in ways) or len(ways) > MOST_WAYS:
        return False
    ways.difference_update({known for known in ways if way < known})
    ways.add(way)
    return True
