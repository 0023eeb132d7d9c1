"""Judges each layer: alone on the recorded input, and as part of the run.

The unit is the layer's own rounding error E, measured on the golden host against float64. Up to
8 E is what another CPU's kernels do; a fault starts far above. A layer whose E is 0 copies or
selects and must give the same bits. As part of the run, where errors add up, the limit follows
from all E before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
from msgspec import Struct

from envsnap.replay.compare import distance, results
from envsnap.replay.compare.verdict import Judgement, Layer
from envsnap.replay.compare.view import View
from envsnap.replay.esr.recording import Leaf, Node

LIMIT = 8.0
# In half precision other CPUs round nearly alike, because all add up in float32: 0.1 at most was
# measured, 0.5 where one layer is a whole fused encoder, 2.2 where a recurrent layer keeps its
# state in another precision. Faults that half precision can hide (a norm's eps, another GELU)
# begin at 0.06: in between nobody knows, and fused encoders in float16 stay undecided.
HALF_QUIET, HALF_LIMIT = 0.25, 3.0
# Along a run, in steps of the precision: 1.1 was measured, on eight models.
HALF_STEPS = 2.0, 6.0
HALF = "float16", "bfloat16"
RECURRENT = "LSTM", "GRU", "RNN"
FINEST = 1e-8  # the smallest E that a sketch of float32 numbers can stand for
RANDOM = 1e-2  # two runs of one layer that differ by more are random, not noisy
# Without replay, float32: up to the first is noise, from the second on a fault.
QUIET, LOUD = 2e-6, 1e-5
USUAL = 2.5e-7  # E of a convolution or a matrix product


class Judged(Struct, frozen=True, kw_only=True):
    """All layers, and where the run parts between two of them."""

    layers: tuple[Layer, ...]
    first: Layer | None
    place: str = ""
    inside: str = ""
    around: tuple[str, str] = ("", "")  # the layers before and after that place
    after: str = ""
    bits: bool = False
    undecided: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    outputs: float | None = 0.0
    agree: bool = False
    results: str = ""
    unseen: tuple[str, ...] = ()  # parts of the result of which only the type is known


class _Run:
    """The two recordings, with the limits that grow along the run."""

    def __init__(self, golden: View, other: View) -> None:
        self.golden, self.other = golden.recording, other.recording
        left, right = golden.call, other.call
        self.results = left.result, right.result
        self.here = {leaf.key: leaf for leaf in left.leaves}
        self.there = {leaf.key: leaf for leaf in right.leaves}
        # Layers were run on what the golden model of the same name was given in the call of the
        # same number: of another model by its weights, or of another call, that says nothing.
        is_same = left.key == right.key
        told = right.replays if is_same and right.replays else ()
        self.replays = {(item.name, item.nth): item for item in told}
        self._grown = 0.0

    def apart(self, left: Node, right: Node) -> tuple[float | None, bool]:
        return distance.worst(self.golden, left, self.other, right)

    def add(self, leaf: Leaf) -> None:
        """Another layer has added its rounding error to what follows; a random one has none."""
        if _wobble(leaf) > RANDOM:
            return
        known = [item for item in (leaf.replay.rounding if leaf.replay else ()) if item is not None]
        usual = self.step(leaf) / 4 if self.half(leaf) else USUAL * self.scale(leaf)
        self._grown = math.hypot(self._grown, max(known, default=usual))

    def scale(self, leaf: Leaf) -> float:
        numbers = list(leaf.result.tensors())
        tensors = self.golden.record.tensors
        return max((distance.scale_of(tensors[number]) for number in numbers), default=1.0)

    def ratios(self, leaf: Leaf) -> tuple[float, float]:
        """Over its own rounding error: up to the first it is noise, above the second a fault."""
        if not self.half(leaf):
            return LIMIT, LIMIT
        return HALF_LIMIT if leaf.type in RECURRENT else HALF_QUIET, HALF_LIMIT

    def half(self, leaf: Leaf) -> bool:
        """Whether a layer gives half precision."""
        tensors = self.golden.record.tensors
        return any(tensors[number].dtype in HALF for number in leaf.result.tensors())

    def step(self, leaf: Leaf) -> float:
        """The relative step of a layer's precision."""
        return self.scale(leaf) * distance.EPSILON["float32"]

    def sizes(self, leaf: Leaf) -> tuple[float, float]:
        """The same as differences, for one layer of which no more is known."""
        if self.half(leaf):
            return HALF_STEPS[0] * self.step(leaf), HALF_STEPS[1] * self.step(leaf)
        return QUIET * self.scale(leaf), LOUD * self.scale(leaf)

    def limits(self, leaf: Leaf) -> tuple[float, float]:
        """The same along the run, where the errors of all layers before add up."""
        grown = self.ratios(leaf)[1] * self._grown
        quiet, loud = self.sizes(leaf)
        return max(quiet, grown / 2), max(loud, grown)


