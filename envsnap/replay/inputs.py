"""Compares what two models were given, and guesses at the preprocessing where it differs."""

from __future__ import annotations

import math

from msgspec import Struct

from envsnap.replay import distance
from envsnap.replay.archive import Recording
from envsnap.replay.recording import Call, Picture, Tensor

# Residual lengths relative to the spread: a multiple with an offset, up to rounding; the same
# picture with other pixels; anything above is another picture.
AFFINE = 1e-4
SAME_PICTURE = 0.2
EQUAL = 1e-5


class Found(Struct, frozen=True, kw_only=True):
    """What the inputs show; no cause where they are equal."""

    count: int
    details: tuple[str, ...] = ()
    cause: str = ""
    fix: str = ""


def compare(golden: Recording, other: Recording) -> Found:
    """Compare the inputs of the first call."""
    left, right = golden.record.calls[0], other.record.calls[0]
    here, there = left.inputs(), right.inputs()
    if len(here) != len(there):
        told = f"{len(here)} tensors -> {len(there)}"
        return Found(
            count=len(here),
            details=(told,),
            cause=f"the model is given another number of tensors ({told})",
            fix="Call the model with the same arguments.",
        )
    compared = [
        _one(golden, other, (left, right), pair, f"input {place}")
        for place, pair in enumerate(zip(here, there, strict=True))
    ]
    found = [item for item in compared if item is not None]
    if not found:
        return Found(count=len(here))
    first = found[0]
    details = tuple(line for item in found for line in item.details)
    return Found(count=len(here), details=details, cause=first.cause, fix=first.fix)


def _one(
    golden: Recording,
    other: Recording,
    calls: tuple[Call, Call],
    numbers: tuple[int, int],
    name: str,
) -> Found | None:
    one, two = golden.record.tensors[numbers[0]], other.record.tensors[numbers[1]]
    if one.same(two):
        return None
    details = _statistics(one, two, name)
    cause, fix = _form(one, two)
    if not cause:
        pictures = [
            call.pictures.get(str(number)) for call, number in zip(calls, numbers, strict=True)
        ]
        if pictures[0] is not None and pictures[1] is not None:
            told, cause, fix = _pictures(golden, pictures[0], other, pictures[1])
            details += told
        else:
            cause, fix = _numbers(golden, one, other, two)
    return Found(count=1, details=tuple(details), cause=f"inputs differ: {cause}", fix=fix)


def _statistics(one: Tensor, two: Tensor, name: str) -> list[str]:
    lines = []
    for what, a, b in (
        ("dtype", one.dtype, two.dtype),
        ("shape", list(one.shape), list(two.shape)),
        ("NaN", one.nan, two.nan),
        ("Inf", one.inf, two.inf),
        ("minimum", _short(one.min), _short(two.min)),
        ("maximum", _short(one.max), _short(two.max)),
        ("mean", _short(one.mean), _short(two.mean)),
    ):
        if a != b:
            lines.append(f"{name}: {what} {a} -> {b}")
    return lines or [f"{name}: other values"]


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.5g}"


def _form(one: Tensor, two: Tensor) -> tuple[str, str]:
    """What dtype and shape alone tell."""
    if one.dtype != two.dtype:
        return (
            f"dtype {one.dtype} -> {two.dtype}",
            (
                f"Convert the input to {one.dtype} before the model; numpy 2 keeps float64 where"
                " numpy 1 gave float32."
            ),
        )
    if one.shape == two.shape:
        return "", ""
    if sorted(one.shape) == sorted(two.shape):
        return "layout: the axes are in another order", f"Permute the input to {list(one.shape)}."
    return (
        f"shape {list(one.shape)} -> {list(two.shape)}",
        "Use the golden run's batch size, resizing and padding.",
    )


def _numbers(golden: Recording, one: Tensor, other: Recording, two: Tensor) -> tuple[str, str]:
    """What can be said of tensors that are no pictures."""
    if "int" in one.dtype or one.dtype == "bool":
        return (
            "other whole numbers (token ids, indices)",
            "Use the golden run's data and tokenizer.",
        )
    if one.sketch is None or two.sketch is None:
        return "other values", "Save the input of the golden run and use it."
    here, there = golden.sketches[one.sketch], other.sketches[two.sketch]
    rest = _residual(distance.cosine(here, there))
    if rest < AFFINE:
        factor = distance.length(there) / (distance.length(here) or 1.0)
        if abs(factor - 1) > EQUAL:
            return f"scale: {factor:.6g} x the golden values", "Use the golden run's scaling."
        return f"rounding: about {_relative(golden, one, other, two):.1e}", (
            "The same steps in another version of a library: use the golden run's version."
        )
    if rest < SAME_PICTURE:
        return f"the same data, changed by about {rest:.1e}", "Compare the preprocessing steps."
    return "other data", "Use the golden run's input."


def _relative(golden: Recording, one: Tensor, other: Recording, two: Tensor) -> float:
    assert one.sketch is not None
    assert two.sketch is not None
    here, there = golden.sketches[one.sketch], other.sketches[two.sketch]
    scale = distance.length(here) or 1.0
    return distance.length([a - b for a, b in zip(here, there, strict=True)]) / scale


def _residual(cosine: float) -> float:
    """The part of one tensor that is no multiple of the other, relative to its length."""
    return math.sqrt(max(0.0, 1 - cosine * cosine)) if cosine > 0 else 2.0


def _pictures(
    golden: Recording, one: Picture, other: Recording, two: Picture
) -> tuple[list[str], str, str]:
    """Match the channels of two pictures; scale, offset and residual say what was done to them."""
    matched, residuals = [], []
    for row in one.rows:
        likeness = [
            _residual(distance.cosine(golden.sketches[row.sketch], other.sketches[item.sketch]))
            for item in two.rows
        ]
        best = min(range(len(likeness)), key=likeness.__getitem__)
        matched.append(best)
        residuals.append(likeness[best])
    details = [
        f"channel {place}: mean {a.mean:.5g} -> {b.mean:.5g}, std {a.std:.5g} -> {b.std:.5g}"
        for place, (a, b) in enumerate(zip(one.rows, two.rows, strict=False))
    ]
    rest = max(residuals)
    if rest >= SAME_PICTURE:
        return details, "another picture, crop or orientation", "Use the golden run's input."
    if matched != list(range(len(matched))):
        if matched == list(range(len(matched)))[::-1]:
            word = "channels are reversed (BGR and RGB are swapped)"
        else:
            word = f"channels are in another order ({matched})"
        return details, word, "Convert the colour order before the model: array[..., ::-1]."
    if rest >= AFFINE:
        return (
            details,
            f"decoding or resizing: the same picture, pixels changed by about {rest:.1e}",
            "Use the golden run's image library, its version and its resampling filter.",
        )
    return (details, *_scaling(one, two))


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
