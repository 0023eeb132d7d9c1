"""Walks along two runs, call by call, and says which part of them was compared."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from envsnap.replay.compare import (
    inputs,
    other_roots,
    otherwise_called,
    raised,
    results,
    taps,
)
from envsnap.replay.compare.call_seeds import SEED
from envsnap.replay.compare.fact import Fact
from envsnap.replay.compare.facts import BESIDE_CODE, Facts, remedies, remedy
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.model_parts import listed, weights
from envsnap.replay.compare.pairing import Pairing
from envsnap.replay.compare.plain import plain_verdict
from envsnap.replay.compare.progress import UNMEASURED, Walk, limit_of
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.compare.view import View, objects_apart, rewritten, views
from envsnap.replay.esr.archive import Recording

FAULT = 1e-4
UNSEEN = "by other threads were not seen"  # as the recorder notes it
NO_VALUES = "no values: on the meta device, or inside a transform of torch.func"
STOPPED = "the recording stopped"


def walk(
    golden: Recording, other: Recording, facts: Facts,
    judged: Callable[[tuple[View, View]], Verdict],
) -> Walk:  # fmt: skip
    """Compare calls in the golden run's order, up to the first that diverges."""
    found = Walk()
    pairs = Pairing(golden, other)
    for view in views(golden):
        _taps(found, golden, other, view, facts)
        twin, shifted, apart = pairs.twin(view), pairs.told(view), pairs.apart(view)
        found.apart[view.root.name] = "; ".join(filter(None, (shifted, apart)))
        if _ended(found):
            return found
        if twin is None:
            if pairs.skips(view):
                found.loose = found.loose or shifted
                continue
            found.verdicts.append(_missing(view, golden, other, facts, found, pairs))
            return found
        _met(found, view, twin, judged, facts)
        _mention(found, shifted, apart)
        found.loose = found.loose or shifted
        if _ended(found):
            return found
        found.last = view
    _taps(found, golden, other, None, facts)
    if not _ended(found):
        found.verdicts += _surplus(golden, other, facts, found, pairs)
    return found


def _mention(found: Walk, *texts: str) -> None:
    """Add how a model is called otherwise to the last verdict, where that is not the same."""
    last = found.verdicts[-1] if found.verdicts else None
    if last is None or last.outcome == "same":
        return
    told = [text for text in texts if text and text not in last.cause]
    cause = "; ".join(filter(None, (last.cause, *told)))
    found.verdicts[-1] = msgspec.structs.replace(last, cause=cause)


def _taps(
    found: Walk, golden: Recording, other: Recording, before: View | None, facts: Facts
) -> None:
    """The values that the script has named, up to a call or to the end."""
    met = taps.compare(golden, other, before, found.noise)
    last = found.last.call.caller if found.last is not None else ""
    found.verdicts += [_with_reasons(verdict, last, facts) for verdict in met.verdicts]
    found.noise = max(found.noise, met.apart)
    found.bits = found.bits and met.bits


def _with_reasons(verdict: Verdict, last: str, facts: Facts) -> Verdict:
    """A tap that differs, with what acts on what lies before it: files, keys, variables, lines."""
    acting = facts.acting("after" if last else "inputs")
    together = facts.beside(acting, facts.code(after=last)[:3], most=3)
    if not together:
        return verdict
    reasons = "; ".join(fact.text for fact in together)
    return msgspec.structs.replace(
        verdict, cause=f"{verdict.cause}; {reasons}", fix=remedies(together)
    )


def _ended(found: Walk) -> bool:
    return bool(found.verdicts) and found.verdicts[-1].outcome == "diverged"


def _cut(view: View, twin: View) -> Verdict | None:
    """The verdict on a call of which the recording holds no end: nothing can be said of its result."""
    for side, word in ((view, "the golden run"), (twin, "this run")):
        if side.call.result is None and side.call.raised is None:
            why = next(
                (note for note in side.recording.record.notes if note.startswith(STOPPED)), ""
            )
            cause = f"the result of {view.title} is not known in {word}" + (
                f": {why}" if why else ""
            )
            return plain_verdict(view, twin, "undecided", cause, "Record again; where it stops again, tell envsnap's authors.")  # fmt: skip
    return None


def _met(
    found: Walk,
    view: View,
    twin: View,
    judged: Callable[[tuple[View, View]], Verdict],
    facts: Facts,
) -> None:
    """Compare a call of both runs, by as much of it as both hold."""
    cut = _cut(view, twin)
    if cut is not None:
        found.verdicts.append(cut)
    elif view.call.detailed and twin.call.detailed:
        _detailed(found, view, twin, judged, facts)
    else:
        _brief(found, view, twin, facts)


