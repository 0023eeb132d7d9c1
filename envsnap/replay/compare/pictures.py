"""Compares two inputs that look like pictures: order of channels, scale, offset, then pixels."""

from __future__ import annotations

import math

from envsnap.replay.compare import distance, orientation, pixels
from envsnap.replay.compare.pixels import Told
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Picture, Tensor

# Residual lengths relative to the spread: a multiple with an offset, up to rounding; the same
# picture with other pixels; anything above is another picture.
AFFINE = 1e-4
SAME_PICTURE = 0.2
SHIFTED = 1.0  # up to here pixels may still show a shift
EQUAL = 1e-5

Side = tuple[Recording, Tensor, Picture]


def residual(cosine: float) -> float:
    """The part of one tensor that is no multiple of the other, relative to its length."""
    return math.sqrt(max(0.0, 1 - cosine * cosine)) if cosine > 0 else 2.0


def compare(here: Side, there: Side) -> Told:
    """Say what was done to a picture: what its channels look like, and what their pixels show."""
    (golden, one, left), (other, two, right) = here, there
    details = tuple(
        f"channel {place}: mean {a.mean:.5g} -> {b.mean:.5g}, std {a.std:.5g} -> {b.std:.5g}"
        for place, (a, b) in enumerate(zip(left.rows, right.rows, strict=False))
    )
    matched, rest = _matched(here, there)
    in_order = matched == list(range(len(matched))) and len(left.rows) == len(right.rows)
    if not in_order and rest < SAME_PICTURE:
        return Told(details, *_swapped(matched))
    found = None
    if rest < SHIFTED and left.axis == right.axis and one.shape[1:] == two.shape[1:]:
        found = pixels.explain(golden, one, other, two, left.axis, far=rest >= SAME_PICTURE)
    if found is not None and (rest >= AFFINE or _one_scale(left, right)):
        return Told(details + found.details, found.cause, found.fix, found.rounded)
    if rest >= SAME_PICTURE:
        way = orientation.told(golden, one, left, other, two, right)
        if way:
            fix = "Load, turn (EXIF) and crop pictures as the golden run does."
            return Told(details, f"the same picture, but {way}", fix)
        cause = "another picture, crop or orientation"
        return Told(details, cause, "Use the golden run's input.")
    if rest >= AFFINE:
        return Told(
            details,
            f"decoding or resizing: the same picture, pixels changed by about {rest:.1e}",
            "Use the golden run's image library, its version and its resampling filter; a"
            " recording with kept inputs tells which.",
        )
    return Told(details, *_scaling(left, right))


def _matched(here: Side, there: Side) -> tuple[list[int], float]:
    """Which channel there each channel is like, and the largest residual."""
    (golden, _, left), (other, _, right) = here, there
    matched, residuals = [], []
    for row in left.rows:
        likeness = [
            residual(distance.cosine(golden.sketches[row.sketch], other.sketches[item.sketch]))
            for item in right.rows
        ]
        best = min(range(len(likeness)), key=likeness.__getitem__)
        matched.append(best)
        residuals.append(likeness[best])
    return matched, max(residuals)


def _swapped(matched: list[int]) -> tuple[str, str]:
    if matched == list(range(len(matched)))[::-1]:
        word = "channels are reversed (BGR and RGB are swapped)"
    else:
        word = f"channels are in another order ({matched})"
    return word, "Convert the colour order before the model: array[..., ::-1]."


def _one_scale(left: Picture, right: Picture) -> bool:
    """Whether neither scale nor offset differs by more than other pixels do."""
    return all(
        abs(b.std - a.std) < 1e-3 * a.std and abs(b.mean - a.mean) < 1e-3 * a.std
        for a, b in zip(left.rows, right.rows, strict=True)
    )


def _scaling(one: Picture, two: Picture) -> tuple[str, str]:
    """Scale and offset of each channel, in words."""
    rows = list(zip(one.rows, two.rows, strict=False))
    scales = [b.std / a.std if a.std else 1.0 for a, b in rows]
    offsets = [
        (b.mean - scale * a.mean) / (b.std or 1.0)
        for (a, b), scale in zip(rows, scales, strict=True)
    ]
    listed = ", ".join(f"{scale:.5g}" for scale in scales)
    for factor, word in ((255.0, "not divided by 255"), (1 / 255, "divided by 255 once more")):
        if all(abs(scale / factor - 1) < 1e-3 for scale in scales):
            return f"scale: {word}", "Scale pixels as the golden run does."
    scaled = any(abs(scale - 1) > EQUAL for scale in scales)
    moved = any(abs(offset) > EQUAL for offset in offsets)
    if scaled:
        also = ", with another mean" if moved else ""
        return (
            f"normalisation: channels are {listed} x the golden ones{also}",
            "Use the golden run's mean and std.",
        )
    if moved:
        return "normalisation: another mean", "Use the golden run's mean."
    return (
        "rounding: the same picture up to the last bits",
        "The same steps in another version of a library: use the golden run's version.",
    )
