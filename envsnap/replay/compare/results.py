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
from envsnap.replay.compare.view import View
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


def compare(
    golden: Recording, left: Node, other: Recording, right: Node, *, close: float = CLOSE
) -> Met:
    """Compare what both runs gave, by name where parts have names; surplus parts are told.

    Plain numbers with a point that are no further apart than `close` are rounded.
    """
    unseen = tuple(dict.fromkeys((*_unseen(left), *_unseen(right))))
    here, there = _paired(_seen(_tensors(left), unseen), _seen(_tensors(right), unseen))
    one, two = _seen(_plain(left), unseen), _seen(_plain(right), unseen)
    values = _values(one, two, close)
    shared = [name for name in here if name in there]
    if not shared and (here or there):
        return Met(apart=math.inf, same=False, told="no result in common", unseen=_listed(unseen))
    if not shared and not values and unseen:
        return Met(apart=None, same=False, unseen=_listed(unseen))
    found = [_apart(golden, here[name], other, there[name]) for name in shared]
    told = (*_surplus(here | one, there | two), *[text for _, text in values if text][:4])
    return _met([*found, *[apart for apart, _ in values]], told, unseen)


def of_call(view: View, twin: View) -> float | None:
    """How far the results of a call are apart; None where that is not known."""
    left, right = view.call.result, twin.call.result
    if left is None or right is None:
        return None
    return compare(view.recording, left, twin.recording, right).apart


def step(view: View) -> float:
    """The rounding step of a call's results, as a multiple of float32's."""
    numbers = view.call.result.tensors() if view.call.result is not None else ()
    tensors = [view.tensor(number) for number in numbers]
    return max((distance.scale_of(item) for item in tensors if "float" in item.dtype), default=1.0)


def are_measured(view: View) -> bool:
    """Whether a call gives numbers with a point: labels may be the same where all else differs."""
    numbers = view.call.result.tensors() if view.call.result is not None else ()
    return any(
        view.tensor(number).sketch is not None and "float" in view.tensor(number).dtype
        for number in numbers
    )


def _met(found: list[float | None], told: tuple[str, ...], unseen: Unseen) -> Met:
    """All parts together; where one is not known, the others say only that there is a difference."""
    known = [item for item in found if item is not None]
    worst = max(known, default=0.0)
    whole = len(known) == len(found)
    return Met(
        apart=worst if whole else (worst or None), told="; ".join(told), unseen=_listed(unseen),
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
    kept = distance.attended(golden, one, other, two)
    whole = golden.sketches[one.sketch], other.sketches[two.sketch]
    return max(found, concentrated(*(kept or whole)))


def concentrated(here: Sketch, there: Sketch) -> float:
    """How far the few parts of two sketches are apart in which the difference lies; 0: in all."""
    pairs = [pair for pair in zip(here, there, strict=True) if any(pair)]
    if not pairs or not all(math.isfinite(value) for pair in pairs for value in pair):
        return 0.0
    apart = [abs(a - b) for a, b in pairs]
    sizes = [max(abs(a), abs(b)) for a, b in pairs]
    usual = math.hypot(*sizes) / math.sqrt(len(sizes))
    return max(_peak(apart, sizes, usual), _others(apart, sizes, usual))


def _peak(apart: list[float], sizes: list[float], usual: float) -> float:
    """How far one part is apart from which all others stand back."""
    top = max(range(len(apart)), key=apart.__getitem__)
    rest = math.hypot(*apart[:top], *apart[top + 1 :]) / math.sqrt(max(1, len(apart) - 1))
    return apart[top] / max(sizes[top], usual) if apart[top] > PEAK * rest else 0.0


def _others(apart: list[float], sizes: list[float], usual: float) -> float:
    """How far the parts are apart that are other values, where the others hardly are."""
    pairs = list(zip(apart, sizes, strict=True))
    changed = [(gap, size) for gap, size in pairs if gap > PLAIN * size]
    least = max((gap for gap, _ in changed), default=0.0)
    noise = max((gap for gap, size in pairs if gap <= PLAIN * size), default=0.0)
    if least <= max(ABOVE * noise, LEAST_SHARE * usual):
        return 0.0
    return statistics.median(gap / size for gap, size in changed)


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


def _values(here: dict[str, Node], there: dict[str, Node], close: float) -> list[tuple[float, str]]:
    """How far plain values are apart that both results have, with words where that is far."""
    found = []
    for name, one in here.items():
        two = there.get(name)
        if two is None or EACH_RUN.search(name):
            continue
        apart = _numbers(one.value, two.value)
        text = one.kind == "opaque" and one.type == "str"
        words = "another text" if text else f"{_short(one.value)} -> {_short(two.value)}"
        found.append((apart, f"{name}: {words}" if apart > close else ""))
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


def _paired(here: dict[str, int], there: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Tensors by name; by place where one side has names and the other none."""
    if not here or not there or here.keys() & there.keys():
        return here, there
    return _by_place(here), _by_place(there)


def _by_place(parts: dict[str, int]) -> dict[str, int]:
    return {str(place): number for place, number in enumerate(parts.values())}


def _surplus(here: dict[str, Any], there: dict[str, Any]) -> tuple[str, ...]:
    """The parts that one result has and the other has not, in words."""
    gone, come = [
        [name for name in one if name not in two] for one, two in ((here, there), (there, here))
    ]
    told = [f"missing here: {', '.join(gone[:4])}"] if gone else []
    return (*told, *([f"only here: {', '.join(come[:4])}"] if come else []))