def _detailed(
    found: Walk,
    view: View,
    twin: View,
    judged: Callable[[tuple[View, View]], Verdict],
    facts: Facts,
) -> None:
    """A call that was looked into in both runs."""
    verdict = judged((view, twin))
    root = view.root.name
    found.detailed[root] = found.detailed.get(root, 0) + 1
    found.bits = found.bits and verdict.bits
    given = inputs.compare(view, twin)
    apart = results.of_call(view, twin)
    if verdict.outcome in ("same", "equivalent"):
        found.noise = max(found.noise, given.noise, apart or 0.0)
    if verdict.outcome == "undecided" and verdict.cause == UNMEASURED and _no_values(view, twin):
        loose = f"the results of {root} have {NO_VALUES}"
        found.loose = found.loose or loose
        verdict = msgspec.structs.replace(verdict, outcome="equivalent", cause=loose, fix="")
    elif verdict.outcome == "diverged" and given.cause:
        loose = otherwise_called.told(view, twin, given, facts, found)
        if loose:
            found.loose = found.loose or loose
            verdict = msgspec.structs.replace(verdict, outcome="equivalent", cause=loose, fix="")
        elif found.last is not None:
            verdict = _between(verdict, view, given, facts, found)
    found.verdicts.append(_titled(verdict, view))


def _no_values(*sides: View) -> bool:
    """Whether no result has values, as on the meta device: what is printed has to tell."""
    for side in sides:
        numbers = list(side.call.result.tensors()) if side.call.result is not None else []
        if not numbers or any(side.tensor(one).reason != NO_VALUES for one in numbers):
            return False
    return True


def _titled(verdict: Verdict, view: View) -> Verdict:
    """Name the model and the call where there are several."""
    calls = view.recording.record.calls
    if len(calls) < 2 or verdict.outcome in ("same", "equivalent") or not verdict.cause:
        return verdict
    if verdict.cause.startswith(("between ", "in call ")):
        return verdict
    place = f"in call {view.call.nth + 1} of {view.root.calls or len(calls)} of {view.root.name}"
    if view.root.calls == 1:
        place = f"in {view.root.name}"
    return msgspec.structs.replace(verdict, cause=f"{place}: {verdict.cause}")


def _between(verdict: Verdict, view: View, given: Found, facts: Facts, found: Walk) -> Verdict:
    """The calls before gave the same, and this one is given something else."""
    last = found.last
    assert last is not None
    acting = facts.acting("between")
    if not acting and last.root.name != view.root.name:
        acting = facts.acting("inputs")
    only_read = all(fact.kind in BESIDE_CODE for fact in acting)
    lines = facts.code(after=last.call.caller)[:2] if only_read else ()
    acting = facts.beside(acting, lines) if lines else acting[:3]
    told = "; ".join(fact.text for fact in acting)
    where = f"between {last.title} and {view.title}, whose inputs are another: "
    cause = given.cause.removeprefix("inputs differ: ")
    is_code = bool(acting) and acting[0].kind == "code"
    lead = f"{told}; " if acting and not is_code else ""
    tail = f"; {told}" if is_code else ""
    alone = f"Compare the code between the two calls. {given.fix}"
    fix = remedy(given.fix, acting) if acting else alone
    return msgspec.structs.replace(verdict, cause=f"{lead}{where}{cause}{tail}", fix=fix)


def _brief(found: Walk, view: View, twin: View, facts: Facts) -> None:
    """A call of which only the ends are known, in one of the runs at least."""
    states, nth = found.brief.setdefault(view.root.name, {}), view.call.nth
    if twin.call.raised is not None and view.call.raised is None:
        cause = f"{view.title} raised {raised.quoted(twin.call.raised)}"
        found.verdicts.append(plain_verdict(view, twin, "diverged", cause, "Run the command by itself and read the traceback."))  # fmt: skip
        return
    given, apart = inputs.compare(view, twin), results.of_call(view, twin)
    limit = limit_of(view, given, found)
    if given.cause:
        quiet = apart is not None and apart <= limit
        found.verdicts.append(_given(found, view, twin, given, facts, quiet=quiet))
        if found.verdicts[-1].outcome == "diverged":
            states[nth] = "differs"
        return
    if apart is None and twin.call.result is not None:
        states[nth] = _not_known(found, view, twin)
        return
    if apart is None or apart <= limit:
        states[nth] = "equal" if apart == 0 else "within rounding"
        found.noise = max(found.noise, min(apart or 0.0, limit))
        found.bits = found.bits and apart == 0
        return
    states[nth] = "differs"
    outcome = "diverged" if apart > max(FAULT * results.step(view), 10 * limit) else "undecided"
    found.verdicts.append(_unseen(view, twin, apart, outcome, facts))