def judge(golden: View, other: View, *, inputs_differ: bool = False) -> Judged:
    """Judge every layer of the golden run's call.

    Where the inputs differ, only what a layer does alone says anything.
    """
    run = _Run(golden, other)
    way = _Way(run, inputs_differ=inputs_differ)
    for key, leaf in run.here.items():
        way.step(leaf, run.there.get(key))
    found = Judged(
        layers=tuple(way.layers), first=way.first, place=way.place, inside=way.inside,
        around=way.around, after=way.after, bits=way.equal,
    )  # fmt: skip
    return _closed(run, found, inputs_differ)


class _Way:
    """The way through the layers: what was judged, and where the runs parted."""

    def __init__(self, run: _Run, *, inputs_differ: bool) -> None:
        self._run, self._inputs_differ = run, inputs_differ
        self._alone = {key: _alone(run, leaf) for key, leaf in run.here.items()}
        self._before: Leaf | None = None
        self.layers: list[Layer] = []
        self.first: Layer | None = None
        self.place, self.inside, self.after = "", "", ""
        self.around = "", ""
        self.equal = True

    def step(self, leaf: Leaf, twin: Leaf | None) -> None:
        """Judge the next layer."""
        alone = self._alone[leaf.key]
        if twin is None:
            self._add(alone or _layer(leaf, "unjudged", why="not called in the other run"))
            self.equal = False
            return
        in_run, same = _in_run(self._run, leaf, twin)
        self.equal = self.equal and same
        if in_run.judgement == "fault" and in_run.why and not (self._parted or self._inputs_differ):
            self.place, self.inside = _between(self._before, leaf)
            self.after = self._before.title if self._before is not None else ""
            self.around = self._before.name if self._before is not None else "", leaf.name
        self._add(_chosen(alone, in_run, already=self._inputs_differ or self._parted))
        self._run.add(leaf)
        self._before = leaf

    @property
    def _parted(self) -> bool:
        return self.first is not None or bool(self.place)

    def _add(self, layer: Layer) -> None:
        if layer.judgement == "fault" and not self._parted:
            self.first = layer
        self.layers.append(layer)


def _wobble(leaf: Leaf) -> float:
    """How far two runs of a layer on the golden host were apart."""
    return max((item or 0.0 for item in (leaf.replay.wobble if leaf.replay else ())), default=0.0)


def _layer(leaf: Leaf, judgement: Judgement, *, alone: bool = False, why: str = "") -> Layer:
    return Layer(
        name=leaf.name, nth=leaf.nth, type=leaf.type, judgement=judgement, alone=alone, why=why
    )


def _alone(run: _Run, leaf: Leaf) -> Layer | None:
    """The verdict on a layer that was run on the golden input; None where it was not."""
    told = run.replays.get(leaf.key)
    replayed = leaf.result if leaf.sample is None else leaf.sample.result
    if told is None or leaf.replay is None or leaf.replay.state == "impossible":
        twin = run.there.get(leaf.key)
        if twin is None or leaf.replay is None or leaf.replay.state == "impossible":
            return None
        given = Node(kind="tuple", items=(leaf.arguments, leaf.named))
        taken = Node(kind="tuple", items=(twin.arguments, twin.named))
        if not run.apart(given, taken)[1]:
            return None
        return _against_rounding(run, leaf, twin.result)  # it was given the same bits in its run
    if told.result is None:
        twin = run.there.get(leaf.key)
        if twin is None:
            return None  # that other layers are called says it better
        if run.apart(leaf.result, twin.result)[1]:
            return None  # it gave the same bits in its run: what failed is the replay
        why = f"cannot take the golden input: {told.reason}"
        return _layer(leaf, "unjudged", why=why)
    return _against_rounding(run, leaf, told.result, replayed)


