"""What the golden run's inputs declare, and whether another run's inputs keep to it.

Names, dtype, axes, range and finiteness are a contract; values are not. The first axis is free
where there are more. Ranges bind floating point only, with half their width as a margin: another
picture is another range, one that was not divided by 255 is far outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from envsnap.replay.compare.verdict import Rung
from envsnap.replay.compare.view import View, named
from envsnap.replay.esr.recording import Node, Tensor

MARGIN = 0.5
FEWEST = 16
ANY_SHAPE = "Give the model an input of the golden run's shape."


class Breach(Struct, frozen=True):
    """One clause that is not kept, and what to do about it."""

    told: str
    fix: str


class Input(Struct, frozen=True, kw_only=True):
    """One input of a model: its name as the model's forward calls it, and its tensor's number."""

    name: str
    number: int


def inputs(view: View) -> list[Input]:
    """The inputs of a call that are tensors, in order."""
    return [item for name, node in named(view) for item in _below(name, node)]


def met(golden: View, other: View) -> tuple[dict[str, int], dict[str, int]]:
    """The inputs of two calls by names that both sides know.

    A compiled or traced model does not know what its arguments are called: their places do.
    """
    known = golden.root.names or other.root.names
    sides = []
    for view in (golden, other):
        root = msgspec.structs.replace(view.root, names=known)
        named_alike = msgspec.structs.replace(view, root=root)
        sides.append({item.name: item.number for item in inputs(named_alike)})
    return sides[0], sides[1]


def _below(name: str, node: Node) -> Iterator[Input]:
    if node.kind == "tensor":
        yield Input(name=name, number=node.tensor or 0)
    for place, item in enumerate(node.items):
        yield from _below(
            f"{name}.{node.keys[place]}" if place < len(node.keys) else f"{name}[{place}]", item
        )


def compare(golden: View, other: View) -> Rung:
    """Whether a call's inputs keep to what the golden ones declare."""
    numbers = met(golden, other)
    here = {name: golden.tensor(number) for name, number in numbers[0].items()}
    there = {name: other.tensor(number) for name, number in numbers[1].items()}
    wanted = [f"{name} {expected(item)}" for name, item in here.items()]
    if here.keys() != there.keys():
        return _rung(
            "diverged", f"expects {', '.join(here) or 'nothing'}; got {', '.join(there) or 'nothing'}",
            wanted,
        )  # fmt: skip
    broken = [
        f"{name} expects {told}"
        for name, item in here.items()
        for told in [broken_text(item, there[name])]
        if told
    ]
    if broken:
        return _rung("diverged", broken[0], broken[1:])
    return _rung("same", f"kept: {wanted[0]}" if wanted else "no tensors", wanted[1:])


def _rung(state: Literal["same", "diverged"], summary: str, details: list[str]) -> Rung:
    return Rung(name="contract", state=state, summary=summary, details=tuple(details[:20]))


def expected(tensor: Tensor) -> str:
    """For example: float32 [N, 3, 224, 224] in -2.1…2.6."""
    shape = list(map(str, tensor.shape))
    return _form(tensor, ["N", *shape[1:]] if len(shape) > 1 else shape)


def broken_text(one: Tensor, two: Tensor) -> str:
    """What was expected and what came, or nothing where that is as it should be."""
    if not breaches(one, two):
        return ""
    return f"{expected(one)}, got {_form(two, list(map(str, two.shape)))}"


def _form(tensor: Tensor, shape: list[str]) -> str:
    text = f"{tensor.dtype} [{', '.join(shape)}]"
    if tensor.min is not None and tensor.max is not None:
        text += f" in {tensor.min:.4g}…{tensor.max:.4g}"
    bad = [f"{count} {word}" for count, word in ((tensor.nan, "NaN"), (tensor.inf, "Inf")) if count]
    return f"{text} with {' and '.join(bad)}" if bad else text


def breaches(one: Tensor, two: Tensor) -> list[Breach]:
    """What an input does not keep to."""
    found = []
    if one.dtype != two.dtype:
        hint = (
            "; numpy 2 keeps float64 where numpy 1 gave float32" if two.dtype == "float64" else ""
        )
        found.append(
            Breach(
                f"dtype {one.dtype} -> {two.dtype}",
                f"Convert the input to {one.dtype} before the model{hint}.",
            )
        )
    return [*found, *_axes(one, two), *_values(one, two)]


def _axes(one: Tensor, two: Tensor) -> Iterator[Breach]:
    here, there = list(one.shape), list(two.shape)
    if here[1:] == there[1:] and len(here) == len(there) and len(here) > 1:
        return  # another batch
    told = f"shape {here} -> {there}"
    if here == there:
        return
    if here[1:] == there:
        yield Breach(f"{told}: no batch axis", "Add the batch axis: x[None].")
    elif here == there[1:]:
        yield Breach(f"{told}: one axis more", "Take the batch's first item: x[0].")
    else:
        order = _order(here, there)
        if order is not None:
            yield Breach(
                f"layout: the axes are in another order, {told}",
                f"Permute the input: x.permute{tuple(order)}.",
            )
        else:
            yield Breach(told, ANY_SHAPE)


def _order(here: list[int], there: list[int]) -> list[int] | None:
    """The permutation that leaves the batch alone and gives the golden axes; None: there is none."""
    if len(here) != len(there) or len(here) < 3:
        return None
    batch = [0] if len(here) > 3 else []
    order = list(batch)
    for size in here[len(batch) :]:
        free = [at for at in range(len(there)) if at not in order and there[at] == size]
        if not free:
            return None
        order.append(free[0])
    return order


def _values(one: Tensor, two: Tensor) -> Iterator[Breach]:
    if (two.nan and not one.nan) or (two.inf and not one.inf):
        yield Breach(
            f"{two.nan} NaN and {two.inf} Inf", "Look for divisions by zero and missing values."
        )
    if None in (one.min, one.max, two.min, two.max) or "float" not in one.dtype:
        return
    if math.prod(one.shape) < FEWEST:
        return  # a time step, a temperature: a value, not a range
    assert one.min is not None
    assert one.max is not None
    assert two.min is not None
    assert two.max is not None
    width = one.max - one.min
    if two.min < one.min - MARGIN * width or two.max > one.max + MARGIN * width:
        yield Breach(
            f"range {one.min:.4g}…{one.max:.4g} -> {two.min:.4g}…{two.max:.4g}",
            "Scale and normalise the input as the golden run does.",
        )
