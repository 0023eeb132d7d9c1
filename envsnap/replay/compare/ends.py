"""The end of a comparison: what was printed and written, and how the script ended.

Everything that models gave is the same here. A person who reads another answer must not be told
that the runs are.
"""

from __future__ import annotations

import re

import msgspec

from envsnap.replay.compare import printed, raised, written
from envsnap.replay.compare.facts import Facts, remedies
from envsnap.replay.compare.printed import Found
from envsnap.replay.compare.progress import Walk
from envsnap.replay.compare.timeline import NO_VALUES
from envsnap.replay.compare.verdict import Rung, State, Verdict
from envsnap.replay.compare.view import views
from envsnap.replay.esr.archive import Recording

RANDOM = "random layers"
SEVERAL = re.compile(r"one of \d+ processes\b")
NUMBERED = re.compile(r"(?<![#\w])[-+]?\d")  # digests of words have digits, too


def closed(
    verdict: Verdict, walk: Walk, golden: Recording, other: Recording, facts: Facts, *, strict: bool
) -> Verdict:
    """The verdict with what came after the models; one call more decides nothing where that agrees."""
    rounding = not walk.bits and not strict
    known = golden.record.printed is not None and other.record.printed is not None
    said, wrote = _said_and_wrote(golden, other, facts, rounding=rounding)
    if verdict.outcome == "diverged":
        if strict or not _answers(golden, said, wrote):
            return verdict
        cause = f"{verdict.cause}, and so is what is printed and written"
        verdict = msgspec.structs.replace(verdict, outcome="equivalent", cause=cause, fix="")
    steps = [_rung("printed", said)]
    if golden.record.files or other.record.files:
        steps.append(_rung("files", wrote))
    masked = "; ".join(filter(None, (said.masked, wrote.masked)))
    verdict = msgspec.structs.replace(verdict, rungs=(*verdict.rungs, *steps), masked=masked)
    told = _told(golden, other, said, wrote)
    if told and verdict.outcome == "undecided" and verdict.cause.startswith(RANDOM):
        return verdict  # random layers print random answers
    if told:
        return _after(verdict, walk, told, golden, other, facts)
    verdict = _open(verdict, walk, said, wrote if known else None)
    if verdict.outcome != "same":
        return verdict
    return msgspec.structs.replace(verdict, cause=raised.both(golden.record, other.record))


def _said_and_wrote(
    golden: Recording, other: Recording, facts: Facts, *, rounding: bool
) -> tuple[Found, Found]:
    """How what is printed compares, and what is written."""
    said = printed.compare(
        golden.record.printed, other.record.printed, rounding=rounding, words=_words(golden, other)
    )
    if golden.record.printed is None or other.record.printed is None:
        return said, Found(state="unknown", told="not known on both sides")
    moves = bool(facts.of("setting")) or _names_a_path(other)
    given = _given(golden), _given(other)
    return said, written.files(
        golden.record, other.record, rounding=rounding, moves=moves, given=given
    )


def _given(recording: Recording) -> dict[str, str]:
    """The SHA-256 of the files that a run read, by their names."""
    if recording.manifest is None:
        return {}
    sections = recording.manifest.sections
    return {
        name: entry.sha256
        for section in (sections.weights, sections.configs, sections.files)
        if section is not msgspec.UNSET
        for name, entry in (section.entries or {}).items()
        if isinstance(entry.sha256, str)
    }


def _answers(golden: Recording, said: Found, wrote: Found) -> bool:
    """Whether what is printed and written are answers, numbers among them, and the same."""
    lines = golden.record.printed.lines if golden.record.printed is not None else ()
    tells = bool(golden.record.files) or any(map(NUMBERED.search, lines))
    return tells and all(found.state in ("same", "noise") for found in (said, wrote))


def _open(verdict: Verdict, walk: Walk, said: Found, wrote: Found | None) -> Verdict:
    """The verdict, or that nobody can say: of an answer that was not compared."""
    if verdict.outcome not in ("same", "equivalent"):
        return verdict
    cause = fix = ""
    if walk.loose and not (said.answers and said.state in ("same", "noise")):
        cause = walk.loose
        fix = "Print the answer, or name it with envsnap.tap(): then it is compared."
    elif wrote is not None and said.state == "unknown":
        cause = f"{said.told}; everything else agrees"
        fix = "Compare it yourself, or name its values with envsnap.tap(): then they are compared."
    elif wrote is not None and wrote.state == "unknown":
        cause = f"{wrote.told}; everything else agrees"
        fix = (
            "Compare its values yourself, or name them with envsnap.tap(): then they are compared."
        )
    if not cause:
        return verdict
    return msgspec.structs.replace(verdict, outcome="undecided", cause=cause, bits=False, fix=fix)


