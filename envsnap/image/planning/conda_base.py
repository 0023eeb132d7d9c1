"""Chooses the system under an environment of conda, which brings its own Python and libraries."""

from __future__ import annotations

from envsnap.image.facts import Facts, captured_system, numbers
from envsnap.image.planning import images
from envsnap.image.records import Certainty, Decision


def choose(facts: Facts) -> tuple[images.Distribution, tuple[Decision, ...]]:
    """Choose the captured release, else the one whose glibc is the captured one or just newer."""
    row = _captured(facts) or _nearest(facts)
    same_system = (row.id, row.version) == (facts.os_id, facts.os_version)
    same_glibc = row.glibc == facts.glibc
    return row, (
        Decision(
            subject="base",
            choice=row.image,
            why="conda's packages bring Python and its libraries; the C library is the base's",
            certainty="exact",
        ),
        Decision(
            subject="system.os",
            choice=f"{row.id} {row.version}",
            why="the captured release" if same_system else f"captured {captured_system(facts)}",
            certainty=_sure(same_system),
        ),
        Decision(
            subject="system.glibc",
            choice=row.glibc,
            why="the captured one" if same_glibc else f"captured {facts.glibc or 'none'}",
            certainty=_sure(same_glibc),
        ),
    )


def _captured(facts: Facts) -> images.Distribution | None:
    for row in images.distributions():
        if (row.id, row.version) == (facts.os_id, facts.os_version):
            return row
    return None


def _nearest(facts: Facts) -> images.Distribution:
    by_age = sorted(images.distributions(), key=lambda row: (numbers(row.glibc), row.id))
    if facts.glibc is not None:
        captured = numbers(facts.glibc)
        for row in by_age:
            if numbers(row.glibc) >= captured:
                return row
    return by_age[-1]


def _sure(same: bool) -> Certainty:
    return "exact" if same else "nearest"