def _against_rounding(run: _Run, leaf: Leaf, result: Node, wanted: Node | None = None) -> Layer:
    """Judge a result on the same input by the layer's own rounding error."""
    assert leaf.replay is not None
    apart, same = run.apart(wanted or leaf.result, result)

    def layer(judgement: Judgement, ratio: float | None = None, why: str = "") -> Layer:
        finite = apart if apart is not None and math.isfinite(apart) else None
        return Layer(
            name=leaf.name, nth=leaf.nth, type=leaf.type, judgement=judgement, alone=True,
            difference=finite, ratio=ratio, limit=run.ratios(leaf)[1], why=why,
        )  # fmt: skip

    if same:
        return layer("equal", 0.0)
    wobble = _wobble(leaf)
    if wobble > RANDOM:
        return layer("unjudged", why="random: two runs on one host differ as much")
    if apart is None:
        return layer("unjudged", why="was not measured")
    if math.isinf(apart):
        return layer("fault", why="another dtype, shape, or count of NaN and Inf")
    known = [item for item in leaf.replay.rounding if item is not None]
    if not known:
        limits = run.sizes(leaf)
        return layer(
            "noise" if apart <= limits[0] else "fault" if apart >= limits[1] else "undecided"
        )
    rounding = max(known)
    if rounding == 0 and leaf.replay.state == "exact":
        return layer("fault", why="must give the same bits")
    ratio = apart / max(rounding, wobble, FINEST)
    quiet, loud = run.ratios(leaf)
    return layer("noise" if ratio <= quiet else "fault" if ratio > loud else "undecided", ratio)


def _in_run(run: _Run, leaf: Leaf, twin: Leaf) -> tuple[Layer, bool]:
    """The verdict on a layer as part of the run; `why` is set where its input parts already."""
    given = Node(kind="tuple", items=(leaf.arguments, leaf.named))
    taken = Node(kind="tuple", items=(twin.arguments, twin.named))
    came, same_input = run.apart(given, taken)
    gone, same_output = run.apart(leaf.result, twin.result)
    quiet, loud = run.limits(leaf)
    equal = same_input and same_output

    def layer(judgement: Judgement, why: str = "") -> Layer:
        finite = gone if gone is not None and math.isfinite(gone) else None
        return Layer(
            name=leaf.name, nth=leaf.nth, type=leaf.type, judgement=judgement, alone=False,
            difference=finite, why=why,
        )  # fmt: skip

    if equal:
        return layer("equal"), True
    if came is None or gone is None:
        return layer("unjudged"), False
    if came >= loud:
        return layer("fault", "input"), False
    if gone >= loud:
        return layer("fault"), False
    return layer("noise" if gone <= quiet else "undecided"), False


def _between(before: Leaf | None, leaf: Leaf) -> tuple[str, str]:
    """Name the code that ran between two layers, and the module that holds both."""
    after = f"after {before.name} and before {leaf.name}" if before else f"before {leaf.name}"
    names = [(before.name if before else "").split("."), leaf.name.split(".")]
    shared = []
    for one, other in zip(*names, strict=False):
        if one != other:
            break
        shared.append(one)
    inside = ".".join(shared)
    return f"{after}, in the forward of {inside or 'the model'}", inside


def _chosen(alone: Layer | None, in_run: Layer, *, already: bool) -> Layer:
    """A layer judged alone is judged for good; in the run it may only inherit."""
    if alone is not None and alone.judgement != "unjudged":
        return alone
    if already or in_run.why:
        return Layer(
            name=in_run.name, nth=in_run.nth, type=in_run.type, alone=False,
            judgement="equal" if in_run.judgement == "equal" else "follows",
            difference=in_run.difference,
        )  # fmt: skip
    if alone is not None:
        return alone
    return in_run


def _titles(layers: tuple[Layer, ...], wanted: Callable[[Layer], bool]) -> tuple[str, ...]:
    return tuple(layer.title for layer in layers if wanted(layer))


def _closed(run: _Run, found: Judged, inputs_differ: bool) -> Judged:
    """Add what the model's own result shows, and what stays open."""
    layers = found.layers
    found = msgspec.structs.replace(
        found,
        bits=found.bits and all(layer.judgement == "equal" for layer in layers),
        undecided=_titles(layers, lambda layer: layer.judgement == "undecided"),
        random=_titles(layers, lambda layer: layer.why.startswith("random")),
    )
    left, right = run.results
    if left is None or right is None:
        return found
    met = results.compare(run.golden, left, run.other, right)
    last = next(reversed(run.here.values()), None)
    loud = run.limits(last)[1] if last is not None else LOUD
    agree = met.apart is not None and met.apart < loud
    parted = found.first is not None or found.place or inputs_differ
    if last is not None and not agree and not parted and met.apart is not None:
        found = msgspec.structs.replace(
            found, after=last.title, place=f"after {last.name}, in the forward of the model",
            around=(last.name, ""),
        )  # fmt: skip
    return msgspec.structs.replace(
        found,
        bits=found.bits and met.same,
        outputs=met.apart,
        agree=agree,
        results=met.told,
        unseen=met.unseen,
    )
