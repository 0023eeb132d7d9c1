"""Several environments side by side: which facts differ, and who alone has another value."""

import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from envsnap.model import reading
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path
from envsnap.rules.engine import Result
from envsnap.rules.finding import Finding, Severity

MOST_CARDS = 8


class Group(Struct, frozen=True, kw_only=True):
    """Hosts (their numbers, 0 is the reference) for which a fact is the same."""

    fact: reading.Fact
    hosts: tuple[int, ...]


class Row(Struct, frozen=True, kw_only=True):
    """One fact on all hosts. Facts that only name a machine have no severity and no rule."""

    path: Path
    groups: tuple[Group, ...]
    places: dict[int, int]  # of each host its group
    severity: Severity | None = None
    rule: str | None = None

    def at(self, host: int) -> reading.Fact:
        """The fact on one host."""
        return self.groups[self.places[host]].fact

    def odd_one_out(self) -> Group | None:
        """The group of the one host that differs where all others (at least two) agree."""
        known = sorted(_known(self.groups), key=lambda group: len(group.hosts))
        if len(known) != 2 or len(known[0].hosts) != 1 or len(known[1].hosts) < 2:
            return None
        return known[0]


class Table(Struct, frozen=True, kw_only=True):
    """All rows. `columns` folds hosts that are equal in every row but those of identity.

    The hosts of a column, and the columns, are in the order of the command line.
    """

    columns: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...]
    identity: tuple[Row, ...]

    def alone(self) -> dict[int, list[Row]]:
        """For each host the rows in which it alone differs."""
        found: dict[int, list[Row]] = {}
        for row in self.rows:
            odd = row.odd_one_out()
            if odd is not None:
                found.setdefault(odd.hosts[0], []).append(row)
        return found


def alike(manifests: Sequence[Manifest]) -> list[int]:
    """For each host the first one that says the same of everything but its identity.

    Hosts that are alike are judged once and looked up once: a thousand hosts are of few kinds.
    """
    first: dict[bytes, int] = {}
    return [first.setdefault(_likeness(host), number) for number, host in enumerate(manifests)]


def _likeness(manifest: Manifest) -> bytes:
    import hashlib

    told = hashlib.sha256(f"{manifest.schema_revision} {manifest.target.kind}".encode())
    for name, section in present(manifest.sections).items():
        if name != "identity":
            told.update(name.encode() + msgspec.json.encode(section, order="sorted"))
    return told.digest()


