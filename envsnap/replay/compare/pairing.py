"""Pairs the calls of two runs.

Calls of models of one name meet in their order. Where one run calls a model more often, as for a
warm-up or for a file more, or calls it in another order, calls that are given the same bits meet;
where a model is called by another name, as through a wrapper, models that take and give the same
meet.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from msgspec import Struct

from envsnap.replay.compare import batches, contract
from envsnap.replay.compare.view import View, views, warm_up
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Call, Node
from envsnap.wording import counted

MOST_MOVED = 64
ONLY_GOLDEN = "in the golden run only"


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


class _Met(Struct, kw_only=True):
    """How the calls of one model meet: by their numbers, the golden run's first."""

    twins: dict[int, int]
    told: str = ""  # what is otherwise in how often and in which order it is called
    apart: str = ""  # the same of calls whose results are not used
    skipped: frozenset[int] = frozenset()  # the golden run's calls that nothing has to meet
    free: frozenset[int] = frozenset()  # the other run's


class Pairing:
    """Which call of the other run a call of the golden one is compared with."""

    def __init__(self, golden: Recording, other: Recording) -> None:
        self._mine: dict[str, list[View]] = {}
        self._theirs: dict[str, list[View]] = {}
        for side, recording in ((self._mine, golden), (self._theirs, other)):
            for view in views(recording):
                side.setdefault(view.root.name, []).append(view)
        self._names = self._aliases()
        self._met = {
            name: _met(mine, self._theirs.get(self._names.get(name, ""), []))
            for name, mine in self._mine.items()
        }
        self._used: set[tuple[str, int]] = set()

    def _aliases(self) -> dict[str, str]:
        """The other run's name of each model.

        Of several of one type those with the same weights meet: their numbers follow the order in
        which they are called first. A model of a name that only one run has meets what takes and
        gives the same.
        """
        found = self._by_weights()
        taken = set(found.values())
        alone = [name for name in self._mine if name not in found]
        found.update({name: name for name in alone if name in self._theirs and name not in taken})
        alone = [name for name in alone if name not in found]
        free = [name for name in self._theirs if name not in found.values()]
        if len(alone) == len(free):
            for name, twin in zip(alone, free, strict=True):
                one, two = self._mine[name][0].call, self._theirs[twin][0].call
                if _keys(one.result) & _keys(two.result) and len(self._mine[name]) == len(self._theirs[twin]):  # fmt: skip
                    found[name] = twin
        return found

    def _by_weights(self) -> dict[str, str]:
        """Models of one type, of which there are several, by their weights."""
        found: dict[str, str] = {}
        for kind in dict.fromkeys(views_of[0].root.type for views_of in self._mine.values()):
            sides = [
                {name: _weights(of[0]) for name, of in side.items() if of[0].root.type == kind}
                for side in (self._mine, self._theirs)
            ]
            if max(map(len, sides)) < 2:
                continue
            free = dict(sides[1])
            for name, weights in sides[0].items():
                same = [twin for twin, others in free.items() if weights and others == weights]
                if same:
                    found[name] = name if name in same else same[0]
                    del free[found[name]]
        return found

    def name(self, view: View) -> str | None:
        """The other run's name of a model; None: it has none."""
        return self._names.get(view.root.name)

    def twin(self, view: View) -> View | None:
        """The call to compare with, if there is one."""
        name = self._names.get(view.root.name)
        if name is None:
            return None
        nth = self._met[view.root.name].twins.get(view.call.nth)
        found = next((item for item in self._theirs[name] if item.call.nth == nth), None)
        if found is not None:
            self._used.add(found.call.key)
        return found

    def skips(self, view: View) -> bool:
        """Whether a call is one of those that only the golden run makes before what both do."""
        return view.call.nth in self._met[view.root.name].skipped

    def told(self, view: View) -> str:
        """What is otherwise in the calls of a model, and need be no fault; empty: nothing."""
        return self._met[view.root.name].told

    def apart(self, view: View) -> str:
        """The same of calls of a model whose results the script does not use."""
        return self._met[view.root.name].apart

    def left_over(self) -> list[View]:
        """The calls of the other run that no call of the golden one was compared with."""
        return [
            item
            for name, items in self._theirs.items()
            for item in items
            if item.call.key not in self._used and not self._is_free(name, item)
        ]

    def _is_free(self, name: str, view: View) -> bool:
        met = self._met.get(self._golden_name(name))
        return met is not None and view.call.nth in met.free

    def _golden_name(self, name: str) -> str:
        return next((mine for mine, theirs in self._names.items() if theirs == name), name)


def _weights(view: View) -> dict[str, Any]:
    """What tells a model's weights; empty where they have no digests."""
    items = {name: (item.shape, item.crc32) for name, item in view.root.parameters.items()}
    return {} if any(crc32 is None for _, crc32 in items.values()) else items


def _met(mine: list[View], theirs: list[View]) -> _Met:
    """How the calls of a model meet: a warm-up apart from the others."""
    sides = mine, theirs
    here, there = [_given(view) for view in mine], [_given(view) for view in theirs]
    early = [warm_up(side) for side in sides]
    used = [side[count:] for side, count in zip(sides, early, strict=True)]
    if here == there or None in here or None in there or not (all(used) and any(early)):
        return _in_turn(mine, theirs, here, there)
    ends = [[(_given(view), _gave(view)) for view in side] for side in used]
    if early[0] == early[1] and ends[0] != ends[1]:  # the warm-up may be why
        return _in_turn(mine, theirs, here, there)
    met = _in_turn(*used, *([given for given, _ in side] for side in ends))
    return _without_warm_up(mine[: early[0]], theirs[: early[1]], met)


