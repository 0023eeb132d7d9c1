"""Tells what happened to a picture between two runs, from the values that both recordings keep.

JPEG keeps brightness at full size and colour, mostly, at half: two decoders agree on brightness
and differ in how they enlarge colour. A resampling filter changes brightness along edges, a
shifted grid changes it with the slope, a tone curve with the value itself, a conversion of
colours by one matrix. Everything is measured in steps of the 8-bit values that a pipeline of
pictures mostly starts from, where these can be found again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise
from operator import mul

from msgspec import Struct
from msgspec.structs import replace

from envsnap.replay.esr import archive
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Tensor

LARGEST_SIDE = 256  # of the part in the middle that is looked at
FEWEST_LEVELS = 16
# Of the difference's square, the part that one cause has to explain.
MOST_OF_IT = 0.7
STRUCTURE = 0.45
AT_EDGES = 0.1
# Of the picture's own spread: below the first it is no other pixel, above the second another picture.
ROUNDING, SAME = 1e-4, 0.5
# Decoders differ in colour: brightness, 0.36 of the whole at most, was 0.42 levels off (root of
# the mean square) and 1.7 in 99 % of pixels; resampling alone began at 0.95 of the whole.
COLOUR_ONLY = 0.45
CLEARLY = 0.25
BRIGHTNESS = 2.0
GREY = 0.75
LUMA = (0.299, 0.587, 0.114)

Plane = list[float]


class Picture(Struct, frozen=True):
    """The middle of one picture: its channels, row by row."""

    width: int
    channels: list[Plane]


class Told(Struct, frozen=True):
    """What the pixels show."""

    details: tuple[str, ...]
    cause: str
    fix: str
    rounded: bool = False  # by no more than one of 255 levels


def explain(
    golden: Recording, one: Tensor, other: Recording, two: Tensor, axis: int, *, far: bool
) -> Told | None:
    """Say what makes two pictures differ; None where their values do not tell it.

    Only the first picture of a batch is looked at. `axis` is the one of its channels; `far` says
    that they may be two pictures: then only edges can show that they are one.
    """
    here, there = _middle(golden, one, axis), _middle(other, two, axis)
    if here is None or there is None or len(here.channels) != len(there.channels):
        return None
    steps = [_step([*a, *b]) for a, b in zip(here.channels, there.channels, strict=True)]
    levels = all(step is not None for step in steps)
    planes = (*here.channels, *there.channels)
    unit = [step or 1.0 for step in steps]
    apart = _apart(here, there, unit, whole=levels)
    difference = _Difference(_in_steps(here, unit), apart, levels)
    if not levels and any(_step(plane) is not None for plane in planes):
        return (None if far else difference.tone()) or _one_sided(here, there)
    return difference.structure() if far else difference.told()


def _apart(here: Picture, there: Picture, unit: Sequence[float], *, whole: bool) -> list[Plane]:
    """The difference of two pictures in units of each channel, in whole ones where asked."""
    apart = [
        [(b - a) / step for a, b in zip(x, y, strict=True)]
        for x, y, step in zip(here.channels, there.channels, unit, strict=True)
    ]
    return [[float(round(value)) for value in plane] for plane in apart] if whole else apart


def _one_sided(here: Picture, there: Picture) -> Told | None:
    """One side holds 8-bit values, the other what lies between them."""
    sides = [all(_step(plane) is not None for plane in side.channels) for side in (here, there)]
    if sides[0] == sides[1]:
        return None
    words = ("8-bit values", "values between them")
    told = " -> ".join(words if sides[0] else words[::-1])
    return Told(
        details=(f"pixels: {told}",),
        cause=f"resizing: {told}; one run resizes pictures, the other tensors",
        fix="Resize before or after the conversion to floating point, as the golden run does.",
    )


class _Difference:
    """The difference of two pictures, in steps of 8-bit values where `levels` is true."""

    def __init__(self, left: Picture, apart: list[Plane], levels: bool) -> None:
        self.left, self.apart, self.levels = left, apart, levels
        colours = len(apart) >= 3
        orders = (LUMA, LUMA[::-1]) if colours else ((1.0,),)
        grey = [(_mixed(left.channels, order), _mixed(apart, order)) for order in orders]
        self.grey, self.in_grey = min(grey, key=lambda pair: _power(pair[1]))
        self.whole = math.sqrt(sum(map(_power, apart)) / len(apart))
        self.colours = colours
        self.spread = math.sqrt(_power(_centred(self.grey)))
        ordered = sorted(map(abs, self.in_grey))
        self.most_grey = ordered[int(0.99 * (len(ordered) - 1))] if ordered else 0.0

    def told(self) -> Told | None:
        """The cause that the evidence carries."""
        if not self.whole or (not self.levels and self.whole < ROUNDING * self.spread):
            return None
        most = max(abs(value) for plane in self.apart for value in plane)
        if self.levels and most <= 1:
            return replace(
                self._answer(
                    "rounding to 8 bits: values are one level apart at most; too little to tell"
                    " decoding from resizing",
                    "Use the golden run's image library and its version.",
                ),
                rounded=True,
            )
        for look in (self.tone, self._colours, self.structure, self._decoding):
            found = look()
            if found is not None:
                return found
        return self._answer(
            "other pixels: resizing, decoding, another encoding or noise, which these values do not"
            " tell apart",
            "Use the golden run's resizing filter, file (compare its SHA-256), image library and"
            " version.",
        )

    def tone(self) -> Told | None:
        """A curve: what becomes of a value depends on that value alone."""
        share = min(_curve(a, d) for a, d in zip(self.left.channels, self.apart, strict=False))
        if share < MOST_OF_IT:
            return None
        return self._answer(
            f"brightness: values follow another curve (gamma, contrast), {share:.0%} of the change",
            "Look for a change of brightness, contrast, gamma or colour profile.",
        )

    def _colours(self) -> Told | None:
        """A matrix: what becomes of a pixel depends on its own colours alone."""
        if not self.colours:
            return None
        columns = [_centred(plane) for plane in self.left.channels[:3]]
        targets = [_centred(plane) for plane in self.apart[:3]]
        explained = sum(_explained(target, columns)[0] * _power(target) for target in targets)
        share = explained / (sum(map(_power, targets)) or 1.0)
        if share < MOST_OF_IT:
            return None
        return self._answer(
            f"colour conversion: colours are mixed differently, {share:.0%} of the change",
            "Look for saturation, colour profiles and YUV conversions.",
        )

    def structure(self) -> Told | None:
        """Edges: a picture that was shifted, or resampled by another filter."""
        columns, target = _slopes(self.grey, self.in_grey, self.left.width)
        share, (right, down, sharpness) = _explained(target, columns)
        in_colour = math.sqrt(_power(self.in_grey)) < GREY * self.whole
        if share < STRUCTURE and (in_colour or not self._at_edges(columns, target)):
            return None
        if share >= STRUCTURE and math.hypot(right, down) > 0.1:
            return self._answer(
                f"resizing or cropping: the picture is shifted by about {-right:.2f} pixels to the"
                f" right, {-down:.2f} down",
                "Compare crop, padding, align_corners and the resizing library.",
            )
        if self.whole > SAME * self.spread:
            return None
        word = "sharper" if sharpness < 0 else "softer"
        edges = f"edges are {word} here" if share >= STRUCTURE else "brightness differs along edges"
        also = (
            "; colour differs more than brightness: perhaps the decoder, too" if in_colour else ""
        )
        return self._answer(
            f"resizing: another resampling filter or antialiasing; {edges}{also}",
            "Use the golden run's resizing library, filter and antialiasing.",
        )

    def _at_edges(self, columns: Sequence[Plane], target: Plane) -> bool:
        """Whether brightness differs most where it is steep."""
        steep = [math.hypot(*slopes) for slopes in zip(*columns[:2], strict=True)]
        share, _ = _explained(_centred(list(map(abs, target))), [_centred(steep)])
        return share >= AT_EDGES

    def _decoding(self) -> Told | None:
        """Colour without brightness: how JPEG's smaller colour planes are enlarged."""
        grey = math.sqrt(_power(self.in_grey))
        if not self.colours or grey > COLOUR_ONLY * self.whole:
            return None
        clear = grey <= CLEARLY * self.whole or not self.levels
        if not clear and self.most_grey > BRIGHTNESS:
            return None
        return self._answer(
            "decoding: colour is rebuilt differently, brightness is the same",
            "Decode with the golden run's image library and its version (two versions of Pillow"
            " may bring two libjpegs); if they are the same, the file was encoded again.",
        )

    def _answer(self, cause: str, fix: str) -> Told:
        changed = sum(any(pixel) for pixel in zip(*self.apart, strict=True))
        most = max(abs(value) for plane in self.apart for value in plane)
        share = changed / len(self.in_grey)
        if not self.levels:
            return Told((f"pixels: {share:.1%} differ, by {most:.2g} at most",), cause, fix)
        told = (
            f"pixels: {share:.1%} differ, by up to {most:.0f} of 255 levels; brightness within"
            f" {self.most_grey:.1f} in 99 %"
        )
        return Told((told,), cause, fix)


