"""What a store remembers: changes of hosts by day, and the kinds there were."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from msgspec import UNSET, Struct

from envsnap.errors import InputError
from envsnap.fleet.store import Store, moment
from envsnap.rules import peers

MOST_CHANGES = 200
MOST_KINDS = 100
DAYS = re.compile(r"(\d{1,5})d")
DAY = 86400


class Moved(Struct, frozen=True, kw_only=True):
    """Hosts that became another kind on one day, and the facts in which the two kinds differ."""

    day: str
    before: str
    after: str
    facts: tuple[str, ...]
    hosts: tuple[str, ...]


class KindSeen(Struct, frozen=True, kw_only=True):
    """A kind: when it was first and last seen, how many hosts are of it, and what it ran in."""

    name: str
    first: str
    last: str
    hosts: int
    target: str


class Past(Struct, frozen=True, kw_only=True):
    """A store's history."""

    host: str | None
    changes: tuple[Moved, ...]
    more: int
    kinds: tuple[KindSeen, ...]


def past(store: Store, host: str | None, since: str | None) -> Past:
    """Changes since a moment, newest first; of one host, or of all. Raises InputError."""
    run = store.connection.execute
    where, values = "span.since >= ?", [_moment(since)]
    if host is not None:
        row = run("SELECT id FROM host WHERE name=?", (host,)).fetchone()
        if row is None:
            raise InputError(f"{store.path}: no host {host[:60]} in it")
        where, values = f"{where} AND span.host = ?", [*values, row[0]]
    moved: dict[tuple[str, int, int], list[str]] = {}
    for name, when, kind, before in run(
        "SELECT host.name, span.since, span.kind, (SELECT kind FROM span AS earlier WHERE"  # noqa: S608
        " earlier.host = span.host AND earlier.since < span.since"
        " ORDER BY earlier.since DESC LIMIT 1)"
        f" FROM span JOIN host ON host.id = span.host WHERE {where} ORDER BY span.since DESC, host.id",
        values,
    ):
        if before is not None and before != kind:
            moved.setdefault((_day(when), before, kind), []).append(name)
    changes = tuple(
        Moved(
            day=day,
            before=store.name(before),
            after=store.name(after),
            facts=_facts(store, before, after),
            hosts=tuple(hosts),
        )
        for (day, before, after), hosts in list(moved.items())[:MOST_CHANGES]
    )
    more = max(0, len(moved) - MOST_CHANGES)
    return Past(host=host, changes=changes, more=more, kinds=_kinds(store, values[1:]))


def _moment(since: str | None) -> int:
    if since is None:
        return 0
    match = DAYS.fullmatch(since)
    return int(time.time()) - int(match.group(1)) * DAY if match else moment(since)


def _day(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d")


def _facts(store: Store, before: int, after: int) -> tuple[str, ...]:
    result = peers.compare(store.manifest(before), store.manifest(after))
    return tuple(found.message for found in result.findings)


def _kinds(store: Store, host: list[int]) -> tuple[KindSeen, ...]:
    """All kinds, or those of one host, the last seen first."""
    only = "WHERE span.host = ?" if host else ""
    rows = store.connection.execute(
        "SELECT span.kind, min(span.since), max(span.until),"  # noqa: S608
        " (SELECT count(*) FROM host WHERE host.kind = span.kind),"
        " (SELECT target FROM kind WHERE kind.id = span.kind)"
        f" FROM span {only} GROUP BY span.kind ORDER BY 3 DESC, 4 DESC LIMIT {MOST_KINDS}",
        host,
    )
    return tuple(
        KindSeen(
            name=store.name(kind),
            first=_day(first),
            last=_day(last),
            hosts=count,
            target=_target(it),
        )
        for kind, first, last, count, it in rows
    )


def _target(spelled: str) -> str:
    from envsnap.model import typed
    from envsnap.model.manifest import Target

    found = typed.decode(spelled, Target)
    return f"{found.kind} {found.name}" if found.name is not UNSET else found.kind
