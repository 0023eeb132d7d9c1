"""What every report of a verdict shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from envsnap.replay.compare.verdict import Layer, Side, Verdict

BEFORE, AFTER = 3, 3


class Row(Struct, frozen=True):
    """A layer, or a line that stands for many."""

    mark: str
    name: str
    text: str


MARKS = {
    "equal": "same",
    "noise": "same",
    "fault": "bad",
    "undecided": "open",
    "follows": "rest",
    "unjudged": "rest",
}
RUNG_MARKS = {
    "same": "same",
    "noise": "same",
    "differs": "note",
    "diverged": "bad",
    "undecided": "open",
    "unknown": "rest",
}


def headline(verdict: Verdict) -> str:
    """The outcome in one line."""
    if verdict.outcome == "same":
        if verdict.drift is not None:
            return f"Same: {verdict.rungs[-1].summary}"
        told = "Same: every bit" if verdict.bits else "Same: all differences are within rounding"
        told += " of what was compared" if verdict.bits and verdict.masked else ""
        return f"{told}; {verdict.cause}" if verdict.cause else told
    if verdict.outcome == "equivalent":
        if verdict.cause.startswith("the results of "):  # they could not be compared
            return f"Equivalent: what is printed is the same; {verdict.cause}"
        return f"Equivalent: the results agree within rounding; {verdict.cause}"
    word = "Diverged" if verdict.outcome == "diverged" else "Undecided"
    return f"{word}: {verdict.cause}"


def field_of_view(verdict: Verdict) -> str:
    """How much of each model was compared, in one line; empty where no model was."""
    parts = []
    for item in verdict.compared:
        here, there = item.calls
        calls = f"{here}" if here == there else f"{here} (here {there})"
        further = f", further calls: digests {item.further}" if item.further else ""
        apart = f", {item.apart}" if item.apart else ""
        parts.append(f"{item.root} {item.detailed} of {calls}{further}{apart}")
    return "; ".join(parts)


def about(side: Side) -> str:
    """What one side is, in a few words."""
    if side.features:
        return f"a data set, {side.features} features"
    return f"{side.framework or 'no framework'}, {side.layers} layers"


def told(layer: Layer) -> str:
    """What is said of one layer."""
    if layer.judgement == "equal":
        return "bit-equal"
    if layer.judgement == "follows":
        return "follows from above"
    parts = [] if layer.difference is None else [f"{layer.difference:.1e}"]
    if layer.ratio is not None:
        parts.append(f"{_short(layer.ratio)}x its own rounding error (limit {layer.limit:g}x)")
    if layer.why:
        parts.append(layer.why)
    if layer.judgement == "undecided":
        parts.append("between noise and fault")
    return ", ".join(parts) or layer.judgement


def _short(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}"


def has_rows(verdict: Verdict) -> bool:
    """Whether the layers add to the verdict."""
    judged = {layer.judgement for layer in verdict.layers}
    return (
        bool(judged)
        and verdict.outcome in ("diverged", "undecided")
        and bool(judged & {"fault", "undecided"} or verdict.place)
    )


def rows(verdict: Verdict) -> Iterator[Row]:
    """The layers around the first divergence; without one, the largest ratio."""
    layers, at = list(verdict.layers), _at(verdict)
    start = max(0, at - BEFORE)
    if start:
        yield Row("rest", "…", f"{start} before")
    for place, layer in enumerate(layers[start : at + AFTER + 1], start):
        is_first = verdict.first is not None and place == at
        text = ("first: " if is_first else "") + told(layer)
        yield Row(MARKS[layer.judgement], f"{layer.title} {layer.type}", text)
    rest = layers[at + AFTER + 1 :]
    if rest:
        faults = sum(layer.judgement == "fault" for layer in rest)
        more = f"; {faults} fail alone" if faults else ""
        yield Row("rest", "…", f"{len(rest)} more{more}")


def _at(verdict: Verdict) -> int:
    """Which layer to show in the middle."""
    layers = verdict.layers
    if verdict.first is not None:
        keys = [(layer.name, layer.nth) for layer in layers]
        return keys.index((verdict.first.name, verdict.first.nth))
    return max(range(len(layers)), key=lambda place: layers[place].ratio or 0.0, default=0)


def conclusion(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Cause, fix, and what is not the cause, each with its head."""
    if verdict.cause:
        yield "Cause", verdict.cause
    if verdict.fix:
        yield "Fix", verdict.fix
    for item in verdict.also:
        yield "Also", item.cause
        if item.fix:
            yield "Fix", item.fix
    compared = field_of_view(verdict)
    if compared:
        yield "Compared", compared
    if verdict.masked:
        yield "Output", verdict.masked
    for line in verdict.not_the_cause:
        yield "Not the cause", line
    for word, side in (("Golden", verdict.golden), ("Other", verdict.other)):
        for note in side.notes:
            yield f"{word} run", note
