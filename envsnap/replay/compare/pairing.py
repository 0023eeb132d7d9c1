"""Pairs the calls of two runs.

Calls of models of one name meet in their order. Where one run calls a model more often before
what both do, as for a warm-up, calls are moved along until inputs meet; where a model is
called by another name, as through a wrapper, models that take and give the same meet.
"""

from __future__ import annotations

from envsnap.replay.compare import contract
from envsnap.replay.compare.view import View, views
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Node
from envsnap.wording import counted

MOST_MOVED = 64


def same_inputs(one: View, two: View) -> bool:
    """Whether two calls are given the same bits under the same names."""
    numbers = contract.met(one, two)
    here = {name: one.tensor(number) for name, number in numbers[0].items()}
    there = {name: two.tensor(number) for name, number in numbers[1].items()}
    return (
        bool(here)
        and here.keys() == there.keys()
        and all(item.same(there[name]) for name, item in here.items())
    )


class Pairing:
    """Which call of the other run a call of the golden one is compared with."""

    def __init__(self, golden: Recording, other: Recording) -> None:
        self._mine: dict[str, list[View]] = {}
        self._theirs: dict[str, list[View]] = {}
        for side, recording in ((self._mine, golden), (self._theirs, other)):
            for view in views(recording):
                side.setdefault(view.root.name, []).append(view)
        self._names = self._aliases()
        self._moved = {name: self._shift(name) for name in self._mine}
        self._used: set[tuple[str, int]] = set()

    def _aliases(self) -> dict[str, str]:
        """The other run's name of each model: its own, or that of what takes and gives the same."""
        alone = [name for name in self._mine if name not in self._theirs]
        free = [name for name in self._theirs if name not in self._mine]
        found = {name: name for name in self._mine if name in self._theirs}
        if len(alone) == len(free):
            for name, twin in zip(alone, free, strict=True):
                one, two = self._mine[name][0].call, self._theirs[twin][0].call
                if _keys(one.result) & _keys(two.result) and len(self._mine[name]) == len(self._theirs[twin]):  # fmt: skip
                    found[name] = twin
        return found

    def _shift(self, name: str) -> int:
        """How many calls later the other run does what the golden one does; less than 0: earlier."""
        here = self._mine[name]
        there = self._theirs.get(self._names.get(name, ""), [])
        if not there or len(here) == len(there) or same_inputs(here[0], there[0]):
            return 0
        if len(there) > len(here):
            found = (at for at, view in enumerate(there[:MOST_MOVED]) if same_inputs(here[0], view))
            return next(found, 0)
        found = (at for at, view in enumerate(here[:MOST_MOVED]) if same_inputs(view, there[0]))
        return -next(found, 0)

    def twin(self, view: View) -> View | None:
        """The call to compare with, if there is one."""
        name = self._names.get(view.root.name)
        if name is None:
            return None
        nth = view.call.nth + self._moved[view.root.name]
        found = next((item for item in self._theirs[name] if item.call.nth == nth), None)
        if found is not None:
            self._used.add(found.call.key)
        return found

    def skips(self, view: View) -> bool:
        """Whether a call is one of those that only the golden run makes before what both do."""
        return view.call.nth < -self._moved.get(view.root.name, 0)

    def told(self, view: View) -> str:
        """What was moved, in words; empty: nothing."""
        moved = self._moved.get(view.root.name, 0)
        if not moved:
            return ""
        where = "here only" if moved > 0 else "in the golden run only"
        calls = counted(abs(moved), "call")
        first = self._theirs[self._names[view.root.name]][0].call if moved > 0 else view.call
        mode = " in training mode" if first.training else ""
        return f"{calls} of {view.root.name} before, {where}{mode}"

    def left_over(self) -> list[View]:
        """The calls of the other run that no call of the golden one was compared with."""
        return [
            item
            for name, items in self._theirs.items()
            for item in items
            if item.call.key not in self._used
            and not item.call.nth < self._moved.get(self._golden_name(name), 0)
        ]

    def _golden_name(self, name: str) -> str:
        return next((mine for mine, theirs in self._names.items() if theirs == name), name)


def _keys(node: Node | None) -> set[str]:
    """The names of a result's parts, or of what has none their number."""
    if node is None:
        return set()
    return set(node.keys) or {node.kind}
