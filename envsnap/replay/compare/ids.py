"""Compares whole numbers that a model was given: token ids, masks, positions.

Ids are looked at as rows. What was put before, behind or between them is told, and the texts of
ids where a tokenizer was at hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from envsnap.replay.compare.view import View
from envsnap.replay.esr import archive
from envsnap.replay.esr.recording import Tensor

MOST_SHOWN = 6
FEW = 2
MASKS = ("mask",)
Row = Sequence[int]


class Told(Struct, frozen=True):
    """What differs, what it means, and what to do."""

    cause: str
    fix: str
    details: tuple[str, ...] = ()
    rounded: bool = False  # pictures, by no more than one of 255 levels


def compare(golden: View, one: Tensor, other: View, two: Tensor, name: str) -> Told:
    """Say how whole numbers differ."""
    few = _few(golden, one, other, two, name)
    if few is not None:
        return few
    here, there = _rows(golden, one), _rows(other, two)
    if here is None or there is None:
        return _unseen(one, two, name)
    pieces = {**golden.recording.record.pieces, **other.recording.record.pieces}
    if any(word in name for word in MASKS):
        return _mask(here, there, name)
    words = _Words(pieces, name)
    for look in (_row_order, _batch, _around, _padding_side, _inside):
        found = look(here, there, words)
        if found is not None:
            return found
    return Told(f"{name}: other whole numbers", "Give the model the golden run's data.")


def _few(golden: View, one: Tensor, other: View, two: Tensor, name: str) -> Told | None:
    """One or two numbers: a step, a length."""
    if math.prod(one.shape) > FEW or one.shape != two.shape or is_token(name):
        return None
    sides = [
        archive.flat_values(view.recording, item) for view, item in ((golden, one), (other, two))
    ]
    if sides[0] is None or sides[1] is None:
        return None
    texts = [", ".join(map(str, side)) for side in sides if side is not None]
    return Told(f"{name}: {texts[0]} -> {texts[1]}", f"Pass the golden run's {name}.")


def is_token(name: str) -> bool:
    """Whether an input of this name holds token ids."""
    return name.endswith("ids") and not name.startswith(("position", "token_type", "cache"))


class _Words:
    """How ids are spelled, and what they are called."""

    def __init__(self, pieces: Mapping[str, str], name: str) -> None:
        self._pieces, self.name = pieces, name
        self.ids = "ids" if is_token(name) else "numbers"
        self.fix = (
            "Use the golden run's tokenizer, template and text: the model is given other tokens."
            if is_token(name)
            else "Give the model the golden run's data."
        )

    def one(self, value: int) -> str:
        """An id with its text."""
        text = self._pieces.get(str(value)) if is_token(self.name) else None
        return f"{value} ({text})" if text is not None else str(value)

    def fills(self, value: int) -> bool:
        """Whether an id is known for filling rows."""
        return "pad" in self._pieces.get(str(value), "").lower()

    def some(self, values: Row) -> str:
        """A few ids in a row."""
        shown = ", ".join(map(self.one, values[:MOST_SHOWN]))
        return shown + (f" and {len(values) - MOST_SHOWN} more" if len(values) > MOST_SHOWN else "")


def _rows(view: View, tensor: Tensor) -> list[Row] | None:
    values = archive.flat_values(view.recording, tensor)
    if values is None or not tensor.shape or len(values) != math.prod(tensor.shape):
        return None
    width = tensor.shape[-1]
    whole = [int(value) for value in values]
    return [whole[start : start + width] for start in range(0, len(whole), width)] if width else []


def _unseen(one: Tensor, two: Tensor, name: str) -> Told:
    where = f"shape {list(one.shape)} -> {list(two.shape)}" if one.shape != two.shape else "values"
    return Told(f"{name}: other whole numbers ({where})", "Give the model the golden run's data.")


def _mask(here: list[Row], there: list[Row], name: str) -> Told:
    counts = sum(map(sum, here)), sum(map(sum, there))
    shape = f"{len(here)} x {len(here[0]) if here else 0}"
    also = f"{len(there)} x {len(there[0]) if there else 0}"
    form = f", shape {shape} -> {also}" if shape != also else ""
    return Told(
        f"{name} differs: {counts[0]} positions are on in the golden run, {counts[1]} here{form}",
        f"Pass the {name} that the tokenizer gives.",
    )


def _row_order(here: list[Row], there: list[Row], words: _Words) -> Told | None:
    one, two = [tuple(row) for row in here], [tuple(row) for row in there]
    if len(one) > 1 and one != two and sorted(one) == sorted(two):
        order = [one.index(row) for row in two]
        return Told(
            f"{words.name}: the same rows in another order ({order[:MOST_SHOWN]})",
            "Give the model its inputs in the golden run's order.",
        )
    return None


def _batch(here: list[Row], there: list[Row], words: _Words) -> Told | None:
    if len(here) == len(there) or not here or not there:
        return None
    return Told(
        f"{words.name}: another batch, {len(here)} rows -> {len(there)}",
        "Give the model the golden run's batch: the same rows, as many of them.",
    )


def _padding_side(here: list[Row], there: list[Row], words: _Words) -> Told | None:
    """The same ids, with what fills the rows on the other side."""
    for pad in {row[place] for row in (*here, *there) if row for place in (0, -1)}:
        one, two = ([_stripped(row, pad) for row in rows] for rows in (here, there))
        if [ids for ids, _, _ in one] != [ids for ids, _, _ in two]:
            continue
        before = [sum(start for _, start, _ in side) for side in (one, two)]
        behind = [sum(end for _, _, end in side) for side in (one, two)]
        found = _filled(before, behind, words, words.one(pad), (len(here[0]), len(there[0])))
        if found is not None:
            return found
    return None


def _filled(
    before: list[int], behind: list[int], words: _Words, pad: str, widths: tuple[int, int]
) -> Told | None:
    """What padding of two batches tells: how much of it stands before and behind the ids."""
    more = before[1] + behind[1] - before[0] - behind[0]
    if more:
        told = f"{abs(more)} {'more' if more > 0 else 'fewer'} padding {words.ids}"
        return Told(
            f"{words.name}: {told} ({pad}), rows of {widths[0]} -> {widths[1]}",
            "Pad as the golden run does: padding, max_length, pad_to_multiple_of.",
        )
    if before[0] == before[1]:
        return None
    sides = ["left" if count else "right" for count in before]
    return Told(
        f"{words.name}: padding ({pad}) is on the {sides[1]} here, on the {sides[0]} in the golden run",
        "Set the tokenizer's padding_side as in the golden run.",
    )


def _is_padding(here: list[Row], there: list[Row], words: _Words) -> bool:
    """Whether what is more or less at an end only fills rows: one id, several times or known for it."""
    longer, shorter = (there, here) if len(there[0]) > len(here[0]) else (here, there)
    count = len(longer[0]) - len(shorter[0])
    for side in (slice(0, count), slice(len(shorter[0]), None)):
        surplus = {value for row in longer for value in row[side]}
        if len(surplus) == 1 and (count > 1 or words.fills(surplus.pop())):
            return True
    return False


def _stripped(row: Row, pad: int) -> tuple[tuple[int, ...], int, int]:
    """A row without its padding, and how much was before and behind."""
    start, end = 0, len(row)
    while start < end and row[start] == pad:
        start += 1
    while end > start and row[end - 1] == pad:
        end -= 1
    return tuple(row[start:end]), start, len(row) - end


def _around(here: list[Row], there: list[Row], words: _Words) -> Told | None:
    """Ids that stand before or behind those of the golden run, or are missing there."""
    one, two = list(here[0]), list(there[0])
    more = len(two) - len(one)
    if not more or len(here) != len(there) or _is_padding(here, there, words):
        return None
    longer, shorter = (there, here) if more > 0 else (here, there)
    count = abs(more)
    word, side = ("more", "here") if more > 0 else ("fewer", "here")
    if all(list(a[count:]) == list(b) for a, b in zip(longer, shorter, strict=True)):
        plural = "id" if count == 1 else "ids"
        return Told(
            f"{words.name}: {_number(count)} {word} leading {plural} {side}:"
            f" {words.some(longer[0][:count])}",
            "Add special tokens (BOS) and the system prompt once, as the golden run does.",
        )
    if all(list(a[: len(b)]) == list(b) for a, b in zip(longer, shorter, strict=True)):
        plural = "id" if count == 1 else "ids"
        fix = (
            "Compare truncation and max_length, and what is put behind the text."
            if more < 0
            else "Compare what is put behind the text: EOS, the generation prompt."
        )
        return Told(
            f"{words.name}: {_number(count)} {word} trailing {plural} {side}:"
            f" {words.some(longer[0][len(shorter[0]) :])}",
            fix,
        )
    return None


def _number(count: int) -> str:
    return "one" if count == 1 else str(count)


def _inside(here: list[Row], there: list[Row], words: _Words) -> Told | None:
    """The first position that differs, and what was put in or left out in the middle."""
    number = next((at for at, pair in enumerate(zip(here, there, strict=False)) if list(pair[0]) != list(pair[1])), None)  # fmt: skip
    if number is None:
        return None
    one, two = list(here[number]), list(there[number])
    first = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))  # fmt: skip
    row = f"row {number}, " if len(here) > 1 else ""
    if len(one) == len(two):
        count = sum(
            a != b for x, y in zip(here, there, strict=False) for a, b in zip(x, y, strict=False)
        )
        more = f", and {count - 1} more of {sum(map(len, here))}" if count > 1 else ""
        return Told(
            f"{words.name}: {row}position {first}: {words.one(one[first])} ->"
            f" {words.one(two[first])}{more}",
            words.fix,
        )
    end = 0
    while end < min(len(one), len(two)) - first and one[-1 - end] == two[-1 - end]:
        end += 1
    gone, come = one[first : len(one) - end], two[first : len(two) - end]
    parts = [f"{len(one)} {words.ids} -> {len(two)}, they part at {row}position {first}"]
    if gone:
        parts.append(f"golden: {words.some(gone)}")
    if come:
        parts.append(f"here: {words.some(come)}")
    return Told(f"{words.name}: {'; '.join(parts)}", words.fix)
