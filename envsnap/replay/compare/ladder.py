"""The comparison of two recordings, from the beginning of the run to its end.

Calls of models are compared in their order: those that were looked into by inputs, weights,
structure and layers, all others by their digests and sketches; then taps, then what was printed
and written. The first place where the runs part is the answer, and what differs around it is why.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from envsnap._version import __version__
from envsnap.replay.compare import (
    causes,
    contract,
    drift,
    ends,
    environment,
    facts,
    field_of_view,
    inputs,
    latency,
    layers,
    model_parts,
    plain,
    raised,
    rungs,
    timeline,
    zoom,
)
from envsnap.replay.compare.environment import Environment
from envsnap.replay.compare.evidence import Evidence
from envsnap.replay.compare.fact import NOT_HERE, Fact
from envsnap.replay.compare.facts import Facts
from envsnap.replay.compare.progress import Walk
from envsnap.replay.compare.verdict import VERDICT_VERSION, Rung, Verdict
from envsnap.replay.compare.view import View, views
from envsnap.replay.esr.archive import Recording
from envsnap.wording import few

MOST_NAMES = 3
BEFORE = "before the first call of a model"
RUN_ALONE = "Run the command by itself: what it imports, or reads, is not as in the golden run."
SEVERITY = {"same": 0, "equivalent": 1, "undecided": 2, "diverged": 3}


def compare(golden: Recording, other: Recording, *, strict: bool = False) -> Verdict:
    """Say where two runs part; `strict` asks for equal bits.

    The verdict is on the first place that diverged; without one on the first that is undecided,
    then on what is built otherwise, then on the first call whose bits differ.
    """
    if golden.record.features or other.record.features:
        return _data(golden, other)
    surroundings = environment.compare(golden, other)
    around = facts.compare(golden, other)
    if not (golden.record.calls and other.record.calls):
        return _without_calls(golden, other, surroundings.rung, around)

    def judged(pair: tuple[View, View]) -> Verdict:
        return _one(pair, surroundings, around, strict=strict)

    walk = timeline.walk(golden, other, around, judged)
    verdict = _whole(_chosen(walk) or _by_digests(walk, golden, other), walk, strict=strict)
    if verdict.outcome != "diverged" or walk.surplus:
        verdict = ends.closed(verdict, walk, golden, other, around, strict=strict)
    return field_of_view.told(verdict, walk, golden, other)


def _chosen(walk: Walk) -> Verdict | None:
    """The verdict that matters most; of equals the first. None: only ends of calls were compared."""
    return max(
        walk.verdicts, key=lambda item: (SEVERITY[item.outcome], not item.bits), default=None
    )


def _by_digests(walk: Walk, golden: Recording, other: Recording) -> Verdict:
    """The verdict on calls of which no pair was looked into, and all ends are the same."""
    outcome = "equivalent" if walk.loose else "same"
    found = plain.plain_verdict(views(golden)[0], views(other)[0], outcome, walk.loose, "")
    return msgspec.structs.replace(found, bits=walk.bits and not walk.loose)


def _whole(verdict: Verdict, walk: Walk, *, strict: bool) -> Verdict:
    """The verdict on all of the run: a later call, or a tap, may be the one that is rounded."""
    apart = "; ".join(filter(None, walk.apart.values()))
    if strict and apart and verdict.outcome == "same":
        return msgspec.structs.replace(
            verdict, outcome="diverged", bits=False, cause=f"{apart} (--strict)"
        )
    if walk.bits or not verdict.bits:
        return verdict
    verdict = msgspec.structs.replace(verdict, bits=False)
    if not strict or verdict.outcome != "same":
        return verdict
    cause = "the bits of later calls or taps differ, all within rounding (--strict)"
    return msgspec.structs.replace(verdict, outcome="diverged", cause=cause)


def of_command(
    verdict: Verdict, code: int, interpreter: str, golden: Recording, other: Recording
) -> Verdict:
    """Say in a verdict how a command ended that called no model."""
    if verdict.other.layers or (verdict.outcome == "diverged" and verdict.place != BEFORE):
        return verdict
    cause = f"the command ended with exit code {code} before a model was called"
    fix = f"Run it by itself and read what it prints; it was run as {interpreter}."
    reasons = _early(facts.compare(golden, other))
    if reasons:
        cause = f"{cause}; {'; '.join(fact.text for fact in reasons)}"
        fix = f"{reasons[0].fix} {fix}"
    return msgspec.structs.replace(verdict, outcome="diverged", cause=cause, fix=fix)


def _early(found: Facts) -> tuple[Fact, ...]:
    """What differs around a run that ended early: what it read and was told, and lines of code."""
    return (*_causes_first(found.of("setting", "file", "weights"))[:2], *found.code()[:2])


def _causes_first(found: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts; what the golden run alone read follows from how far this one came."""
    return tuple(sorted(found, key=lambda fact: fact.text.endswith(NOT_HERE)))


