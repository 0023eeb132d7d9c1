"""Tells whether a picture is another one mirrored, turned, cropped, or without its colours.

Planes are laid over each other on a coarse grid; one way has to fit well, and better than as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

from envsnap.replay.compare import distance
from envsnap.replay.esr import archive
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Picture, Tensor

GRID = 40
FITS = 0.9
BETTER = 0.05
GREY = 1e-3
ZOOMS = (1.0, 0.875, 0.75, 0.5)
Place = Callable[[float, float], tuple[float, float]]
# Where in the golden picture a place of the other one lies; both go from 0 to 1, down and right.
TURNS: dict[str, Place] = {
    "mirrored left to right": lambda y, x: (y, 1 - x),
    "upside down (mirrored top to bottom)": lambda y, x: (1 - y, x),
    "turned by 180 degrees": lambda y, x: (1 - y, 1 - x),
    "turned by 90 degrees (rotated left)": lambda y, x: (x, 1 - y),
    "turned by 90 degrees (rotated right)": lambda y, x: (1 - x, y),
    "transposed (rows and columns exchanged)": lambda y, x: (x, y),
}


def told(
    golden: Recording, one: Tensor, left: Picture, other: Recording, two: Tensor, right: Picture
) -> str:
    """What was done to a picture; empty where nothing fits."""
    if _is_grey(other, right) and not _is_grey(golden, left):
        return "its colours are missing here (grey)"
    here, there = _plane(golden, one, left.axis), _plane(other, two, right.axis)
    if here is None or there is None:
        return ""
    as_is = _likeness(here, there, lambda y, x: (y, x))
    ways = [(_likeness(here, there, place), word) for word, place in TURNS.items()]
    ways += [(_likeness(here, there, place), word) for word, place in _crops()]
    best, word = max(ways)
    return f"it is {word} here" if best >= FITS and best > as_is + BETTER else ""


def _is_grey(recording: Recording, picture: Picture) -> bool:
    """Whether all channels are one, but for scale and offset."""
    if len(picture.rows) != 3:
        return False
    first = recording.sketches[picture.rows[0].sketch]
    return all(
        1 - distance.cosine(first, recording.sketches[row.sketch]) < GREY
        for row in picture.rows[1:]
    )


def _crops() -> Iterator[tuple[str, Place]]:
    """The middle of a picture, enlarged; and the other way round."""
    for down, right in product(ZOOMS, ZOOMS):
        if down == right == 1.0:
            continue
        yield "cropped to its middle", _zoom(down, right)
        yield "cropped less, or padded", _zoom(1 / down, 1 / right)


def _zoom(down: float, right: float) -> Place:
    return lambda y, x: (0.5 + (y - 0.5) * down, 0.5 + (x - 0.5) * right)


Plane = tuple[int, int, list[float]]


def _plane(recording: Recording, tensor: Tensor, axis: int) -> Plane | None:
    """The middle channel of the first picture: height, width, values."""
    shape = tensor.shape[-3:]
    at = axis - (len(tensor.shape) - 3)
    values = archive.flat_values(recording, tensor, math.prod(shape))
    if values is None or len(values) < math.prod(shape):
        return None
    channel = shape[at] // 2
    if at == 0:
        height, width = shape[1:]
        return (
            height,
            width,
            list(values[channel * height * width : (channel + 1) * height * width]),
        )
    height, width = shape[:2]
    return height, width, list(values[channel :: shape[2]][: height * width])


def _likeness(here: Plane, there: Plane, place: Place) -> float:
    """The correlation of two planes, where a place there lies within the plane here."""
    pairs = []
    for row, column in product(range(GRID), range(GRID)):
        y, x = (row + 0.5) / GRID, (column + 0.5) / GRID
        down, right = place(y, x)
        if 0 <= down < 1 and 0 <= right < 1:
            pairs.append((_at(here, down, right), _at(there, y, x)))
    if len(pairs) < GRID * GRID // 5:
        return 0.0
    means = [math.fsum(item[side] for item in pairs) / len(pairs) for side in (0, 1)]
    centred = [(a - means[0], b - means[1]) for a, b in pairs]
    power = [math.fsum(item[side] ** 2 for item in centred) for side in (0, 1)]
    both = math.fsum(a * b for a, b in centred)
    scale = math.sqrt(power[0] * power[1])
    return both / scale if scale > 0 and math.isfinite(scale) else 0.0


def _at(plane: Plane, down: float, right: float) -> float:
    height, width, values = plane
    return float(values[int(down * height) * width + int(right * width)])
