"""Words on several hosts side by side, for every report that people read."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from envsnap.model.reading import Fact
from envsnap.report import document, summary
from envsnap.report.sanitize import plain, value
from envsnap.rules.side_by_side import Row, Table

MOST_NAMES = 3
MOST_ALONE = 4
LONGEST_VALUE = 48


class Line(Struct, frozen=True):
    """A row as people read it: its severity's word, and the fact's name.

    Cards of which the same is true on the same hosts share one line.
    """

    word: str
    where: str
    row: Row


def shown(table: Table) -> list[Line]:
    """Every row; what only names a machine comes last."""
    lines = [
        Line(row.severity.value if row.severity else "", _name(row, cards), row)
        for row, cards in _folded(table.rows)
    ]
    return lines + [Line("name", summary.where(row.path), row) for row in table.identity]


def _folded(rows: Sequence[Row]) -> list[tuple[Row, list[str]]]:
    """Each row with the indexes of the cards for which it stands."""
    found: dict[object, tuple[Row, list[str]]] = {}
    for row in rows:
        if row.path[0] != "gpus" or len(row.path) != 3:
            found[row.path] = (row, [])
            continue
        key = (row.path[2], row.severity, repr(row.groups))
        found.setdefault(key, (row, []))[1].append(row.path[1])
    return list(found.values())


def _name(row: Row, cards: Sequence[str]) -> str:
    if len(cards) < 2:
        return summary.where(row.path)
    numbers = sorted(int(card) for card in cards if card.isascii() and card.isdigit())
    together = numbers == list(range(numbers[0], numbers[0] + len(cards))) if numbers else False
    told = f"{numbers[0]}-{numbers[-1]}" if together else ",".join(cards)
    return plain(f"gpus[{told}].{row.path[2]}")


def title(report: document.Report) -> str:
    """What the table is."""
    assert report.hosts is not None
    count, kinds = len(report.judged) + 1, len(report.hosts.columns)
    line = f"{count} hosts side by side"
    return f"{line}, of {kinds} kinds" if 1 < kinds < count else line


def column(hosts: Sequence[int], names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The head of a column: the hosts that are alike."""
    told = [names[host] for host in hosts]
    if len(told) <= most:
        return ", ".join(told)
    return f"{', '.join(told[: most - 1])} and {len(told) - most + 1} more"


def cell(row: Row, hosts: Sequence[int]) -> str:
    """What a row says of the hosts of one column; of their names it says how many there are."""
    told = list(dict.fromkeys(spelled(row.at(host)) for host in hosts))
    return told[0] if len(told) == 1 else f"{len(told)} values"


def spelled(fact: Fact) -> str:
    """A fact in a few characters: `?` is unknown, `-` is absent."""
    if fact.unknown is not None:
        return "?"
    if not fact.is_there:
        return "-"
    item = fact.value
    if isinstance(item, dict):
        named = next((item[key] for key in ("version", "sha256", "build_id") if key in item), None)
        return value(named) if named is not None else "present"
    if isinstance(item, list):
        return ", ".join(value(part) for part in item)
    return "none" if item is None else value(item)


def short(text: str, longest: int = LONGEST_VALUE) -> str:
    """A value for a narrow place."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def alone(report: document.Report) -> list[str]:
    """A sentence a host that alone differs from all others."""
    assert report.hosts is not None
    names = summary.host_names(report)
    sentences = []
    for host, rows in sorted(report.hosts.alone().items()):
        told = [(row, _name(row, cards)) for row, cards in _folded(rows)]
        parts = [_difference(row, where, host) for row, where in told[:MOST_ALONE]]
        if len(told) > MOST_ALONE:
            parts.append(f"{len(told) - MOST_ALONE} more")
        sentences.append(f"{plain(names[host])} alone has {'; '.join(parts)}")
    return sentences


def _difference(row: Row, where: str, host: int) -> str:
    mine = spelled(row.at(host))
    group = next(
        group for group in row.groups if host not in group.hosts and group.fact.unknown is None
    )
    theirs = short(spelled(group.fact))
    if mine == "-":
        return f"no {where} (the others: {theirs})"
    return f"{where} {short(mine)} (the others: {theirs if theirs != '-' else 'none'})"


def unknown(table: Table, names: Sequence[str]) -> str:
    """Which hosts do not tell what others tell; empty where all do."""
    counts: dict[int, int] = {}
    for row in table.rows:
        for group in row.groups:
            if group.fact.unknown is not None:
                for host in group.hosts:
                    counts[host] = counts.get(host, 0) + 1
    told = [f"{names[host]} ({count} of the facts above)" for host, count in sorted(counts.items())]
    return f"Not known: {', '.join(told)}" if told else ""
