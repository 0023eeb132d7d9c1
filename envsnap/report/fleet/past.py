"""A store's history, for people and for programs."""

from __future__ import annotations

import json

import msgspec

from envsnap.fleet.past import Past
from envsnap.report.fleet import words
from envsnap.report.sanitize import plain

MOST_FACTS = 4
MOST_LINES = 40
MOST_NAME = 300  # an image is only told by its whole digest


def as_json(told: Past) -> str:
    """Write all of it."""
    return json.dumps(msgspec.to_builtins(told), indent=2) + "\n"


def as_text(told: Past) -> str:
    """Write changes by day, then kinds; what is cut says how much there is."""
    whom = plain(told.host) if told.host else "The fleet"
    count = len(told.changes) + told.more
    lines = [f"{whom}: {count:,} change{'' if count == 1 else 's'} of kind"]
    for change in told.changes[:MOST_LINES]:
        facts = [plain(fact)[:100] for fact in change.facts[:MOST_FACTS]]
        if len(change.facts) > MOST_FACTS:
            facts.append(f"{len(change.facts) - MOST_FACTS} more")
        lines.append(f"{change.day}  {change.before} -> {change.after}: {'; '.join(facts)}")
        lines.append(f"            {len(change.hosts):,}: {words.hosts(change.hosts)}")
    rest = len(told.changes) + told.more - MOST_LINES
    if rest > 0:
        lines.append(f"{rest:,} earlier ones; --json has more, --since asks for fewer.")
    lines.append("")
    lines += [
        f"{plain(kind.name):<20} {kind.first} to {kind.last}  {kind.hosts:>7,} hosts now"
        f"  {plain(kind.target)[:MOST_NAME]}"
        for kind in told.kinds[:MOST_LINES]
    ]
    if len(told.kinds) > MOST_LINES:
        lines.append(f"{len(told.kinds) - MOST_LINES} more kinds; --json has them.")
    return "\n".join(lines) + "\n"
