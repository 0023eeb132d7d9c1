"""Compares the values that the script itself has named."""

from __future__ import annotations

import math

from msgspec import Struct

from envsnap._version import __version__
from envsnap.replay.compare import results
from envsnap.replay.compare.verdict import VERDICT_VERSION, Rung, Side, Verdict
from envsnap.replay.compare.view import View
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Node, Stage

NOISE = 1e-5
GROWTH = 30.0
# What is said of a value that is there on one side alone.
WHOLE = {"only here: result": "None -> a value", "missing here: result": "a value -> None"}


class Met(Struct, frozen=True, kw_only=True):
    """The taps of one stretch: a verdict where one differs, and how far apart the others are."""

    verdicts: list[Verdict]
    apart: float = 0.0
    bits: bool = True


def compare(golden: Recording, other: Recording, before: View | None, noise: float) -> Met:
    """The taps right before a call (None: after all calls); `noise` is the run's rounding so far."""
    calls = golden.record.calls
    at = calls.index(before.call) if before is not None else len(calls)
    there = {stage.key: stage for stage in other.record.stages}
    limit = max(NOISE, GROWTH * noise)
    apart, bits = 0.0, True
    for stage in golden.record.stages:
        if stage.kind != "tap" or min(stage.at, len(calls)) != at:
            continue
        twin = there.get(stage.key)
        if twin is None:
            return Met(verdicts=[_verdict(golden, other, stage, "is not reached here")], bits=False)
        if stage.value is None or twin.value is None:
            continue
        met = results.compare(golden, stage.value, other, twin.value, close=limit)
        told = _told(golden, stage.value, other, twin.value, met, limit)
        if told:
            return Met(verdicts=[_verdict(golden, other, stage, told)], bits=False)
        apart, bits = max(apart, met.apart or 0.0), bits and met.same
    return Met(verdicts=[], apart=apart, bits=bits)


def _told(
    golden: Recording, one: Node, other: Recording, two: Node, met: results.Met, limit: float
) -> str:
    """What differs in two values, in words; empty: nothing, or rounding alone."""
    if met.told:
        return WHOLE.get(met.told, met.told.removeprefix("result: "))[:200]
    if met.apart is None or met.apart <= limit:
        return ""
    if math.isinf(met.apart):
        return _forms(golden, one, other, two)
    return f"differs by {met.apart:.1e}"


def _forms(golden: Recording, one: Node, other: Recording, two: Node) -> str:
    """The shapes and dtypes of two values."""
    sides = [
        ", ".join(f"{item.dtype} {list(item.shape)}" for number in node.tensors() for item in [recording.record.tensors[number]])
        for recording, node in ((golden, one), (other, two))
    ]  # fmt: skip
    return f"{sides[0]} -> {sides[1]}" if sides[0] != sides[1] else "another count of NaN or Inf"


def _verdict(golden: Recording, other: Recording, stage: Stage, told: str) -> Verdict:
    sides = [
        Side(
            name=item.name, label=item.record.label, framework=item.record.framework,
            layers=sum(len(call.leaves) for call in item.record.calls), kept=item.record.full,
            notes=item.record.notes,
        )
        for item in (golden, other)
    ]  # fmt: skip
    title = stage.name + (f"#{stage.nth}" if stage.nth else "")
    cause = f"tap {title} differs ({told}); all models before it gave the same"
    return Verdict(
        verdict_version=VERDICT_VERSION, envsnap_version=__version__, outcome="diverged",
        bits=False, golden=sides[0], other=sides[1], call=max(0, stage.at - 1),
        rungs=(Rung(name="stages", state="diverged", summary=cause),), first=None,
        place=f"before the tap {title}", layers=(), cause=cause,
        fix=f"Compare the code before {stage.caller or 'the tap'}.", not_the_cause=(),
    )  # fmt: skip
