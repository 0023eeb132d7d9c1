"""The comparison of two recordings, from the cheapest question to the dearest.

Environment, inputs, weights, structure, layers, outputs: the first rung that answers is the
cause, and what was found equal before it is what the cause is not.
"""

from __future__ import annotations

from envsnap._version import __version__
from envsnap.replay import causes, contract, environment, inputs, latency, layers, model_parts
from envsnap.replay.archive import Recording
from envsnap.replay.verdict import VERDICT_VERSION, Rung, Side, Verdict


def compare(golden: Recording, other: Recording, *, strict: bool = False) -> Verdict:
    """Say where two runs part; `strict` asks for equal bits."""
    surroundings = environment.compare(golden, other)
    if not (golden.record.calls and other.record.calls):
        return _without_calls(golden, other, surroundings.rung)
    left, right = golden.record.calls[0], other.record.calls[0]
    given = inputs.compare(golden, other)
    evidence = causes.Evidence(
        environment=surroundings,
        contract=contract.compare(golden, other),
        inputs=given,
        weights=model_parts.weights(left, right),
        structure=model_parts.structure(left, right),
        judged=layers.judge(golden, other, inputs_differ=bool(given.cause)),
        failed=right.failed and not left.failed,
        strict=strict,
        latency=(
            latency.compare(left.repeats, right.repeats)
            if left.repeats is not None and right.repeats is not None
            else None
        ),
    )
    answer = causes.answer(evidence)
    return Verdict(
        verdict_version=VERDICT_VERSION,
        envsnap_version=__version__,
        outcome=answer.outcome,
        bits=evidence.bits,
        golden=_side(golden),
        other=_side(other),
        rungs=causes.rungs(evidence),
        first=evidence.judged.first,
        place=evidence.judged.place,
        layers=evidence.judged.layers,
        cause=answer.cause,
        fix=answer.fix,
        not_the_cause=causes.ruled_out(evidence, answer),
        latency=evidence.latency,
    )


def _side(recording: Recording) -> Side:
    record = recording.record
    return Side(
        name=recording.name,
        label=record.label,
        framework=record.framework,
        layers=len(record.calls[0].leaves) if record.calls else 0,
        kept=record.full,
        notes=record.notes,
    )


def _without_calls(golden: Recording, other: Recording, surroundings: Rung) -> Verdict:
    which = " and ".join(
        word
        for word, item in (("the golden run", golden), ("the other run", other))
        if not item.record.calls
    )
    return Verdict(
        verdict_version=VERDICT_VERSION,
        envsnap_version=__version__,
        outcome="undecided",
        bits=False,
        golden=_side(golden),
        other=_side(other),
        rungs=(surroundings,),
        first=None,
        place="",
        layers=(),
        cause=f"no model was called in {which}: there is nothing to compare",
        fix="Record a command that imports torch and calls a model.",
        not_the_cause=(),
    )