def _not_known(found: Walk, view: View, twin: View) -> str:
    """The state of a call whose results could not be laid over each other."""
    found.bits = False
    if _no_values(view, twin):
        found.loose = found.loose or f"the results of {view.root.name} have {NO_VALUES}"
        return "within rounding"
    found.verdicts.append(_not_measured(view, twin))
    return "differs"


def _not_measured(view: View, twin: View) -> Verdict:
    """The results of a call have other bits, or hold nothing that is known: nobody can say."""
    cause = f"{view.title} gives a result that is not the same in every bit, and is not measured"
    more = f"--calls {view.call.nth + 1} --root {view.root.name}"
    return plain_verdict(
        view, twin, "undecided", cause, f"Record and compare with {more}: then it is measured."
    )


def _given(
    found: Walk, view: View, twin: View, given: Found, facts: Facts, *, quiet: bool
) -> Verdict:
    """A call with other inputs; `quiet` says that its results are the same within rounding."""
    loose = otherwise_called.told(view, twin, given, facts, found)
    if loose:
        found.loose = found.loose or loose
        return plain_verdict(view, twin, "equivalent", loose, "")
    if given.optional and quiet:  # the model takes by itself what is not given
        return plain_verdict(view, twin, "equivalent", given.cause, "")
    verdict = plain_verdict(view, twin, "diverged", given.cause, given.fix)
    return _between(verdict, view, given, facts, found) if found.last else verdict


def _unseen(view: View, twin: View, apart: float, outcome: str, facts: Facts) -> Verdict:
    """The same inputs gave another result, in a call whose layers are not known."""
    why = _why(view, twin, facts)
    size = f" by {apart:.1e}" if apart < 1e6 else " (another form)"
    cause = f"{view.title} gives another result{size} with the same inputs"
    more = f"--calls {view.call.nth + 1} --root {view.root.name}"
    if why:
        return plain_verdict(view, twin, "diverged", f"{cause}: {why[0]}", why[1])
    is_trained = view.call.training or twin.call.training
    if is_trained and view.call.written and twin.call.written:  # it was the same so far
        read = _read(facts)
        told = "".join(f"; {fact.text}" for fact in (*read, *facts.code()[:2]))
        return plain_verdict(
            view, twin, "diverged",
            f"{cause}: both runs update its weights before it, and otherwise here{told}",
            read[0].fix if read else
            "Compare what updates the weights: the loss, its target, the optimizer and its settings.",
        )  # fmt: skip
    seeds = [fact for fact in facts.of("seed") if fact.text.startswith(SEED)]
    # The weights of the first call are the same; a file may have been loaded after it.
    read = facts.of("weights", "file") or tuple(
        fact for fact in facts.of("note") if fact.fix.startswith("Load ")
    )
    of_run = [*facts.of("setting"), *seeds, *facts.of("seeding"), *read]
    acting = [*of_run[:3], *facts.code()[:2]][:4]
    if acting:
        told = "; ".join(fact.text for fact in acting)
        fix = f"{acting[0].fix} Or record and compare with {more} to see the layer."
        return plain_verdict(view, twin, outcome, f"{told}: {cause}", fix)
    return plain_verdict(
        view, twin, outcome,
        f"{cause}; its layers are not kept, and state that it carries is not compared",
        f"Record and compare with {more} to see the layer.",
    )  # fmt: skip


def _read(facts: Facts) -> tuple[Fact, ...]:
    """What may have made weights others: what was read otherwise, then by one run alone."""
    return (*facts.of("weights", "setting", "seeding", "file"), *facts.of("alone"))[:2]


def _why(view: View, twin: View, facts: Facts) -> tuple[str, str] | None:
    """What is known of a model besides its layers."""
    if bool(view.call.training) != bool(twin.call.training):
        word = "training" if twin.call.training else "evaluation"
        return (
            f"the model is in {word} mode here",
            f"Call model.{'eval' if twin.call.training else 'train'}() before it is used.",
        )
    changed = rewritten(view, twin)
    if changed:
        together = (*_read(facts), *facts.code()[:2])
        told = "".join(f"; {fact.text}" for fact in together)
        fix = "Look for what writes to the model's weights between its calls."
        return f"weights were changed while the run went on: {listed(changed)}{told}", fix
    found = weights(view.root, twin.root)
    if found.differ:
        read = _read(facts)
        told = "".join(f"; {fact.text}" for fact in read)
        names = listed((*found.changed, *found.added, *found.missing))
        fix = read[0].fix if read else "Load the golden run's weights."
        return f"weights differ: {names}{told}", fix
    given = objects_apart(view, twin)
    if given:
        return given, "Call the model with the golden run's arguments."
    config = facts.of("config")
    return (config[0].text, config[0].fix) if config else None


