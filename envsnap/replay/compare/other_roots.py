"""A model of the golden run that is not called as such in the other: by forward(), or in parts."""

from __future__ import annotations

import msgspec

from envsnap.replay.compare import results
from envsnap.replay.compare.facts import LAST, Facts
from envsnap.replay.compare.model_parts import listed
from envsnap.replay.compare.plain import plain_verdict
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.compare.view import View, views
from envsnap.replay.esr.archive import Recording

NOISE = 1e-5


def judged(view: View, golden: Recording, other: Recording, facts: Facts) -> Verdict:
    """The model of the golden run is not called as such: by forward(), or part by part."""
    verdict = _judged(view, golden, other)
    acting = facts.beside(facts.acting("between"), facts.code())
    if verdict.outcome != "diverged" or not acting:
        return verdict
    reasons = "; ".join(fact.text for fact in acting)
    fix = f"{acting[0].fix} {verdict.fix}" if acting[0].kind not in LAST else verdict.fix
    return msgspec.structs.replace(verdict, cause=f"{verdict.cause}; {reasons}", fix=fix)


def _judged(view: View, golden: Recording, other: Recording) -> Verdict:
    here = [root.name for root in golden.record.roots]
    there = [root.name for root in other.record.roots]
    only = [name for name in there if name not in here]
    twin = next((item for item in views(other) if item.root.name in only), views(other)[0])
    parts = _parts(view, other)
    told = f"another model is called: {view.root.name} in the golden run, {listed(only) or 'nothing in its place'} here"  # fmt: skip
    if not parts:
        if twin.root.module == view.root.module or not only:
            return plain_verdict(view, twin, "diverged", told, "Call the same model in both runs.")
        return plain_verdict(view, twin, "diverged", told, "Load the golden run's model.")
    cause = (
        f"{told}; they are parts of it with {parts}: its forward() is called directly, or an"
        " engine calls its parts"
    )
    same = "weights differ" not in parts and _same_end(view, other)
    if same:
        return plain_verdict(view, twin, "equivalent", cause, "")
    outcome = "diverged" if "weights differ" in parts else "undecided"
    return plain_verdict(
        view, twin, outcome, cause, "Call the model itself (model(x)) in both runs."
    )


def _parts(view: View, other: Recording) -> str:
    """Whether the models called here are parts of the golden one, by their weights."""
    mine = view.root.parameters
    digests = {(item.shape, item.crc32) for item in mine.values()}
    shapes = {item.shape for item in mine.values()}
    found = [item for root in other.record.roots for item in root.parameters.values()]
    if not found or not all(item.shape in shapes for item in found):
        return ""
    same = sum((item.shape, item.crc32) in digests for item in found)
    if same == len(found):
        return "the same weights"
    return f"weights differ: {len(found) - same} of {len(found)}" if same else ""


def _same_end(view: View, other: Recording) -> bool:
    """Whether the last result there is the golden one's."""
    left, right = view.call.result, other.record.calls[-1].result
    if left is None or right is None:
        return False
    met = results.compare(view.recording, left, other, right)
    return met.apart is not None and met.apart <= NOISE
