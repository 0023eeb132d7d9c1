"""Whether a model is given the same rows, in other batches or in another order, or some of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from envsnap.replay.compare.view import View, views, warm_up
from envsnap.replay.esr import archive
from envsnap.replay.esr.recording import Tensor

Key = tuple[str, tuple[int, ...]]  # a model's name, and the places of its inputs
Rows = list[tuple[float, ...]]
RESULTS = (-1,)  # in the place of the inputs, for what a model gives
CLOSE = 1e-5  # of the largest result


def rows(view: View, twin: View, known: dict[Key, str]) -> str:
    """Whether the same rows come in other batches, or in another order, over all calls of the model.

    "same", "moved", "first" (of a call that is answered before the next one is made, whose
    inputs follow from it) or "other". That holds for each input that differs: a table with a row less is
    no batch of the others. `known` keeps what was found, as it is the same for all calls.
    """
    differ = tuple(place for place, _, _ in _differing(view, twin))
    key = view.root.name, differ
    if key not in known:
        known[key] = _met_rows(view, twin, differ)
    return known[key]


def _differing(view: View, twin: View) -> list[tuple[int, Tensor, Tensor]]:
    """The inputs of two calls that are not the same bits, with their places."""
    pairs = zip(view.call.inputs(), twin.call.inputs(), strict=False)
    found = ((view.tensor(one), twin.tensor(two)) for one, two in pairs)
    return [(place, one, two) for place, (one, two) in enumerate(found) if not one.same(two)]


def _met_rows(
    view: View, twin: View, differ: tuple[int, ...]
) -> Literal["same", "moved", "first", "other"]:
    """How the rows of some inputs meet, over all calls of a model."""
    sides = [(_all_rows(view, place), _all_rows(twin, place)) for place in differ]
    if not _meet(sides):
        sides = _padded_otherwise(view, twin, differ) or sides
    if not sides or not _meet(sides):
        return "first" if sides and all(_begin_alike(view, *side) for side in sides) else "other"
    if all(one == two for one, two in sides):
        return "same"
    return "moved" if _answers_moved(view, twin, differ) else "other"


def _answers_moved(view: View, twin: View, differ: tuple[int, ...]) -> bool:
    """Whether the results moved with the rows, as far as they are kept.

    Of an input with one axis each value is a row, or a place of one sequence: only results tell.
    """
    here, there = (_all_results(side) for side in (view, twin))
    if here and there:
        return all(
            len(one) == len(two) > 0 and _are_close(sorted(one), sorted(two))
            for one, two in zip(here, there, strict=False)
        )
    numbers = [view.call.inputs()[place] for place in differ]
    return all(len(view.tensor(number).shape) > 1 for number in numbers)


def _meet(sides: list[tuple[list[Any], list[Any]]]) -> bool:
    """Whether both runs give the same rows of each input, in whatever order."""
    return all(one and sorted(one) == sorted(two) for one, two in sides)


def _begin_alike(view: View, here: list[Any], there: list[Any]) -> bool:
    """Whether as many rows are given in all, and those of the first call are the same."""
    numbers = view.call.inputs()
    first = view.tensor(numbers[0]).shape[:1] if numbers and view.call.nth == 0 else ()
    count = first[0] if first else 0
    return 0 < count < len(here) == len(there) and here[:count] == there[:count]


def answered(view: View, twin: View, known: dict[Key, str]) -> bool:
    """Whether all results of a model, call after call, are the same numbers within rounding.

    However the inputs are put together: then no batch changes anything. That shows where all
    results are small enough to be kept. `known` keeps what was found, as it is the same for all
    calls.
    """
    key: Key = (view.root.name, RESULTS)
    if key not in known:
        known[key] = "same" if _all_answered(view, twin) else "other"
    return known[key] == "same"


def _all_answered(view: View, twin: View) -> bool:
    here, there = (_all_results(side) for side in (view, twin))
    return bool(here and there) and all(
        len(one) == len(two) > 0 and _are_close(one, two)
        for one, two in zip(here, there, strict=True)
    )


def _are_close(here: Sequence[float], there: Sequence[float]) -> bool:
    """Whether values are the same within rounding, measured by the largest of them."""
    size = max(map(abs, here))
    return math.isfinite(size) and all(
        abs(one - two) <= CLOSE * size for one, two in zip(here, there, strict=True)
    )


def _all_results(view: View) -> list[list[float]]:
    """The values of each tensor that a model gives, over all its calls; empty where one is not kept."""
    found: list[list[float]] = []
    if len(_listed(view)) != view.root.calls:
        return []
    for item in _calls(view):
        numbers = list(item.call.result.tensors()) if item.call.result is not None else []
        values = [archive.flat_values(item.recording, item.tensor(number)) for number in numbers]
        found = found or [[] for _ in numbers]
        if not numbers or len(values) != len(found):
            return []
        for kept, more in zip(found, values, strict=True):
            if more is None:
                return []
            kept.extend(more)
    return found


def regrouped(view: View, twin: View) -> bool:
    """Whether inputs that differ have another number of rows of the same form."""
    differ = [(one.shape, two.shape) for _, one, two in _differing(view, twin)]
    return bool(differ) and all(
        one[:1] != two[:1] and len(one) == len(two) and (one[1:] == two[1:] or len(one) == 2)
        for one, two in differ
    )


def widened(view: View, twin: View) -> bool:
    """Whether inputs that differ have as many rows and axes, of another length."""
    differ = [(one, two) for _, one, two in _differing(view, twin) if one.shape != two.shape]
    return bool(differ) and all(
        one.dtype == two.dtype
        and one.shape[:1] == two.shape[:1]
        and len(one.shape) == len(two.shape)
        for one, two in differ
    )


def follows(view: View, twin: View) -> bool:
    """Whether an input that differs is, in both runs, what another model gave before.

    As a decoder is given what its encoder gave: each row is one of those, perhaps once per beam.
    """
    pairs = [(one, two) for _, one, two in _differing(view, twin) if _is_float(one, two)]
    return any(_are_given_before(view, one) and _are_given_before(twin, two) for one, two in pairs)


def _is_float(*tensors: Tensor) -> bool:
    return all("float" in item.dtype and len(item.shape) > 1 for item in tensors)


def _are_given_before(view: View, tensor: Tensor) -> bool:
    """Whether all rows of a tensor are rows of the results of other models' calls before."""
    before: set[str] = set()
    for item in views(view.recording):
        if item.call.key == view.call.key:
            break
        if item.root.name != view.root.name and item.call.result is not None:
            for number in item.call.result.tensors():
                before.update(_digests(item.tensor(number)))
    rows = _digests(tensor)
    return bool(rows) and before.issuperset(rows)