def _names_a_path(recording: Recording) -> bool:
    """Whether the command was given a path, which may be where it was to write."""
    given = {**(recording.record.options or {}), **(recording.record.variables or {})}
    return any(str(value).startswith("%path") for value in given.values())


def _words(golden: Recording, other: Recording) -> list[str]:
    """Texts that may stand behind digests: labels and the like, from configurations."""
    return [
        str(value)
        for recording in (golden, other)
        for root in recording.record.roots
        for value in root.config.values()
        if isinstance(value, str)
    ]


def _told(golden: Recording, other: Recording, said: Found, wrote: Found) -> str:
    """What differs at the end, in words; empty: nothing."""
    ended = raised.ended(golden.record, other.record)
    answer = ""
    if said.state == "differs":
        answer = f"what is printed differs, {said.told}"
    elif wrote.state == "differs":
        answer = f"a file that is written differs: {wrote.told}"
    stopped = golden.record.raised or other.record.raised  # what was to follow is not there
    return ended if stopped or not answer else "; ".join(filter(None, (ended, answer)))


def _after(
    verdict: Verdict, walk: Walk, told: str, golden: Recording, other: Recording, facts: Facts
) -> Verdict:
    """The models gave the same, the answer is another: the cause lies behind them."""
    if walk.loose and verdict.outcome != "undecided" and NO_VALUES not in walk.loose:
        return _otherwise_called(verdict, walk, told, other, facts)
    last = views(other)[-1] if other.record.calls else None
    acting = facts.acting("after")
    lines = facts.code(after=last.call.caller if last is not None else "")[:3]
    together = facts.beside(acting, lines, most=3)
    reasons = "; ".join(fact.text for fact in together)
    ended = raised.ended(golden.record, other.record)
    follows = ": the code after them differs" if lines and not ended else ""
    several = any(SEVERAL.match(note) for note in (*golden.record.notes, *other.record.notes))
    models = _of_models(verdict, walk, several=several)
    cause = f"{told}; {models}{follows}" + (f"; {reasons}" if reasons else "")
    where = f" (from {last.call.caller} on)" if last is not None and last.call.caller else ""
    fix = f"Compare what follows the last call of a model{where}: thresholds, labels, decoding, post-processing."  # fmt: skip
    if together:
        fix = remedies(together)
    elif ended:
        fix = raised.advice(golden.record, other.record)
    return msgspec.structs.replace(
        verdict, outcome="diverged", cause=cause, fix=fix, place="after the last call of a model"
    )


def _of_models(verdict: Verdict, walk: Walk, *, several: bool) -> str:
    """What is said of the models whose results are not what differs; of several processes one is compared."""
    if verdict.outcome == "undecided":
        return verdict.cause
    whose = "the results of the models of one process" if several else "the models' results"
    if verdict.outcome == "equivalent":
        return f"{whose} agree ({verdict.cause})"
    return f"{whose} {'are the same' if walk.bits else 'agree within rounding'}"


def _otherwise_called(
    verdict: Verdict, walk: Walk, told: str, other: Recording, facts: Facts
) -> Verdict:
    """The answer is another, and the models are called in another order, or more often."""
    first = views(other)[0].call.caller if other.record.calls else ""
    acting, lines = facts.acting("inputs")[:3], facts.code(before=first)[:3]
    cause = "; ".join((walk.loose, told, *(fact.text for fact in (*acting, *lines))))
    fix = acting[0].fix if acting else "Give the models the golden run's rows, in its order and as often."  # fmt: skip
    return msgspec.structs.replace(
        verdict, outcome="diverged", cause=cause, fix=fix, place="what the models are given"
    )


def _rung(name: str, found: Found) -> Rung:
    states: dict[str, State] = {"same": "same", "noise": "noise", "unknown": "unknown"}
    state = states.get(found.state, "diverged")
    lines = " lines" if name == "printed" else ""
    but = "what is masked" if found.masked else "rounding"
    words = {
        "same": f"the same, {found.lines}{lines}",
        "noise": f"the same but for {but}",
        "unknown": found.told,
    }
    summary = words.get(found.state, found.told)
    details = tuple(filter(None, (found.masked, found.renamed)))
    return Rung(name=name, state=state, summary=summary, details=details)  # type: ignore[arg-type]