class _Hosts:
    """Hosts to look facts up in, each likeness once."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.manifests = manifests
        self._members: dict[int, list[int]] = {}
        for number, first in enumerate(alike(manifests)):
            self._members.setdefault(first, []).append(number)

    def row(self, path: Path) -> Row:
        """A fact on all hosts."""
        groups: dict[str, tuple[reading.Fact, list[int]]] = {}
        each = path[0] == "identity" if path else False
        for first, members in self._members.items():
            for number in members if each else (first,):
                fact = reading.fact(self.manifests[number], path)
                unknown = fact.unknown is not None
                key = "?" if unknown else json.dumps([fact.is_there, fact.value], sort_keys=True)
                hosts = groups.setdefault(key, (fact, []))[1]
                hosts.extend([number] if each else members)
        ordered = sorted(((fact, sorted(hosts)) for fact, hosts in groups.values()), key=_first)
        return Row(
            path=path,
            groups=tuple(Group(fact=fact, hosts=tuple(hosts)) for fact, hosts in ordered),
            places={host: place for place, (_, hosts) in enumerate(ordered) for host in hosts},
        )


def _first(group: tuple[reading.Fact, list[int]]) -> int:
    return group[1][0]


def table(manifests: Sequence[Manifest], results: Sequence[Result]) -> Table:
    """Lay hosts side by side; the first is the reference, `results` are of the others.

    A row is a fact that a finding is about, worst findings first. What a finding is based on
    besides gets a row where it sets hosts apart that are equal in all others: hosts of one
    column differ in nothing. Of what only names a machine the host names are shown, and the
    UUIDs of cards that differ, or that several hosts share.
    """
    hosts = _Hosts(manifests)
    main = _Rows(hosts)
    rest = _Rows(hosts)
    # Hosts that are alike share one result.
    for result in {id(result): result for result in results}.values():
        for place, finding in enumerate(result.findings):
            facts, details = _facts(finding, hosts)
            for path in facts:
                main.add(path, finding, place)
            for path in details:
                rest.add(path, finding, place)
    columns = [tuple(range(len(manifests)))]
    for row in main.ordered():
        columns = _divided(columns, row)
    for path, (row, finding, place) in rest.found.items():
        finer = _divided(columns, row)
        if len(finer) > len(columns):
            main.add(path, finding, place)
            columns = finer
    rows = main.ordered()
    return Table(columns=tuple(sorted(columns)), rows=rows, identity=_identity(hosts, rows))


class _Rows:
    """Rows by path, each with the worst finding that names it, and its place in the ranking."""

    def __init__(self, hosts: _Hosts) -> None:
        self._hosts = hosts
        self.found: dict[Path, tuple[Row, Finding, int]] = {}

    def add(self, path: Path, finding: Finding, place: int) -> None:
        """Add a row for a fact, unless all hosts that know it agree."""
        if path in self.found:
            row, known, before = self.found[path]
            if (known.severity.rank, before) <= (finding.severity.rank, place):
                return
        else:
            row = self._hosts.row(path)
        if len(_known(row.groups)) > 1:
            self.found[path] = (row, finding, place)

    def ordered(self) -> tuple[Row, ...]:
        """All rows, worst first; of a fact and one inside it the inner one."""
        above = {path[:length] for path in self.found for length in range(1, len(path))}
        kept = [item for path, item in self.found.items() if path not in above]
        kept.sort(key=lambda item: (item[1].severity.rank, item[2]))
        return tuple(
            replace(row, severity=finding.severity, rule=finding.rule) for row, finding, _ in kept
        )


def _divided(columns: list[tuple[int, ...]], row: Row) -> list[tuple[int, ...]]:
    """Columns of hosts, divided further where a row differs."""
    if len(columns) == sum(map(len, columns)):
        return columns
    parts: dict[tuple[int, int], list[int]] = {}
    for number, column in enumerate(columns):
        for host in column:
            parts.setdefault((number, row.places[host]), []).append(host)
    return [tuple(part) for _, part in sorted(parts.items())]


def _facts(finding: Finding, hosts: _Hosts) -> tuple[list[Path], list[Path]]:
    """The facts that a finding is about, and the details behind them.

    A change of another entry of the same section is a fact of its own: the rule folded them.
    """
    own = hosts.row(finding.path)
    if len(_known(own.groups)) < 2:
        return list(finding.changes), []
    facts: list[Path] = [finding.path]
    details: list[Path] = []
    for path in finding.changes:
        entries = len(path) > 2 and path[0] == finding.path[0]
        (facts if entries and path[1] != finding.path[1] else details).append(path)
    return facts, details


def _known(groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if group.fact.unknown is None]


def _identity(hosts: _Hosts, rows: Sequence[Row]) -> tuple[Row, ...]:
    cards = {row.path[1] for row in rows if row.path[0] == "gpus" and len(row.path) > 1}
    found = [hosts.row(("identity", "hostname"))]
    indexes = sorted({index for manifest in hosts.manifests for index in _cards(manifest)})
    for index in indexes:
        row = hosts.row(("identity", "gpus", index, "uuid"))
        shared = any(len(group.hosts) > 1 for group in _known(row.groups))
        if index in cards or shared:
            found.append(row)
    return tuple(row for row in found if _names(row))[: MOST_CARDS + 1]


def _cards(manifest: Manifest) -> tuple[str, ...]:
    return tuple(reading.stated(manifest, "identity", "gpus") or ())


def _names(row: Row) -> bool:
    """Tell whether at least two hosts have this name."""
    there = [group for group in _known(row.groups) if group.fact.is_there]
    return sum(len(group.hosts) for group in there) > 1