def _missing(
    view: View, golden: Recording, other: Recording, facts: Facts, found: Walk, pairs: Pairing
) -> Verdict:
    """The golden run calls a model once more, or one that the other does not call."""
    name = pairs.name(view)
    twins = [item for item in views(other) if item.root.name == name]
    twin = twins[-1] if twins else views(other)[-1]
    ended = raised.ended(golden.record, other.record)
    if ended and (other.record.raised or other.record.exit_code):
        reasons = facts.beside(facts.acting("after"), facts.code()[:2])
        cause = "; ".join((f"{ended}, before {view.title}", *(fact.text for fact in reasons)))
        fix = remedies(reasons) if reasons else raised.advice(golden.record, other.record)
        return plain_verdict(view, twin, "diverged", cause, fix)
    if not twins and any(item.root.type == view.root.type for item in views(other)):
        return _not_called(view, twin, facts)
    if not twins:
        return other_roots.judged(view, golden, other, facts)
    return _counted(view, twin, facts, found, "equivalent" if found.loose else "diverged")


def _not_called(view: View, twin: View, facts: Facts) -> Verdict:
    """One of several models of a type, by its weights, is not called here."""
    count = len(view.root.parameters)
    lines = "".join(f"; {fact.text}" for fact in facts.code()[:2])
    cause = (
        f"{view.root.name} ({count} weights), one of several of its type, is not called here{lines}"
    )
    return plain_verdict(view, twin, "diverged", cause, f"Call {view.root.name} as the golden run does, in {view.call.caller or 'the script'}.")  # fmt: skip


def _counted(view: View, twin: View, facts: Facts, found: Walk, outcome: str) -> Verdict:
    """One run calls a model more often than the other."""
    here, there = view.root.calls, twin.root.calls
    notes = (*view.recording.record.notes, *twin.recording.record.notes)
    unseen = next((note for note in notes if note.endswith(UNSEEN)), "")
    if unseen:  # how often it was called is not known: what follows has to tell
        outcome, found.loose = "equivalent", found.loose or unseen
    acting = facts.acting("between") or facts.acting("inputs")
    lines = facts.code()[:2] if not acting else ()
    told = "; ".join(fact.text for fact in (*acting[:3], *lines))
    if found.loose:
        told = "; ".join(filter(None, (found.loose, told)))
    cause = f"{view.root.name} is called {here} times in the golden run, {there} times here"
    if told:
        cause = f"{told}: {cause}"
    same = "; the calls that both make are the same" if not found.loose else ""
    fix = acting[0].fix if acting else "Look for what calls the model more or less: data, batches, loops."  # fmt: skip
    return plain_verdict(view, twin, outcome, cause + same, fix)


def _surplus(
    golden: Recording, other: Recording, facts: Facts, found: Walk, pairs: Pairing
) -> list[Verdict]:
    """Calls that only the other run makes."""
    more = pairs.left_over()
    if not more:
        return _rest(golden, other, found)
    twin = more[0]
    mine = [view for view in views(golden) if view.root.name == twin.root.name]
    if not mine:
        names = ", ".join(dict.fromkeys(view.root.name for view in more))
        view = views(golden)[0]
        return [plain_verdict(view, twin, "equivalent", f"models called here only: {names}", "")]
    found.surplus = not found.loose
    return [_counted(mine[-1], twin, facts, found, "equivalent" if found.loose else "diverged")]


def _rest(golden: Recording, other: Recording, found: Walk) -> list[Verdict]:
    """Calls beyond those that are listed: their digests alone."""
    there = {root.name: root for root in other.record.roots}
    for root in golden.record.roots:
        twin = there.get(root.name)
        if twin is None or root.rest == twin.rest or not found.bits:
            continue
        view = next(item for item in views(golden) if item.root.name == root.name)
        other_view = next(item for item in views(other) if item.root.name == root.name)
        cause = f"the results of later calls of {root.name} have other digests; the calls that are listed are the same"  # fmt: skip
        return [
            plain_verdict(view, other_view, "undecided", cause, "Run less, or compare those calls.")
        ]
    return []
