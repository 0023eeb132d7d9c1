"""What was found along the way through two runs, and how much of it is rounding."""

from __future__ import annotations

from msgspec import Struct, field

from envsnap.replay.compare import results
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.compare.view import View

# Along a run of many calls rounding adds up: so much of what came in may go out.
GROWTH = 30.0
UNMEASURED = "the results of the model could not be measured"
NOISE = 1e-5


class Walk(Struct, kw_only=True):
    """What was found along the way."""

    verdicts: list[Verdict] = field(default_factory=list)
    brief: dict[str, dict[int, str]] = field(
        default_factory=dict
    )  # root -> state of each brief call
    detailed: dict[str, int] = field(default_factory=dict)
    noise: float = 0.0
    bits: bool = True
    last: View | None = None
    loose: str = ""  # what differs and is no fault yet: only what follows can say
    apart: dict[str, str] = field(default_factory=dict)  # root -> how it is called otherwise
    surplus: bool = False  # all calls of the golden run are the same, and there are more here
    # Whether all calls of a model together are given the same rows: by its name and the inputs.
    rows: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)


def limit_of(view: View, given: Found, found: Walk) -> float:
    """How far the results of a call may be apart by rounding."""
    return max(NOISE * results.step(view), GROWTH * max(given.noise, found.noise))