def _middle(recording: Recording, tensor: Tensor, axis: int) -> Picture | None:
    """The middle of the first picture, where its values were kept."""
    shape = tensor.shape[-3:]
    at = axis - (len(tensor.shape) - 3)
    inner = [math.prod(shape[place + 1 :]) for place in range(3)]
    sides = [place for place in range(3) if place != at]
    down, across = (inner[place] for place in sides)
    top, left = (max(0, (shape[place] - LARGEST_SIDE) // 2) for place in sides)
    height, width = (min(shape[place], LARGEST_SIDE) for place in sides)
    starts = [(top + row) * down + left * across for row in range(height)]
    length = (width - 1) * across + 1
    spans = [(start + place * inner[at], length) for place in range(shape[at]) for start in starts]
    rows = archive.values(recording, tensor, spans)
    if not rows or not all(map(math.isfinite, chain.from_iterable(rows))):
        return None
    planes = [_plane(rows[first : first + height], across) for first in range(0, len(rows), height)]
    return Picture(width, planes)


def _plane(rows: Sequence[Sequence[float]], step: int) -> Plane:
    """The values of one channel, of rows in which others may stand between."""
    return [value for row in rows for value in row[::step]]


def _step(values: Sequence[float]) -> float | None:
    """The distance of neighbouring values, where all lie on a grid of 256."""
    found = sorted(set(values))
    if not FEWEST_LEVELS <= len(found) <= 1024:
        return None
    span = found[-1] - found[0]
    gaps = [b - a for a, b in pairwise(found)]
    step = min((gap for gap in gaps if gap > span / 1024), default=0.0)
    if not step:
        return None
    # A step that was measured once is refined by what lies far away.
    step = span / round(span / step)
    if round(span / step) > 255:
        return None
    places = [(value - found[0]) / step for value in found]
    return step if all(abs(place - round(place)) < 0.02 for place in places) else None


def _in_steps(picture: Picture, unit: Sequence[float]) -> Picture:
    planes = [
        [value / step for value in plane]
        for plane, step in zip(picture.channels, unit, strict=True)
    ]
    return Picture(picture.width, planes)


def _mixed(planes: Sequence[Plane], weights: Sequence[float]) -> Plane:
    return [
        math.fsum(map(mul, pixel, weights)) for pixel in zip(*planes[: len(weights)], strict=True)
    ]


def _power(values: Sequence[float]) -> float:
    """The mean of the squares."""
    return math.fsum(map(mul, values, values)) / (len(values) or 1)


def _centred(values: Sequence[float]) -> Plane:
    mean = sum(values) / (len(values) or 1)
    return [value - mean for value in values]


def _curve(values: Plane, apart: Plane) -> float:
    """The part of a difference that depends on the value alone."""
    groups: dict[float, list[float]] = defaultdict(list)
    for value, difference in zip(values, apart, strict=True):
        groups[round(value, 1)].append(difference)
    explained = sum(sum(group) ** 2 / len(group) for group in groups.values())
    chance = len(groups) * _power(apart)
    whole = _power(apart) * len(apart)
    return (explained - chance) / whole if whole else 0.0


def _slopes(grey: Plane, apart: Plane, width: int) -> tuple[list[Plane], Plane]:
    """Slopes to the right and down, and curvature, with the difference, inside of the border."""
    right, down, curved, target = [], [], [], []
    for place in range(width, len(grey) - width):
        if place % width in (0, width - 1):
            continue
        west, east = grey[place - 1], grey[place + 1]
        north, south = grey[place - width], grey[place + width]
        right.append((east - west) / 2)
        down.append((south - north) / 2)
        curved.append(west + east + north + south - 4 * grey[place])
        target.append(apart[place])
    return [_centred(right), _centred(down), _centred(curved)], _centred(target)


def _explained(target: Plane, columns: Sequence[Plane]) -> tuple[float, list[float]]:
    """Least squares: the part of the target's square that columns explain, and their factors."""
    table = [
        [sum(map(mul, one, two)) for two in columns] + [sum(map(mul, one, target))]
        for one in columns
    ]
    products = [row[-1] for row in table]
    count = len(columns)
    for place in range(count):
        best = max(range(place, count), key=lambda row: abs(table[row][place]))
        table[place], table[best] = table[best], table[place]
        if abs(table[place][place]) < 1e-9:
            return 0.0, [0.0] * count
        for row in range(count):
            if row != place:
                factor = table[row][place] / table[place][place]
                table[row] = [a - factor * b for a, b in zip(table[row], table[place], strict=True)]
    factors = [table[place][-1] / table[place][place] for place in range(count)]
    whole = sum(map(mul, target, target))
    return (sum(map(mul, factors, products)) / whole if whole else 0.0), factors