def _one(
    pair: tuple[View, View], surroundings: Environment, around: Facts, *, strict: bool
) -> Verdict:
    """The verdict on one call that was looked into in both runs."""
    golden, other = pair
    left, right = golden.call, other.call
    given = inputs.compare(golden, other)
    judged = layers.judge(golden, other, inputs_differ=bool(given.cause))
    evidence = Evidence(
        golden=golden,
        other=other,
        environment=surroundings,
        contract=contract.compare(golden, other),
        inputs=given,
        weights=model_parts.weights(golden.root, other.root),
        structure=model_parts.structure(golden, other),
        judged=judged,
        kernels=zoom.compare(left, right, judged),
        facts=around,
        strict=strict,
        latency=(
            latency.compare(left.repeats, right.repeats)
            if left.repeats is not None and right.repeats is not None
            else None
        ),
    )
    answer = causes.answer(evidence)
    place = golden.recording.record.calls.index(left)
    return Verdict(
        verdict_version=VERDICT_VERSION,
        envsnap_version=__version__,
        outcome=answer.outcome,
        bits=evidence.bits,
        golden=plain.side(golden.recording),
        other=plain.side(other.recording),
        call=place,
        rungs=rungs.of(evidence),
        first=judged.first,
        place=judged.place,
        layers=judged.layers,
        cause=answer.cause,
        fix=answer.fix,
        also=answer.also,
        not_the_cause=rungs.ruled_out(evidence, answer),
        latency=evidence.latency,
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


def _without_calls(
    golden: Recording, other: Recording, surroundings: Rung, around: Facts
) -> Verdict:
    which = " and ".join(
        word
        for word, item in (("the golden run", golden), ("the other run", other))
        if not item.record.calls
    )
    found = _nothing(
        golden, other, (surroundings,),
        f"no model was called in {which}: there is nothing to compare",
        "Record a command that imports torch and calls a model.",
    )  # fmt: skip
    told = other.record.raised
    # Of a program that never imports torch nobody knows whether it is the one to compare.
    if told is None and golden.record.calls and other.record.options is not None:
        return _called_no_more(found, golden, other, around)
    if told is None or golden.record.raised is not None or other.record.calls:
        return found
    reasons = _early(around)
    ended = raised.ended(golden.record, other.record)
    cause = "; ".join((f"{ended}, before a model was called", *(fact.text for fact in reasons)))
    why = environment.explaining(golden, other, f"{told.type}: {told.message}")
    fixes = [fact.fix for fact in reasons[:1]]
    if why is not None:
        cause = f"{cause}: {why.message}"
        from envsnap.rules.inputs.end_of_run import EndOfRun  # rules are loaded where one explains

        # That a run ended otherwise explains nothing: what another rule says does.
        fixes.insert(len(fixes) if why.rule == EndOfRun.id else 0, why.fix)
    fix = next(filter(None, fixes), RUN_ALONE)
    return msgspec.structs.replace(found, outcome="diverged", cause=cause, fix=fix)


def _called_no_more(found: Verdict, golden: Recording, other: Recording, around: Facts) -> Verdict:
    """The verdict on a run that ends well without the models of the golden one: something else decides."""
    names = few([root.name for root in golden.record.roots if root.calls], MOST_NAMES)
    reasons = (*_causes_first(around.acting("inputs"))[:3], *around.code()[:3])
    ended = raised.ended(golden.record, other.record)
    told = f"the golden run calls {names}, and this one calls no model"
    cause = "; ".join(filter(None, (ended, told, *(fact.text for fact in reasons))))
    fix = next((fact.fix for fact in reasons if fact.fix), "")
    return msgspec.structs.replace(
        found,
        outcome="diverged",
        cause=cause,
        fix=fix
        or "Find out what this run passes over: what it is given, what it reads, what it has stored.",
        place=BEFORE,
    )


def _nothing(
    golden: Recording, other: Recording, rungs: tuple[Rung, ...], cause: str, fix: str
) -> Verdict:
    """A verdict that no layer takes part in; undecided until somebody knows better."""
    return Verdict(
        verdict_version=VERDICT_VERSION,
        envsnap_version=__version__,
        outcome="undecided",
        bits=False,
        golden=plain.side(golden),
        other=plain.side(other),
        rungs=rungs,
        first=None,
        place="",
        layers=(),
        cause=cause,
        fix=fix,
        not_the_cause=(),
    )