def _in_turn(mine: list[View], theirs: list[View], here: list[Any], there: list[Any]) -> _Met:
    """How calls meet: by what they are given where that tells, else in their order."""
    straight = _Met(
        twins={one.call.nth: two.call.nth for one, two in zip(mine, theirs, strict=False)}
    )
    both = min(len(here), len(there))
    if here[:both] == there[:both] or None in here or None in there:
        return straight if here[:1] == there[:1] else _moved(mine, theirs) or straight
    if len(here) == len(there) and Counter(here) == Counter(there):
        free: dict[Any, deque[int]] = {}
        for view, given in zip(theirs, there, strict=True):
            free.setdefault(given, deque()).append(view.call.nth)
        twins = {
            view.call.nth: free[given].popleft() for view, given in zip(mine, here, strict=True)
        }
        return _Met(twins=twins, told=f"the calls of {mine[0].root.name} come in another order")
    places = batches.among(here, there)
    if places is not None:
        return _more_here(mine, theirs, places, set(here), there)
    places = batches.among(there, here)
    if places is not None:
        return _more_golden(mine, theirs, places, here)
    return _moved(mine, theirs) or straight


def _without_warm_up(mine: list[View], theirs: list[View], used: _Met) -> _Met:
    """How calls meet that follow a warm-up, which has to meet none."""
    here, there = len(mine), len(theirs)
    most = max(here, there)
    where = ONLY_GOLDEN if not there else "here only" if not here else f"{here} -> {there}"
    if here == there:
        where = "given another input"
    results = "an unused result" if most == 1 else "unused results"
    name = (mine or theirs)[0].root.name
    return _Met(
        twins=used.twins,
        told=used.told,
        apart=f"{counted(most, 'call')} of {name} before, with {results}, {where}",
        skipped=used.skipped | {view.call.nth for view in mine},
        free=used.free | {view.call.nth for view in theirs},
    )


def _gave(view: View) -> tuple[Any, ...] | None:
    """What tells a call's result; None where nothing does."""
    if view.call.result is None:
        return None
    tensors = [view.tensor(number) for number in view.call.result.tensors()]
    return tuple((item.dtype, item.shape, item.crc32) for item in tensors)


def _given(view: View) -> tuple[Any, ...] | None:
    """What tells a call from others of its model; None where nothing does."""
    tensors = [view.tensor(item.number) for item in contract.inputs(view)]
    if not tensors or any(item.crc32 is None for item in tensors):
        return None
    return tuple((item.dtype, item.shape, item.crc32) for item in tensors)


def _more_here(
    mine: list[View], theirs: list[View], places: list[int], known: set[Any], there: list[Any]
) -> _Met:
    """All of the golden run's calls are here, and others: before them, or with a known input."""
    rest = [at for at in range(len(theirs)) if at not in set(places)]
    before = [at for at in rest if at < places[0]]
    again = [at for at in rest if at > places[0] and there[at] in known]
    told = [_before(mine[0].root.name, len(before), theirs[0].call, "here only")] if before else []
    if again:
        told.append(
            f"{counted(len(again), 'more call')} of {mine[0].root.name} here, with the input of another call"
        )
    return _Met(
        twins={view.call.nth: theirs[at].call.nth for view, at in zip(mine, places, strict=True)},
        told="; ".join(told),
        free=frozenset(theirs[at].call.nth for at in (*before, *again)),
    )


def _more_golden(mine: list[View], theirs: list[View], places: list[int], here: list[Any]) -> _Met:
    """All calls that are here are the golden run's, which makes others: before them, or again.

    A call with the input of another call is made again where nothing is remembered.
    """
    known, met = {here[at] for at in places}, set(places)
    early = range(places[0])
    again = [at for at in range(places[0], len(mine)) if at not in met and here[at] in known]
    where, name = ONLY_GOLDEN, mine[0].root.name
    told = [_before(name, len(early), mine[0].call, where)] if early else []
    if again:
        told.append(
            f"{counted(len(again), 'more call')} of {name} {where}, with the input of another call"
        )
    return _Met(
        twins={mine[at].call.nth: view.call.nth for view, at in zip(theirs, places, strict=True)},
        told="; ".join(told),
        skipped=frozenset(mine[at].call.nth for at in (*early, *again)),
    )


def _moved(mine: list[View], theirs: list[View]) -> _Met | None:
    """Calls moved along until the first ones meet, whatever comes later; None: they do not."""
    if not theirs or len(mine) == len(theirs) or same_inputs(mine[0], theirs[0]):
        return None
    more_here = len(theirs) > len(mine)
    few, many = (mine, theirs) if more_here else (theirs, mine)
    at = next((at for at, view in enumerate(many[:MOST_MOVED]) if same_inputs(few[0], view)), 0)
    if not at:
        return None
    where = "here only" if more_here else ONLY_GOLDEN
    early = frozenset(view.call.nth for view in many[:at])
    met = (
        zip(mine, theirs[at:], strict=False) if more_here else zip(mine[at:], theirs, strict=False)
    )
    return _Met(
        twins={one.call.nth: two.call.nth for one, two in met},
        told=_before(mine[0].root.name, at, many[0].call, where),
        skipped=frozenset() if more_here else early,
        free=early if more_here else frozenset(),
    )


def _before(name: str, count: int, first: Call, where: str) -> str:
    mode = " in training mode" if first.training else ""
    return f"{counted(count, 'call')} of {name} before, {where}{mode}"


def _keys(node: Node | None) -> set[str]:
    """The names of a result's parts, or of what has none their number."""
    if node is None:
        return set()
    return set(node.keys) or {node.kind}
