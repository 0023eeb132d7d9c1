"""Several environments side by side: which facts differ, and who alone has another value."""

import json
from collections.abc import Sequence

from msgspec import UNSET, Struct

from envsnap.diff import lookup
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.engine import Result
from envsnap.rules.finding import Finding, Severity

MOST_CARDS = 8


class Group(Struct, frozen=True, kw_only=True):
    """Hosts (their numbers, 0 is the reference) for which a fact is the same."""

    fact: lookup.Fact
    hosts: tuple[int, ...]


class Row(Struct, frozen=True, kw_only=True):
    """One fact on all hosts. Facts that only name a machine have no severity and no rule."""

    path: Path
    groups: tuple[Group, ...]
    severity: Severity | None = None
    rule: str | None = None

    def at(self, host: int) -> lookup.Fact:
        """The fact on one host."""
        return next(group.fact for group in self.groups if host in group.hosts)

    def odd_one_out(self) -> Group | None:
        """The group of the one host that differs where all others (at least two) agree."""
        known = sorted(_known(self.groups), key=lambda group: len(group.hosts))
        if len(known) != 2 or len(known[0].hosts) != 1 or len(known[1].hosts) < 2:
            return None
        return known[0]


class Table(Struct, frozen=True, kw_only=True):
    """All rows. `columns` folds hosts that are equal in every row but those of identity."""

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


def table(manifests: Sequence[Manifest], results: Sequence[Result]) -> Table:
    """Lay hosts side by side; the first is the reference, `results` are of the others.

    A row is a fact that a finding is about, worst findings first. Of what only names a machine
    the host names are shown, and the UUIDs of cards that differ, or that several hosts share.
    """
    rows: dict[Path, tuple[Severity, int, str, Row]] = {}
    for result in results:
        for place, finding in enumerate(result.findings):
            for row in _rows(finding, manifests):
                mine = (finding.severity, place, finding.rule, row)
                known = rows.get(row.path, mine)
                rows[row.path] = min(known, mine, key=lambda item: (item[0].rank, item[1]))
    ordered = sorted(rows.values(), key=lambda item: (item[0].rank, item[1]))
    above = {path[:length] for path in rows for length in range(1, len(path))}
    shown = tuple(
        Row(path=row.path, groups=row.groups, severity=severity, rule=rule)
        for severity, _, rule, row in ordered
        if row.path not in above
    )
    return Table(
        columns=_columns(shown, len(manifests)), rows=shown, identity=_identity(manifests, shown)
    )


def _rows(finding: Finding, manifests: Sequence[Manifest]) -> list[Row]:
    """The finding's own fact where hosts differ in it, else the facts it is based on."""
    own = _row(finding.path, manifests)
    if len(_known(own.groups)) > 1:
        return [own]
    others = [_row(path, manifests) for path in finding.changes if path != finding.path]
    return [row for row in others if len(_known(row.groups)) > 1]


def _row(path: Path, manifests: Sequence[Manifest]) -> Row:
    groups: dict[str, tuple[lookup.Fact, list[int]]] = {}
    for number, manifest in enumerate(manifests):
        fact = lookup.fact(manifest, path)
        unknown = fact.unknown is not None
        key = "?" if unknown else json.dumps([fact.is_there, fact.value], sort_keys=True)
        groups.setdefault(key, (fact, []))[1].append(number)
    return Row(
        path=path,
        groups=tuple(Group(fact=fact, hosts=tuple(hosts)) for fact, hosts in groups.values()),
    )


def _known(groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if group.fact.unknown is None]


def _columns(rows: Sequence[Row], count: int) -> tuple[tuple[int, ...], ...]:
    columns: dict[tuple[int, ...], list[int]] = {}
    for host in range(count):
        key = tuple(
            next(place for place, group in enumerate(row.groups) if host in group.hosts)
            for row in rows
        )
        columns.setdefault(key, []).append(host)
    return tuple(tuple(hosts) for hosts in columns.values())


def _identity(manifests: Sequence[Manifest], rows: Sequence[Row]) -> tuple[Row, ...]:
    cards = {row.path[1] for row in rows if row.path[0] == "gpus" and len(row.path) > 1}
    found = [_row(("identity", "hostname"), manifests)]
    indexes = sorted({index for manifest in manifests for index in _cards(manifest)})
    for index in indexes:
        row = _row(("identity", "gpus", index, "uuid"), manifests)
        shared = any(len(group.hosts) > 1 for group in _known(row.groups))
        if index in cards or shared:
            found.append(row)
    return tuple(row for row in found if _names(row))[: MOST_CARDS + 1]


def _cards(manifest: Manifest) -> tuple[str, ...]:
    identity = manifest.sections.identity
    if identity is UNSET or identity.gpus is UNSET:
        return ()
    return tuple(identity.gpus)


def _names(row: Row) -> bool:
    """Tell whether at least two hosts have this name."""
    there = [group for group in _known(row.groups) if group.fact.is_there]
    return sum(len(group.hosts) for group in there) > 1
