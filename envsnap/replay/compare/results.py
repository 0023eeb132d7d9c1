"""How far apart two results of a model, or two named values, are.

Layers are judged by lengths, since rounding is everywhere in a tensor. A result is what people use:
one score, one token, one label may be another, and a length over all values hides it. So whole
numbers, plain values and places of NaN are compared as they are, and a difference that lies in few
places is measured there.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from envsnap.replay.compare import distance
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Node, Scalar

# Rounding spreads over all parts of a sketch: normal numbers reach 3 to 4 times their spread.
PEAK = 8.0
PLAIN = 3e-2  # by as much a part differs from itself when it is another value
ABOVE = 100.0  # times the difference of the parts that are not other values
LEAST_SHARE = 1e-8  # of the typical part: below it nothing is told apart
CLOSE = 1e-5  # two plain numbers within rounding
# Plain values that are another in each run: how long it took, when, under which name.
EACH_RUN = re.compile(
    r"(^|[._])((elapsed|wall|run|start|end|created|inference|total)_?)?"
    r"(time|times|timestamp|timings?|speed|latency|elapsed|duration|seconds|ms|created|created_at|uuid|request_id|run_id)"
    r"(_?(ms|s|seconds))?($|[._])",
    re.IGNORECASE,
)
Sketch = Sequence[float]
Unseen = tuple[tuple[str, str], ...]
Part = TypeVar("Part")


class Met(Struct, frozen=True, kw_only=True):
    """Two results laid over each other: how far apart, what differs in words, what nobody saw."""

    apart: float | None
    same: bool
    told: str = ""
    unseen: tuple[str, ...] = ()


def compare(golden: Recording, left: Node, other: Recording, right: Node) -> Met:
    """Compare what both runs gave, by name where parts have names; surplus parts are told."""
    unseen = tuple(dict.fromkeys((*_unseen(left), *_unseen(right))))
    here, there = _met(_seen(_tensors(left), unseen), _seen(_tensors(right), unseen))
    one, two = _seen(_plain(left), unseen), _seen(_plain(right), unseen)
    values = _values(one, two)
    shared = list(filter(there.__contains__, here))
    if not shared and (here or there):
        return Met(apart=math.inf, same=False, told="no result in common", unseen=_listed(unseen))
    if not (shared or values) and unseen:
        return Met(apart=None, same=False, unseen=_listed(unseen))
    found = [_apart(golden, here[name], other, there[name]) for name in shared]
    found += [apart for apart, _ in values]
    only = _only("missing here", here | one, there | two), _only("only here", there | two, here | one)  # fmt: skip
    told = "; ".join(filter(None, (*only, *[text for _, text in values][:4])))
    return _summed(found, told, unseen)


def _met(here: dict[str, int], there: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Both sides' tensors, by their places where one side names them and the other does not."""
    if here and there and not here.keys() & there.keys():
        return _by_place(here), _by_place(there)
    return here, there


def _summed(found: list[float | None], told: str, unseen: Unseen) -> Met:
    """All differences as one; None is one that was not measured."""
    known = [item for item in found if item is not None]
    worst = max(known, default=0.0)
    whole = len(known) == len(found)
    return Met(
        apart=worst if whole else (worst or None), told=told, unseen=_listed(unseen),
        same=whole and not any(known) and not told,
    )  # fmt: skip


def _apart(golden: Recording, left: int, other: Recording, right: int) -> float | None:
    """The largest relative difference of two tensors: of the whole, or of the place it lies in."""
    found = distance.apart(golden, left, other, right)
    one, two = golden.record.tensors[left], other.record.tensors[right]
    if not found or math.isinf(found) or one.sketch is None or two.sketch is None:
        return found
    if not one.dtype.startswith(("float", "bfloat", "complex")):
        return max(found, 1.0)  # whole numbers are not rounded
    return max(found, concentrated(golden.sketches[one.sketch], other.sketches[two.sketch]))


