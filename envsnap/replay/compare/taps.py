"""Compares the values that the script itself has named."""

from __future__ import annotations

from envsnap._version import __version__
from envsnap.replay.compare import results
from envsnap.replay.compare.verdict import VERDICT_VERSION, Rung, Side, Verdict
from envsnap.replay.compare.view import View
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Node, Stage

NOISE = 1e-5
GROWTH = 30.0


def compare(
    golden: Recording, other: Recording, before: View | None, noise: float
) -> list[Verdict]:
    """The taps right before a call (None: after all calls); a verdict where one differs."""
    calls = golden.record.calls
    at = calls.index(before.call) if before is not None else len(calls)
    there = {stage.key: stage for stage in other.record.stages}
    for stage in golden.record.stages:
        if stage.kind != "tap" or min(stage.at, len(calls)) != at:
            continue
        twin = there.get(stage.key)
        told = _told(golden, stage, other, twin, noise)
        if told:
            return [_verdict(golden, other, stage, told)]
    return []


def _told(
    golden: Recording, stage: Stage, other: Recording, twin: Stage | None, noise: float
) -> str:
    if twin is None:
        return "is not reached here"
    if stage.value is None or twin.value is None:
        return ""
    if _plain(stage.value) != _plain(twin.value):
        return f"{_plain(stage.value)} -> {_plain(twin.value)}"[:200]
    met = results.compare(golden, stage.value, other, twin.value)
    if met.told:
        return met.told
    if met.apart is None or met.apart <= max(NOISE, GROWTH * noise):
        return ""
    if met.apart == float("inf"):
        return _forms(golden, stage.value, other, twin.value)
    return f"differs by {met.apart:.1e}"


def _forms(golden: Recording, one: Node, other: Recording, two: Node) -> str:
    """The shapes and dtypes of two values."""
    sides = [
        ", ".join(f"{item.dtype} {list(item.shape)}" for number in node.tensors() for item in [recording.record.tensors[number]])
        for recording, node in ((golden, one), (other, two))
    ]  # fmt: skip
    return f"{sides[0]} -> {sides[1]}" if sides[0] != sides[1] else "another count of NaN or Inf"


def _plain(node: Node) -> str:
    """The plain values of a nest, as text."""
    if node.kind in ("value", "opaque"):
        return str(node.value)
    return ", ".join(filter(None, map(_plain, node.items)))


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
