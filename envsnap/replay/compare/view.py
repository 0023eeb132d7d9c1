"""One call of one model in a recording, and how calls of two runs are paired."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Call, Node, Root, Tensor


class View(Struct, frozen=True, kw_only=True):
    """A call with its model and its recording."""

    recording: Recording
    root: Root
    call: Call

    def tensor(self, number: int) -> Tensor:
        """A tensor of the recording by its number."""
        return self.recording.record.tensors[number]

    @property
    def title(self) -> str:
        """For example: call 3 of UNet2DConditionModel."""
        return f"call {self.call.nth + 1} of {self.root.name}"


def views(recording: Recording) -> list[View]:
    """All calls of a recording, in order."""
    roots = {root.name: root for root in recording.record.roots}
    return [
        View(recording=recording, root=roots[call.root], call=call)
        for call in recording.record.calls
    ]


def warm_up(calls: list[View]) -> int:
    """How many calls come before the first whose result is used; none where none is."""
    return next((at for at, view in enumerate(calls) if not view.call.unused), 0)


def named(view: View) -> Iterator[tuple[str, Node]]:
    """The arguments of a call by the names that the model's forward gives them."""
    call, names = view.call, view.root.names
    for place, node in enumerate(call.arguments.items if call.arguments else ()):
        yield names[place] if place < len(names) else f"input {place}", node
    if call.named is not None:
        yield from zip(call.named.keys, call.named.items, strict=False)


def plain_values(view: View) -> dict[str, object]:
    """The arguments that are plain values, switches and numbers, by name."""
    return {
        name: node.value
        for name, node in named(view)
        if node.kind == "value" and node.value is not None
    }


def objects(view: View) -> dict[str, str]:
    """The arguments that are neither tensors nor plain, as a cache is, by name: their types."""
    return {
        name: node.type or "an object" for name, node in named(view)
        if node.kind == "opaque" and node.type != "str"
    }  # fmt: skip


def objects_apart(golden: View, other: View) -> str:
    """The objects that one call is given and the other is not, in words; empty: none."""
    here, there = objects(golden), objects(other)
    gone = [
        f"{name} ({kind}) is not given here" for name, kind in here.items() if name not in there
    ]
    come = [
        f"{name} ({kind}) is given here only" for name, kind in there.items() if name not in here
    ]
    return "; ".join((*gone, *come)[:3])


def rewritten(golden: View, other: View) -> tuple[str, ...]:
    """Weights of a model that were written to in the other run, and not in the golden one.

    A write is noticed at one of the calls after it.
    """

    def names(view: View) -> list[str]:
        found = [
            name
            for item in view.recording.record.calls
            if item.root == view.call.root
            for name in item.written
        ]
        return list(dict.fromkeys((*found, *view.root.changed)))

    known = names(golden)
    return tuple(name for name in names(other) if name not in known)
