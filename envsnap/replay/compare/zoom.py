"""Compares the kernels that two runs call where they part."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.replay.compare.layers import Judged
from envsnap.replay.compare.verdict import Rung
from envsnap.replay.esr.recording import Call, Kernels

MOST_SHOWN = 12


def compare(golden: Call, other: Call, judged: Judged) -> Rung | None:
    """The kernels of the first layer, or code between layers, that diverges; None: not asked for."""
    if (golden.kernels is None and other.kernels is None) or not (judged.first or judged.place):
        return None
    here = _called(golden.kernels, judged)
    there = _called(other.kernels, judged)
    if here is None or there is None:
        which = "golden" if here is None else "other"
        known = f"; {_names(here or there or [])}" if here or there else ""
        return Rung(
            name="kernels", state="unknown",
            summary=f"not recorded in the {which} run: record it with --zoom{known}",
        )  # fmt: skip
    return _met(here, there)


def _met(here: list[str], there: list[str]) -> Rung:
    """Two lists of kernels, by name and then by what they are called with."""
    details = (f"golden: {_names(here)}", f"here: {_names(there)}")
    if [_name(item) for item in here] != [_name(item) for item in there]:
        only = [_only(here, there), _only(there, here)]
        return Rung(
            name="kernels", state="differs", details=details,
            summary=f"{' / '.join(only[0]) or 'fewer'} -> {' / '.join(only[1]) or 'fewer'}",
        )  # fmt: skip
    changed = [f"{a} -> {b}" for a, b in zip(here, there, strict=True) if a != b]
    if changed:
        return Rung(
            name="kernels", state="differs", details=tuple(changed[:MOST_SHOWN]),
            summary="the same kernels on other shapes or dtypes",
        )  # fmt: skip
    return Rung(
        name="kernels", state="same", summary=f"the same kernels are called: {_names(here)}"
    )


def _called(kernels: tuple[Kernels, ...] | None, judged: Judged) -> list[str] | None:
    """What is called where the runs part, in order."""
    if kernels is None:
        return None
    first = judged.first
    found: list[str] = []
    for item in kernels:
        if first is None:
            inside = item.inside == judged.inside and item.after == judged.after
        else:
            inside = (item.inside, item.nth) == (first.name, first.nth) or (
                item.inside.startswith(f"{first.name}.") and item.nth == first.nth
            )
        if inside:
            found += item.calls
    return found


def _name(text: str) -> str:
    return text.partition(" ")[0]


def _names(calls: Sequence[str]) -> str:
    """Names in order, the first few of many."""
    names = [_name(item) for item in calls]
    more = f", and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return (", ".join(names[:MOST_SHOWN]) + more) or "no kernel"


def _only(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Names that one run calls and the other does not."""
    known = {_name(item) for item in other}
    return list(dict.fromkeys(_name(item) for item in one if _name(item) not in known))
