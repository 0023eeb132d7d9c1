"""How far two recorded tensors are apart, from digests and sketches alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Node, Tensor

# What stands for a difference that float32 sketches (good for some 5e-8) do not show.
LEAST = 1e-12
SEEN = 1e-2  # above it a difference is one, whatever else a tensor holds
EPSILON = {"float64": 2.2e-16, "float32": 1.19e-7, "bfloat16": 7.8e-3, "float16": 9.8e-4}


def length(sketch: Sequence[float]) -> float:
    """The Euclidean length of a sketch: an estimate of its tensor's."""
    return math.sqrt(math.fsum(value * value for value in sketch))


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """How far two sketches point the same way: 1 where one tensor is a multiple of the other."""
    scale = length(one) * length(other)
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return max(-1.0, min(1.0, product / scale)) if scale else 0.0


def apart(golden: Recording, left: int, other: Recording, right: int) -> float | None:
    """The relative length of the difference; infinite where they cannot be laid over each other.

    None where either was not measured.
    """
    one, two = golden.record.tensors[left], other.record.tensors[right]
    if one.same(two):
        return 0.0
    if (one.dtype, one.shape) != (two.dtype, two.shape):
        return math.inf
    kept = attended(golden, one, other, two)
    if kept is not None and one.attended is not None:
        return _relative(*kept, one.attended.l2)
    if (one.nan, one.inf) != (two.nan, two.inf):
        return math.inf
    if one.holes is not None and two.holes is not None and one.holes != two.holes:
        return math.inf
    if one.sketch is None or two.sketch is None:
        return None
    here, there = golden.sketches[one.sketch], other.sketches[two.sketch]
    whole = _relative(here, there, one.l2)
    if one.rest is None and two.rest is None:
        return whole
    return _beside_filling((golden, one), (other, two), whole)


def attended(
    golden: Recording, one: Tensor, other: Recording, two: Tensor
) -> tuple[Sequence[float], Sequence[float]] | None:
    """The sketches of what both masks keep, as many positions; None where no mask is known."""
    here, there = one.attended, two.attended
    if here is None or there is None or here.filled != there.filled:
        return None
    return golden.sketches[here.sketch], other.sketches[there.sketch]


def _relative(here: Sequence[float], there: Sequence[float], known: float | None) -> float:
    scale = length(here) or known or 0.0
    difference = length([a - b for a, b in zip(here, there, strict=True)])
    # The bits differ: where the sketches do not show it, it is less than they can show.
    return max(difference / scale if scale else difference, LEAST)


def _beside_filling(
    golden: tuple[Recording, Tensor], other: tuple[Recording, Tensor], whole: float
) -> float | None:
    """How far apart the values are that fill nothing, or the filling where that is more.

    Beside a mask's -1e9 a length shows nothing of the others. Earlier recordings did not look.
    """
    one, two = golden[1].rest, other[1].rest
    if one is None or two is None:
        return whole if whole > SEEN else None
    if one.filled != two.filled:
        return math.inf
    rest = _relative(golden[0].sketches[one.sketch], other[0].sketches[two.sketch], one.l2)
    return rest if math.isnan(whole) else max(rest, whole)


def pairs(left: Node, right: Node) -> Iterator[tuple[int, int]]:
    """The numbers of tensors that stand at the same place; surplus ones are paired with nothing."""
    yield from zip(left.tensors(), right.tensors(), strict=False)


def same_form(left: Node, right: Node) -> bool:
    """Whether both hold as many tensors."""
    return len(list(left.tensors())) == len(list(right.tensors()))


def worst(
    golden: Recording, left: Node, other: Recording, right: Node
) -> tuple[float | None, bool]:
    """The largest difference between two nests, and whether all bits are equal."""
    if not same_form(left, right):
        return math.inf, False
    found = [apart(golden, a, other, b) for a, b in pairs(left, right)]
    known = [item for item in found if item is not None]
    if len(known) < len(found):
        return (max(known, default=0.0) or None), False
    return max(known, default=0.0), all(item == 0 for item in known)


def scale_of(tensor: Tensor) -> float:
    """The rounding step of a tensor's dtype as a multiple of float32's.

    For float64 a tenth, which is what sketches of float32 numbers can still tell apart.
    """
    return max(0.1, EPSILON.get(tensor.dtype, EPSILON["float32"]) / EPSILON["float32"])
