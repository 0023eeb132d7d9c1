"""The steps of a comparison, as a reader sees them."""

from __future__ import annotations

import math
from collections import Counter

from envsnap.replay.compare.evidence import Answer, Evidence
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.latency import failed_or_slow, speed
from envsnap.replay.compare.model_parts import Weights, listed
from envsnap.replay.compare.verdict import Judgement, Latency, Rung, State
from envsnap.wording import counted


def of(evidence: Evidence) -> tuple[Rung, ...]:
    """Every step, in order."""
    return (
        evidence.environment.rung,
        evidence.contract,
        _inputs_rung(evidence.inputs),
        _weights_rung(evidence.weights),
        _structure_rung(evidence),
        _layers_rung(evidence),
        *((evidence.kernels,) if evidence.kernels is not None else ()),
        _outputs_rung(evidence),
        *_latency_rung(evidence.latency),
    )


def _latency_rung(found: Latency | None) -> tuple[Rung, ...]:
    if found is None:
        return ()
    states: dict[str, State] = {"slower": "diverged", "not slower": "same"}
    state = "diverged" if failed_or_slow(found) else states.get(found.verdict, "undecided")
    return (
        Rung(
            name="latency",
            state=state,
            summary=found.verdict,
            details=tuple(speed(found).split("; ")),
        ),
    )


def _inputs_rung(found: Found) -> Rung:
    if not found.cause:
        if found.noise:
            told = f"{counted(found.count, 'tensor')}, apart by {found.noise:.1e} at most"
            return Rung(name="inputs", state="noise", summary=told, details=found.details)
        return Rung(
            name="inputs", state="same", summary=f"identical, {counted(found.count, 'tensor')}"
        )
    return Rung(name="inputs", state="diverged", summary=found.cause, details=found.details)


def _weights_rung(found: Weights) -> Rung:
    if found.differ:
        parts = len(found.changed), len(found.missing), len(found.added)
        summary = "{} of {} changed, {} missing, {} added".format(parts[0], found.count, *parts[1:])
        changed = tuple(found.changed[:20])
        return Rung(name="weights", state="diverged", summary=summary, details=changed)
    if found.unread:
        return Rung(
            name="weights", state="unknown", summary=f"{len(found.unread)} could not be read"
        )
    names = f", {len(found.renamed)} under another name" if found.renamed else ""
    told = f"identical, {counted(found.count, 'tensor')}{names}"
    return Rung(name="weights", state="same", summary=told)


def _structure_rung(evidence: Evidence) -> Rung:
    found = evidence.structure
    autocast = [f"autocast {found.autocast}"] if found.autocast else []
    sides = (("not in the model here", found.gone), ("only in the model here", found.come))
    modules = [f"{word}: {listed(names)}" for word, names in sides if names]
    details = (
        *(item.text for item in found.settings),
        *modules,
        *found.calls,
        *autocast,
        *found.opaque,
    )
    if not details:
        return Rung(name="structure", state="same", summary="identical")
    return Rung(
        name="structure",
        state="differs",
        summary=counted(len(details), "difference"),
        details=details[:20],
    )


def _layers_rung(evidence: Evidence) -> Rung:
    judged = evidence.judged
    counts = Counter(layer.judgement for layer in judged.layers)
    words: dict[Judgement, str] = {
        "equal": "bit-equal",
        "noise": "within rounding",
        "fault": "at fault",
        "undecided": "undecided",
        "follows": "follow from above",
        "unjudged": "not judged",
    }
    told = ", ".join(f"{counts[key]} {word}" for key, word in words.items() if counts[key])
    if judged.first is not None:
        title = f"first divergence {judged.first.title} ({judged.first.type}); {told}"
        return Rung(name="layers", state="diverged", summary=title)
    if judged.place:
        return Rung(
            name="layers", state="diverged", summary=f"the runs diverge {judged.place}; {told}"
        )
    if judged.undecided:
        return Rung(name="layers", state="undecided", summary=told)
    return Rung(name="layers", state="same" if judged.bits else "noise", summary=told or "none")


def _outputs_rung(evidence: Evidence) -> Rung:
    judged = evidence.judged
    if evidence.failed:
        return Rung(name="outputs", state="diverged", summary="none: the model raised an exception")
    unseen = tuple(f"not looked at: {item}" for item in judged.unseen[:4])
    if judged.results:
        state: State = "differs" if judged.agree else "diverged"
        return Rung(name="outputs", state=state, summary=judged.results, details=unseen)
    if judged.outputs is None:
        return Rung(name="outputs", state="unknown", summary="could not be measured", details=unseen)  # fmt: skip
    if judged.outputs == 0:
        return Rung(name="outputs", state="same", summary="identical", details=unseen)
    parted = judged.first is not None or judged.place or evidence.inputs.cause
    size = f"differ by {judged.outputs:.1e}" if math.isfinite(judged.outputs) else "differ in dtype, shape, NaN or Inf"  # fmt: skip
    return Rung(
        name="outputs", state="diverged" if parted else "noise", summary=size, details=unseen
    )


def ruled_out(evidence: Evidence, found: Answer) -> tuple[str, ...]:
    """What a reader would suspect next, and the evidence against it."""
    if found.outcome in ("same", "equivalent"):
        return ()
    lines = [_good_inputs(evidence)]
    if not evidence.weights.differ:
        lines.append(f"weights: {counted(evidence.weights.count, 'tensor')} identical")
    if found.subject not in ("precision", "bits"):
        lines.append(_good_layers(evidence))
    return tuple(filter(None, lines))


def _good_inputs(evidence: Evidence) -> str:
    """That it is not what comes before the model; empty where it may be."""
    if evidence.inputs.cause or not evidence.inputs.count:
        return ""
    libraries = [path for path in evidence.environment.changes if path.startswith("packages.")]
    names = ", ".join(path.split(".")[1] for path in libraries if "torch" not in path)
    return f"preprocessing{f' ({names})' if names else ''}: the model's inputs are identical"


def _good_layers(evidence: Evidence) -> str:
    """That layers which were run alone compute the same; empty where there are none."""
    good = [
        layer
        for layer in evidence.judged.layers
        if layer.alone and layer.judgement in ("equal", "noise")
    ]
    if not good:
        return ""
    worst = max(layer.ratio or 0.0 for layer in good)
    limit = max(layer.limit for layer in good)
    return (
        f"CPU kernels: {counted(len(good), 'layer')} run alone within"
        f" {worst:.1f}x their rounding error (limit {limit:g}x)"
    )
