"""Compares numbers that are no picture: tables, spectrograms, latents, single values.

What can be shown is told: rows or columns in another order, a scale, an offset, missing values,
a rounding, another draw of random numbers. Everything else is other data.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from operator import mul

from msgspec import Struct

from envsnap.replay.compare import distance, sequences
from envsnap.replay.compare.ids import Told
from envsnap.replay.compare.view import View
from envsnap.replay.esr import archive
from envsnap.replay.esr.recording import Tensor

MOST = 20_000
LARGEST_PICTURE = 1 << 19
MOST_COLUMNS = 256
HUGE = 1e100  # masks hold float64's largest, of which no sum, let alone a square, is finite
EXACT = 1e-5  # what is left of a difference that one scale and offset explain
CLOSE = 0.2
FEW = 4
Values = Sequence[float]


def compare(golden: View, one: Tensor, other: View, two: Tensor, name: str) -> Told:
    """Say how two tensors of one shape differ."""
    if two.nan != one.nan:
        return Told(
            f"{name}: {two.nan} missing values (NaN) here, {one.nan} in the golden run",
            "Fill or drop missing values as the golden run does.",
        )
    here = archive.flat_values(golden.recording, one, MOST)
    there = archive.flat_values(other.recording, two, MOST)
    if here is not None and there is not None and len(here) == len(there):
        if len(here) <= FEW:
            return Told(f"{name}: {_few(here)} -> {_few(there)}", f"Pass the golden run's {name}.")
        left, right = _reduced(here, there)
        for look in (_reordered, sequences.moved, _columns, _part, _rounded, _random, _affine):
            found = look(one, list(left), two, list(right), name)
            if found is not None:
                return found
    elif one.rows and sorted(one.rows) == sorted(two.rows):
        return _order(name, one)
    return _by_sketch(golden, one, other, two, name)


def exact(golden: View, one: Tensor, other: View, two: Tensor, name: str) -> Told | None:
    """What is certain of a picture before its pixels are looked at: its margins, a rounding."""
    here = archive.flat_values(golden.recording, one, LARGEST_PICTURE)
    there = archive.flat_values(other.recording, two, LARGEST_PICTURE)
    if here is None or there is None or len(here) != len(there):
        return None
    return _filled(here, there, name) or _rounded(one, here[:MOST], two, there[:MOST], name)


def _filled(here: Values, there: Values, name: str) -> Told | None:
    """One value in the place of another, a few times at most, and all else as it was: a margin."""
    apart = [pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]]
    pairs = set(apart)
    back = {(b, a) for a, b in pairs}
    if not (len(pairs) <= FEW and len(pairs) * FEW < len(apart) < 0.9 * len(here)) or back & pairs:
        return None
    told = ", ".join(f"{a:.5g} -> {b:.5g}" for a, b in sorted(pairs))
    return Told(
        f"{name}: {len(apart)} values are filled otherwise: {told}; all others are the same",
        "Pad and fill margins with the golden run's value.",
    )


def _reduced(here: Values, there: Values) -> tuple[Values, Values]:
    """Both sides by one power of two where they are huge: what they share stays as it is."""
    sizes = (abs(value) for value in (*here, *there) if math.isfinite(value))
    largest = max(sizes, default=0.0)
    if largest < HUGE:
        return here, there
    power = -math.frexp(largest)[1]
    left = [math.ldexp(value, power) for value in here]
    return left, [math.ldexp(value, power) for value in there]


def _few(values: Values) -> str:
    return ", ".join(f"{value:.8g}" for value in values)


def _order(name: str, one: Tensor) -> Told:
    what = "rows" if len(one.shape) > 1 else "values"
    return Told(
        f"{name}: the same {what} in another order",
        "Give the model its inputs in the golden run's order (shuffle, sorting).",
    )


def _reordered(one: Tensor, _: Values, two: Tensor, __: Values, name: str) -> Told | None:
    if len(one.rows) > 1 and one.rows != two.rows and sorted(one.rows) == sorted(two.rows):
        return _order(name, one)
    return None


def _columns(one: Tensor, here: Values, _: Tensor, there: Values, name: str) -> Told | None:
    """A table: columns that were exchanged, scaled or moved."""
    table = _Table.of(one, here, there)
    if table is None:
        return None
    sources = table.sources()
    if sources:
        return Told(
            f"{name}: columns are in another order: {table.differ} hold those of {sources}",
            "Select the columns by name, in the golden run's order.",
        )
    fits = [(place, _fit(table.left[place], table.right[place])) for place in table.differ]
    if all(fit is not None for _, fit in fits):
        return _scaled_columns(name, table.width, [(place, *fit) for place, fit in fits if fit])
    return None


def _part(one: Tensor, here: Values, two: Tensor, there: Values, name: str) -> Told | None:
    """Some rows or some columns: whichever are fewer."""
    rows = _differing_rows(one, two)
    table = _Table.of(one, here, there)
    columns = table.differ if table is not None and 0 < len(table.differ) < table.width else []
    if rows and (
        table is None or not columns or len(rows) / len(one.rows) < len(columns) / table.width
    ):
        many = ", ".join(map(str, rows[:6])) + ("…" if len(rows) > 6 else "")
        return Told(
            f"{name}: {len(rows)} of {len(one.rows)} rows differ ({many})",
            "Give the model the golden run's rows.",
        )
    if table is None or not columns:
        return None
    share = max(table.share(place) for place in columns)
    part = "" if share > 0.9 else f", in {share:.0%} of the rows at most"
    return Told(
        f"{name}: columns {columns[:8]} of {table.width} hold other values{part}",
        "Compare how these columns are filled, encoded and scaled.",
    )


def _differing_rows(one: Tensor, two: Tensor) -> list[int]:
    """The rows that differ, where others do not."""
    if len(one.rows) != len(two.rows):
        return []
    pairs = zip(one.rows, two.rows, strict=True)
    differ = [place for place, (a, b) in enumerate(pairs) if a != b]
    return differ if len(differ) < len(one.rows) else []


class _Table(Struct, frozen=True, kw_only=True):
    """Two tables of one form by columns, and which of those differ."""

    width: int
    rows: int
    left: list[Values]
    right: list[Values]
    differ: list[int]

    @classmethod
    def of(cls, tensor: Tensor, here: Values, there: Values) -> _Table | None:
        """The tables that values are; None where they are none, or have few rows."""
        if len(tensor.shape) not in (2, 3) or not 2 <= tensor.shape[-1] <= MOST_COLUMNS:
            return None
        width = tensor.shape[-1]
        rows = len(here) // width
        if rows < FEW:
            return None
        left, right = (
            [side[place : rows * width : width] for place in range(width)] for side in (here, there)
        )
        differ = [place for place in range(width) if not _alike(left[place], right[place])]
        return cls(width=width, rows=rows, left=left, right=right, differ=differ)

    def sources(self) -> list[int]:
        """Which golden columns the differing ones hold; empty where they are not those exchanged."""
        found = [
            next((at for at in self.differ if _alike(self.left[at], self.right[place])), None)
            for place in self.differ
        ]
        known = [at for at in found if at is not None]
        return known if len(set(known)) == len(found) > 1 else []

    def share(self, place: int) -> float:
        """The share of rows whose value in a column differs."""
        pairs = zip(self.left[place], self.right[place], strict=True)
        return sum(a != b for a, b in pairs) / self.rows


def _scaled_columns(name: str, width: int, found: list[tuple[int, float, float]]) -> Told | None:
    """Columns that are a multiple of the golden ones, with an offset."""
    if not found:
        return None
    scales = [scale for _, scale, _ in found]
    moved = any(abs(offset) > EXACT for _, _, offset in found)
    which = "all columns" if len(found) == width else f"columns {[place for place, _, _ in found]}"
    alike = max(scales) - min(scales) <= 1e-4 * max(map(abs, scales))
    shown = f"{scales[0]:.6g}" if alike else ", ".join(f"{scale:.4g}" for scale in scales[:6])
    also = " and moved" if moved else ""
    return Told(
        f"{name}: {which} scaled by {shown}{also}",
        "Standardise and convert units as the golden run does: mean, standard deviation, ddof, unit.",
    )


def _alike(one: Values, two: Values) -> bool:
    """Whether two columns hold the same values, up to rounding."""
    return all(
        a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= EXACT * max(abs(a), abs(b))
        for a, b in zip(one, two, strict=True)
    )


def _fit(one: Values, two: Values) -> tuple[float, float] | None:
    """The scale and offset (in deviations) that make one column the other; None: there are none."""
    if not all(map(math.isfinite, (*one, *two))):
        return None
    count = len(one)
    means = math.fsum(one) / count, math.fsum(two) / count
    here, there = [value - means[0] for value in one], [value - means[1] for value in two]
    power, other = math.fsum(map(mul, here, here)), math.fsum(map(mul, there, there))
    if not power or not other:
        return None
    scale = math.fsum(map(mul, here, there)) / power
    rest = math.fsum((b - scale * a) ** 2 for a, b in zip(here, there, strict=True))
    if rest > EXACT * other:
        return None
    return scale, (means[1] - scale * means[0]) / math.sqrt(other / count)


def _rounded(one: Tensor, here: Values, two: Tensor, there: Values, name: str) -> Told | None:
    """The golden values after a detour through half precision."""
    if one.dtype != "float32" or two.dtype != "float32":
        return None
    for kind, narrow in (("float16", _half), ("bfloat16", _brain)):
        for word, values, rounded in (("here", here, there), ("in the golden run", there, here)):
            if all(_is_rounded(a, b, narrow) for a, b in zip(values, rounded, strict=True)):
                return Told(
                    f"{name}: values went through {kind} {word}",
                    f"Keep the input in float32 in both runs: a conversion to {kind} rounds it.",
                )
    return None


def _is_rounded(value: float, other: float, narrow: object) -> bool:
    try:
        found = narrow(value)  # type: ignore[operator]
    except OverflowError:
        return False
    return bool(found == other)


def _half(value: float) -> float:
    return float(struct.unpack("<e", struct.pack("<e", value))[0])


def _brain(value: float) -> float:
    """The nearest bfloat16, ties to even."""
    bits = int(struct.unpack("<I", struct.pack("<f", value))[0])
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def _random(one: Tensor, here: Values, _: Tensor, there: Values, name: str) -> Told | None:
    """Two draws of normal numbers that have nothing in common; a draw hardly gives a number twice."""
    for values in (here, there):
        if one.dtype == "float32" and 100 * len(set(values)) < 99 * len(values):
            return None  # standardised data
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        error = 4 / math.sqrt(len(values))
        if len(values) < 64 or abs(mean) > error or abs(spread - 1) > error:
            return None
    product = math.fsum(map(mul, here, there)) / len(here)
    if abs(product) > 5 / math.sqrt(len(here)):
        return None
    return Told(
        f"{name}: unrelated values, normal in both runs, as other random numbers are (another seed,"
        " generator or order of draws)",
        "If they are drawn, draw them from a generator with the golden run's seed, on the same device, or save"
        " them.",
    )


def _affine(_: Tensor, here: Values, __: Tensor, there: Values, name: str) -> Told | None:
    """One scale and one offset for all values."""
    fit = _fit(here, there)
    if fit is None:
        return None
    scale, offset = fit
    scaled, moved = abs(scale - 1) > 1e-4, abs(offset) > 1e-4
    if scaled and moved:
        told = f"{scale:.6g} x the golden values, and moved"
    elif scaled:
        told = f"{scale:.6g} x the golden values"
    elif moved:
        told = f"moved by {math.fsum(there) / len(there) - math.fsum(here) / len(here):.5g}"
    else:
        return None
    return Told(
        f"{name}: scale: {told}", "Scale the input as the golden run does (gain, factor, mean)."
    )


def _by_sketch(golden: View, one: Tensor, other: View, two: Tensor, name: str) -> Told:
    """What lengths and directions tell where values are not kept."""
    if one.sketch is None or two.sketch is None:
        return Told(f"{name}: other values", "Save the input of the golden run and use it.")
    here, there = golden.recording.sketches[one.sketch], other.recording.sketches[two.sketch]
    cosine = distance.cosine(here, there)
    rest = math.sqrt(max(0.0, 1 - cosine * cosine)) if cosine > 0 else 2.0
    if not math.isfinite(distance.length(here) + distance.length(there)):
        return Told(f"{name}: other values", "Give the model the golden run's input.")
    if rest < 1e-4:
        factor = distance.length(there) / (distance.length(here) or 1.0)
        if abs(factor - 1) > EXACT:
            return Told(
                f"{name}: scale: {factor:.6g} x the golden values", "Use the golden run's scaling."
            )
        apart = distance.length([a - b for a, b in zip(here, there, strict=True)])
        return Told(
            f"{name}: rounding: about {apart / (distance.length(here) or 1.0):.1e}",
            "The same steps in another precision or version of a library: use the golden run's.",
        )
    if rest < CLOSE:
        return Told(
            f"{name}: similar data, apart by about {rest:.1e}",
            "Compare the steps before the model.",
        )
    return Told(f"{name}: other data", "Give the model the golden run's input.")
