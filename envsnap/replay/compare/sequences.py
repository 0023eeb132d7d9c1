"""Says of two series, or signals, that one is the other in reverse, or begins later."""

from __future__ import annotations

import math
from collections.abc import Sequence

from envsnap.replay.compare.ids import Told
from envsnap.replay.esr.recording import Tensor

FEWEST, MOST_TRIED = 8, 64
Values = Sequence[float]
Steps = list[tuple[float, ...]]


def moved(one: Tensor, here: Values, _: Tensor, there: Values, name: str) -> Told | None:
    """Steps along the second axis that came in reverse, or from another one on; None: neither."""
    left, right = _steps(one, here), _steps(one, there)
    if left is None or right is None:
        return None
    if all(b == a[::-1] for a, b in zip(left, right, strict=True)):
        return Told(
            f"{name}: the same steps in reverse order",
            "Give the model the steps in the golden run's order.",
        )
    begins = _shift(left, right)
    ends = _shift(right, left)
    if not begins and not ends:
        return None
    word = f"begins {begins} steps later" if begins else f"begins {ends} steps earlier"
    return Told(
        f"{name}: the same series shifted: it {word} here",
        "Cut the window, or the signal, where the golden run does.",
    )


def _steps(tensor: Tensor, values: Values) -> list[Steps] | None:
    """The steps of each row; None where a tensor is a table, or not kept whole."""
    shape = tensor.shape
    if len(shape) < 2 or shape[1] < FEWEST or len(values) != math.prod(shape):
        return None
    if len(shape) == 2 and shape[0] > 1:
        return None
    width = math.prod(shape[2:])
    steps = [tuple(values[at : at + width]) for at in range(0, len(values), width)]
    return [steps[at : at + shape[1]] for at in range(0, len(steps), shape[1])]


def _shift(here: list[Steps], there: list[Steps]) -> int:
    """From which step on one side's rows are what the other's begin with; 0: from none."""
    first, length = there[0][0], len(here[0])
    places = [at for at in range(1, length - FEWEST // 2) if here[0][at] == first]
    for at in places[:MOST_TRIED]:
        rows = zip(here, there, strict=True)
        if all(one[at:] == two[: length - at] for one, two in rows) and len(set(here[0][at:])) > 2:
            return at
    return 0
