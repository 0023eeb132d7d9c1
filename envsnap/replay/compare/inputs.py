"""Compares what two models were given, and guesses at the preprocessing where it differs."""

from __future__ import annotations

from msgspec import Struct

from envsnap.replay.compare import contract, distance, pictures
from envsnap.replay.compare.pixels import Told
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Call, Tensor

Side = tuple[Recording, Call, int]


class Found(Struct, frozen=True, kw_only=True):
    """What the inputs show; no cause where they are equal."""

    count: int
    details: tuple[str, ...] = ()
    cause: str = ""
    fix: str = ""


def compare(golden: Recording, other: Recording) -> Found:
    """Compare the inputs of the first call."""
    calls = golden.record.calls[0], other.record.calls[0]
    here, there = (contract.inputs(call) for call in calls)
    if len(here) != len(there):
        told = f"{len(here)} tensors -> {len(there)}"
        return Found(
            count=len(here),
            details=(told,),
            cause=f"inputs differ: the model is given another number of tensors ({told})",
            fix="Call the model with the same arguments.",
        )
    compared = [
        _one((golden, calls[0], one.number), (other, calls[1], two.number), one.name)
        for one, two in zip(here, there, strict=True)
    ]
    found = [item for item in compared if item is not None]
    if not found:
        return Found(count=len(here))
    first = found[0]
    details = tuple(line for item in found for line in item.details)
    return Found(count=len(here), details=details, cause=first.cause, fix=first.fix)


def _one(here: Side, there: Side, name: str) -> Found | None:
    """Compare one input: what it should be, then what it holds."""
    one, two = (recording.record.tensors[number] for recording, _, number in (here, there))
    if one.same(two):
        return None
    details = tuple(_statistics(one, two, name))
    broken = contract.breaches(one, two)
    if one.dtype != two.dtype or one.shape != two.shape:
        found = Told((), "; ".join(item.told for item in broken) or _batch(one, two), "")
    else:
        found = _values(here, there)
    fix = " ".join(item.fix for item in broken) or found.fix or "Use the golden run's batch size."
    cause = found.cause
    if broken:
        cause = f"{name} expects {contract.broken_text(one, two)} ({cause})"
    return Found(count=1, details=details + found.details, cause=f"inputs differ: {cause}", fix=fix)


def _batch(one: Tensor, two: Tensor) -> str:
    return f"another batch, shape {list(one.shape)} -> {list(two.shape)}"


def _values(here: Side, there: Side) -> Told:
    """Two tensors of one form: what their channels, or their sketches, say."""
    pictures_of = [call.pictures.get(str(number)) for _, call, number in (here, there)]
    tensors = [recording.record.tensors[number] for recording, _, number in (here, there)]
    if pictures_of[0] is not None and pictures_of[1] is not None:
        return pictures.compare(
            (here[0], tensors[0], pictures_of[0]), (there[0], tensors[1], pictures_of[1])
        )
    return Told((), *_numbers(here[0], tensors[0], there[0], tensors[1]))


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
    rest = pictures.residual(distance.cosine(here, there))
    if rest < pictures.AFFINE:
        factor = distance.length(there) / (distance.length(here) or 1.0)
        if abs(factor - 1) > pictures.EQUAL:
            return f"scale: {factor:.6g} x the golden values", "Use the golden run's scaling."
        return f"rounding: about {_relative(golden, one, other, two):.1e}", (
            "The same steps in another version of a library: use the golden run's version."
        )
    if rest < pictures.SAME_PICTURE:
        return f"the same data, changed by about {rest:.1e}", "Compare the preprocessing steps."
    return "other data", "Use the golden run's input."


def _relative(golden: Recording, one: Tensor, other: Recording, two: Tensor) -> float:
    assert one.sketch is not None
    assert two.sketch is not None
    here, there = golden.sketches[one.sketch], other.sketches[two.sketch]
    scale = distance.length(here) or 1.0
    return distance.length([a - b for a, b in zip(here, there, strict=True)]) / scale