def concentrated(here: Sketch, there: Sketch) -> float:
    """How far the few parts of two sketches are apart in which the difference lies; 0: in all."""
    apart = [abs(a - b) for a, b in zip(here, there, strict=True)]
    sizes = [max(abs(a), abs(b)) for a, b in zip(here, there, strict=True)]
    held = [place for place, size in enumerate(sizes) if size]
    if not held or not all(map(math.isfinite, sizes)):
        return 0.0
    usual = math.hypot(*sizes) / math.sqrt(len(held))
    return max(_peak(held, apart, sizes, usual), _above_noise(held, apart, sizes, usual))


def _peak(held: list[int], apart: list[float], sizes: list[float], usual: float) -> float:
    """The difference of the one part that is far above all others; 0: there is none."""
    top = max(held, key=apart.__getitem__)
    rest = math.hypot(*[apart[place] for place in held if place != top])
    if apart[top] > PEAK * rest / math.sqrt(max(1, len(held) - 1)):
        return apart[top] / max(sizes[top], usual)
    return 0.0


def _above_noise(held: list[int], apart: list[float], sizes: list[float], usual: float) -> float:
    """The usual difference of the parts that are plainly others, where the rest is noise; or 0."""
    changed = {place for place in held if apart[place] > PLAIN * sizes[place]}
    least = max((apart[place] for place in changed), default=0.0)
    noise = max((apart[place] for place in held if place not in changed), default=0.0)
    if least > max(ABOVE * noise, LEAST_SHARE * usual):
        return statistics.median(apart[at] / sizes[at] for at in changed)
    return 0.0


def _tensors(node: Node, name: str = "") -> Iterator[tuple[str, int]]:
    """The tensors of a nest by their way in it."""
    if node.kind == "tensor":
        yield name or "result", node.tensor or 0
    for key, item in _parts(node, name):
        yield from _tensors(item, key)


def _parts(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    for place, item in enumerate(node.items):
        key = node.keys[place] if place < len(node.keys) else str(place)
        yield (f"{name}.{key}" if name else key), item


def _plain(node: Node, name: str = "") -> Iterator[tuple[str, Node]]:
    """The plain values of a nest, and texts by their digests."""
    if (node.kind == "value" and node.value is not None) or (
        node.kind == "opaque" and node.value is not None
    ):
        yield name or "result", node
    for key, item in _parts(node, name):
        yield from _plain(item, key)


def _unseen(node: Node, name: str = "") -> Iterator[tuple[str, str]]:
    """The parts of which only the type is known, with it."""
    if node.kind == "opaque" and node.value is None:
        yield name or "result", node.type
    for key, item in _parts(node, name):
        yield from _unseen(item, key)


def _seen(parts: Iterator[tuple[str, Part]], unseen: Unseen) -> dict[str, Part]:
    """The parts that both recordings look into: an earlier one looked into fewer kinds."""
    closed = [name for name, _ in unseen]
    return {
        key: part
        for key, part in parts
        if not any(name in (key, "result") or key.startswith(name + ".") for name in closed)
    }


def _listed(unseen: Unseen) -> tuple[str, ...]:
    return tuple(f"{name} ({kind})" for name, kind in unseen)


def _values(here: dict[str, Node], there: dict[str, Node]) -> list[tuple[float, str]]:
    """How far plain values are apart that both results have, with words where that is far."""
    found = []
    for name, one in here.items():
        two = there.get(name)
        if two is None or EACH_RUN.search(name):
            continue
        apart = _numbers(one.value, two.value)
        text = one.kind == "opaque" and one.type == "str"
        words = "another text" if text else f"{_short(one.value)} -> {_short(two.value)}"
        found.append((apart, f"{name}: {words}" if apart > CLOSE else ""))
    return found


def _numbers(one: Scalar, two: Scalar) -> float:
    """The relative difference of two numbers with a point; of anything else 0 or infinity."""
    if one == two and type(one) is type(two):
        return 0.0
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) / max(abs(one), abs(two))
    return math.inf


def _short(value: Scalar) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)[:40]


def _by_place(parts: dict[str, int]) -> dict[str, int]:
    return {str(place): number for place, number in enumerate(parts.values())}


def _only(word: str, one: dict[str, Any], two: dict[str, Any]) -> str:
    """The parts that one result has and the other has not; empty: none."""
    names = [name for name in one if name not in two]
    return f"{word}: {', '.join(names[:4])}" if names else ""
