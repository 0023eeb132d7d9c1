"""Verdicts that no layer takes part in."""

from __future__ import annotations

from envsnap._version import __version__
from envsnap.replay.compare.verdict import VERDICT_VERSION, Rung, Side, State, Verdict
from envsnap.replay.compare.view import View
from envsnap.replay.esr.archive import Recording


def plain_verdict(view: View, twin: View, outcome: str, cause: str, fix: str) -> Verdict:
    """A verdict that no layer takes part in."""
    place = view.recording.record.calls.index(view.call)
    state: State = (
        "same" if outcome == "same" else "differs" if outcome == "equivalent" else "diverged"
    )
    rung = Rung(name="calls", state=state, summary=cause or "what all take and give is the same")
    return Verdict(
        verdict_version=VERDICT_VERSION, envsnap_version=__version__,
        outcome=outcome, bits=False,  # type: ignore[arg-type]
        golden=side(view.recording), other=side(twin.recording), call=place, rungs=(rung,),
        first=None, place="", layers=(), cause=cause, fix=fix, not_the_cause=(),
    )  # fmt: skip


def side(recording: Recording) -> Side:
    """One of the recordings, in a few words."""
    record = recording.record
    return Side(
        name=recording.name,
        label=record.label,
        framework=record.framework,
        layers=sum(len(call.leaves) for call in record.calls),
        kept=record.full,
        notes=record.notes,
        features=len(record.features),
    )