def _digests(tensor: Tensor) -> list[str]:
    """The digests of a tensor's rows; of a single one its own."""
    return list(tensor.rows) or ([f"{tensor.crc32}"] if tensor.shape[:1] == (1,) else [])


def told(view: View, twin: View) -> str:
    """How the batches of two calls differ: by the first input that has another number of rows."""
    for _, one, two in _differing(view, twin):
        if one.shape != two.shape:
            return f"{view.root.name} is given another batch, shape {list(one.shape)} -> {list(two.shape)}"
    return f"{view.root.name} is given other batches"


def _calls(view: View) -> list[View]:
    """The calls of the model of a call, without a warm-up."""
    found = _listed(view)
    return found[warm_up(found) :]


def _listed(view: View) -> list[View]:
    return [item for item in views(view.recording) if item.root.name == view.root.name]


def _all_rows(view: View, place: int) -> list[str]:
    """The digests of the rows of one input, over all calls of a model, in order."""
    rows: list[str] = []
    for item in _calls(view):
        numbers = item.call.inputs()
        if place >= len(numbers):
            return []
        found = _digests(item.tensor(numbers[place]))
        if not found:
            return []
        rows += found
    return rows


def _padded_otherwise(view: View, twin: View, differ: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """The rows of both runs without what their masks leave out; empty where that is not known.

    A batch is padded to its longest row, so that other batches pad the same rows otherwise.
    """
    found = []
    for place in differ:
        here, there = (_unmasked(side, place) for side in (view, twin))
        if here is None or there is None:
            return []
        found.append((here, there))
    return found


def _unmasked(view: View, place: int) -> Rows | None:
    """The rows of one input over all calls of a model, each without its padding.

    Without a mask the zeros at the ends of token ids are taken for padding.
    """
    rows: Rows = []
    for item in _calls(view):
        numbers = item.call.inputs()
        if place >= len(numbers):
            return None
        mask = next(filter(None, (_mask(item, number) for number in numbers)), None)
        found = (
            _without_zeros(item, numbers[place])
            if mask is None
            else _kept(item, numbers[place], mask)
        )
        if found is None:
            return None
        rows += found
    return rows


def _kept(view: View, number: int, mask: list[list[bool]]) -> Rows | None:
    """The rows of a table without what a mask of its form drops; None for anything else."""
    tensor = view.tensor(number)
    width = len(mask[0])
    values = archive.flat_values(view.recording, tensor)
    if tensor.shape != (len(mask), width) or values is None or len(values) != len(mask) * width:
        return None
    return [
        tuple(values[at * width + column] for column in range(width) if kept[column])
        for at, kept in enumerate(mask)
    ]


def _without_zeros(view: View, number: int) -> Rows | None:
    """The rows of token ids without zeros at their ends; None for anything else."""
    tensor = view.tensor(number)
    if len(tensor.shape) != 2 or "int" not in tensor.dtype:
        return None
    values = archive.flat_values(view.recording, tensor)
    count, width = tensor.shape
    if values is None or len(values) != count * width:
        return None
    found: Rows = []
    for at in range(0, len(values), width):
        row = list(values[at : at + width])
        while row and row[-1] == 0:
            row.pop()
        found.append(tuple(row))
    return found


def _mask(view: View, number: int) -> list[list[bool]] | None:
    """An input of two axes that holds only zeros and ones, and keeps something of each row."""
    tensor = view.tensor(number)
    if len(tensor.shape) != 2 or (tensor.min, tensor.max) not in ((0.0, 1.0), (1.0, 1.0)):
        return None
    values = archive.flat_values(view.recording, tensor)
    width = tensor.shape[1]
    if values is None or len(values) != tensor.shape[0] * width:
        return None
    if any(value not in (0, 1) for value in values):
        return None
    rows = [
        [bool(value) for value in values[at : at + width]] for at in range(0, len(values), width)
    ]
    return rows if rows and all(map(any, rows)) else None


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
