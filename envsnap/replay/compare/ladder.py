"""The comparison of two recordings, from the cheapest question to the dearest.

Environment, inputs, weights, structure, layers, outputs: the first rung that answers is the
cause, and what was found equal before it is what the cause is not.
"""

from __future__ import annotations

import msgspec

from envsnap._version import __version__
from envsnap.replay.compare import (
    causes,
    contract,
    drift,
    environment,
    inputs,
    latency,
    layers,
    model_parts,
    zoom,
)
from envsnap.replay.compare.environment import Environment
from envsnap.replay.compare.verdict import VERDICT_VERSION, Rung, Side, Verdict
from envsnap.replay.esr.archive import Recording

SEVERITY = {"same": 0, "undecided": 1, "diverged": 2}


def compare(golden: Recording, other: Recording, *, strict: bool = False) -> Verdict:
    """Say where two runs part, call by call; `strict` asks for equal bits.

    The verdict is on the first call that diverged; without one on the first that is undecided,
    then on the first whose bits differ.
    """
    if golden.record.features or other.record.features:
        return _data(golden, other)
    surroundings = environment.compare(golden, other)
    here, there = len(golden.record.calls), len(other.record.calls)
    if not (here and there):
        return _without_calls(golden, other, surroundings.rung)
    found: list[Verdict] = []
    for place in range(min(here, there)):
        pair = _only(golden, place), _only(other, place)
        found.append(_one(pair, surroundings, place, strict=strict))
        if found[-1].outcome == "diverged":
            break
    worst = max(found, key=lambda item: (SEVERITY[item.outcome], not item.bits))
    if len(found) > 1 and worst.outcome != "same":
        cause = f"in call {worst.call + 1} of {here}: {worst.cause}"
        return msgspec.structs.replace(worst, cause=cause)
    if there < here and worst.outcome == "same":
        return msgspec.structs.replace(
            worst,
            outcome="undecided",
            cause=f"only {there} of {here} calls were recorded here; what was recorded is the same",
            fix=f"Record as many calls with --calls {here}, or look for what calls the model less.",
        )
    return worst


def of_command(verdict: Verdict, code: int, interpreter: str) -> Verdict:
    """Say in a verdict how the command ended, where it failed and the golden one did not."""
    if not code or verdict.outcome == "diverged":
        return verdict
    ended = f"the command ended with exit code {code}"
    if not verdict.other.layers:
        cause = f"{ended} before a model was called"
        fix = f"Run it by itself and read what it says; it was run as {interpreter}."
    else:
        cause = f"{ended}, after its model gave the same result"
        fix = "Run it by itself and read what it says: the fault is behind the model."
    return msgspec.structs.replace(verdict, outcome="diverged", cause=cause, fix=fix)


def _only(recording: Recording, place: int) -> Recording:
    """A recording with one of its calls."""
    calls = (recording.record.calls[place],)
    record = msgspec.structs.replace(recording.record, calls=calls)
    return msgspec.structs.replace(recording, record=record)


def _one(
    pair: tuple[Recording, Recording], surroundings: Environment, place: int, *, strict: bool
) -> Verdict:
    """The verdict on one call."""
    golden, other = pair
    left, right = golden.record.calls[0], other.record.calls[0]
    given = inputs.compare(golden, other)
    judged = layers.judge(golden, other, inputs_differ=bool(given.cause))
    evidence = causes.Evidence(
        environment=surroundings,
        contract=contract.compare(golden, other),
        inputs=given,
        weights=model_parts.weights(left, right),
        structure=model_parts.structure(left, right),
        judged=judged,
        kernels=zoom.compare(left, right, judged),
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
        call=place,
        rungs=causes.rungs(evidence),
        first=judged.first,
        place=judged.place,
        layers=judged.layers,
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
        features=len(record.features),
    )


def _data(golden: Recording, other: Recording) -> Verdict:
    """The verdict on two data sets."""
    if not (golden.record.features and other.record.features):
        return _nothing(
            golden, other, (), "one recording is of a data set, the other of a run",
            "Compare data with data: record both with --data.",
        )  # fmt: skip
    found = drift.compare(golden.record.features, other.record.features)
    rung = drift.rung(found)
    base = _nothing(golden, other, (rung,), "", "")
    if rung.state != "diverged":
        return msgspec.structs.replace(base, outcome="same", drift=found)
    told = "; ".join(map(drift.told, found.drifted[:3]))
    return msgspec.structs.replace(
        base, outcome="diverged", drift=found,
        cause=f"input drift: {rung.summary}" + (f": {told}" if told else ""),
        fix="Look at what feeds these features; if the world has changed, train and record again.",
    )  # fmt: skip


def _without_calls(golden: Recording, other: Recording, surroundings: Rung) -> Verdict:
    which = " and ".join(
        word
        for word, item in (("the golden run", golden), ("the other run", other))
        if not item.record.calls
    )
    return _nothing(
        golden, other, (surroundings,),
        f"no model was called in {which}: there is nothing to compare",
        "Record a command that imports torch and calls a model.",
    )  # fmt: skip


def _nothing(
    golden: Recording, other: Recording, rungs: tuple[Rung, ...], cause: str, fix: str
) -> Verdict:
    """A verdict that no layer takes part in; undecided until somebody knows better."""
    return Verdict(
        verdict_version=VERDICT_VERSION,
        envsnap_version=__version__,
        outcome="undecided",
        bits=False,
        golden=_side(golden),
        other=_side(other),
        rungs=rungs,
        first=None,
        place="",
        layers=(),
        cause=cause,
        fix=fix,
        not_the_cause=(),
    )
