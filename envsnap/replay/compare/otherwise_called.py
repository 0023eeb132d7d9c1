"""Says when a model is called otherwise and may answer the same: other batches, padding, caches."""

from __future__ import annotations

from envsnap.replay.compare import batches, results
from envsnap.replay.compare.facts import Facts
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.progress import Walk, limit_of
from envsnap.replay.compare.view import View

CACHES = ("use_cache", "cache_implementation")


def told(view: View, twin: View, given: Found, facts: Facts, found: Walk) -> str:
    """What differs in how a model is called, where its answers may be the same all the same."""
    return (
        _rows(view, twin, given, found)
        or _cached(given, facts)
        or _widened(view, twin, given, found)
    )


def _rows(view: View, twin: View, given: Found, found: Walk) -> str:
    """That the same rows come in other batches or in another order."""
    rows = batches.rows(view, twin, found.rows)
    regrouped = given.batches or batches.regrouped(view, twin)
    counted = view.root.calls != twin.root.calls  # the same rows, in more or in fewer calls
    if rows == "same" and (regrouped or counted or found.loose):
        return f"{batches.told(view, twin)}; all rows of the run are the same"
    if (regrouped or found.loose) and batches.answered(view, twin, found.rows):
        return f"{batches.told(view, twin)}; all results of the run are the same"
    if rows == "first" and regrouped:
        return f"{batches.told(view, twin)}; the first rows of the run are the same"
    if rows == "same" and batches.widened(view, twin):
        return f"{given.cause}; without padding all rows of the run are the same"
    if found.loose and batches.follows(view, twin):
        return f"{found.loose}; {view.root.name} is given what follows from that"
    if rows == "moved":
        return f"the rows that {view.root.name} is given are the same in another order"
    return ""


def _cached(given: Found, facts: Facts) -> str:
    """That a cache is used in one of the runs, or another one."""
    texts = [fact.text for fact in facts.of("generation")]
    is_cache = given.forms and texts and all(_is_cache(text) for text in texts)
    return "; ".join(texts) if is_cache else ""


def _widened(view: View, twin: View, given: Found, found: Walk) -> str:
    """That rows are padded to another width, and give the same."""
    if not (batches.widened(view, twin) and results.are_measured(view)):
        return ""
    apart = results.of_call(view, twin)
    if apart is not None and apart <= limit_of(view, given, found):
        cause = given.cause.removeprefix("inputs differ: ")
        return f"{view.title} is given another form and gives the same: {cause}"
    return ""


def _is_cache(text: str) -> bool:
    parts = text.partition(": ")[2].split(", ")
    return all(part.split(" ")[0] in CACHES for part in parts)
