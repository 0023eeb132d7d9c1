"""Whether a model is given the same rows, in other batches or in another order, or some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from envsnap.replay.compare.view import View, views

Key = tuple[str, tuple[int, ...]]  # a model's name, and the places of its inputs


def rows(view: View, twin: View, known: dict[Key, str]) -> str:
    """Whether the same rows come in other batches, or in another order, over all calls of the model.

    "same", "moved" or "other". That holds for each input that differs: a table with a row less is
    no batch of the others. `known` keeps what was found, as it is the same for all calls.
    """
    here, there = view.call.inputs(), twin.call.inputs()
    differ = tuple(
        place
        for place, (one, two) in enumerate(zip(here, there, strict=False))
        if not view.tensor(one).same(twin.tensor(two))
    )
    key = view.root.name, differ
    if key not in known:
        known[key] = _met_rows(view, twin, differ)
    return known[key]


def _met_rows(view: View, twin: View, differ: tuple[int, ...]) -> Literal["same", "moved", "other"]:
    """How the rows of some inputs meet, over all calls of a model."""
    sides = [(_all_rows(view, place), _all_rows(twin, place)) for place in differ]
    if not sides or not all(one and sorted(one) == sorted(two) for one, two in sides):
        return "other"
    return "same" if all(one == two for one, two in sides) else "moved"


def told(view: View, twin: View) -> str:
    """How the batches of two calls differ: by the first input that has another number of rows."""
    for one, two in zip(view.call.inputs(), twin.call.inputs(), strict=False):
        here, there = view.tensor(one).shape, twin.tensor(two).shape
        if here != there:
            return f"{view.root.name} is given another batch, shape {list(here)} -> {list(there)}"
    return f"{view.root.name} is given other batches"


def _all_rows(view: View, place: int) -> list[str]:
    """The digests of the rows of one input, over all calls of a model, in order."""
    rows: list[str] = []
    for item in views(view.recording):
        if item.root.name != view.root.name:
            continue
        numbers = item.call.inputs()
        if place >= len(numbers):
            return []
        tensor = item.tensor(numbers[place])
        if not tensor.rows and tensor.shape[:1] != (1,):
            return []
        rows += tensor.rows or (f"{tensor.crc32}",)
    return rows


def among(few: Sequence[object], many: Sequence[object]) -> list[int] | None:
    """The places of all of one list in another, in their order; None where they are not there."""
    places, at = [], 0
    for item in few:
        while at < len(many) and many[at] != item:
            at += 1
        if at == len(many):
            return None
        places.append(at)
        at += 1
    return places
