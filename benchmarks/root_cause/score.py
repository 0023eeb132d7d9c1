"""Recall, with what a number of so few cases can decide."""

from __future__ import annotations

from math import sqrt

Z = 1.96  # of a 95 % interval


def interval(share: float, count: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of so many cases; [0, 1] of none."""
    if not count:
        return 0.0, 1.0
    middle = share + Z * Z / (2 * count)
    spread = Z * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    below = 1 + Z * Z / count
    return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


class Places:
    """The places at which culprits were found, by case; several draws of a case count as one."""

    def __init__(self) -> None:
        self.of: dict[str, list[int | None]] = {}
        self.warnings = 0

    def add(self, name: str, place: int | None, warnings: int = 0) -> None:
        """Count one judgement of a case: the culprit's place from 1, None where it is missing."""
        self.of.setdefault(name, []).append(place)
        self.warnings += warnings

    def recall(self, last: int | None = None) -> float:
        """The share of culprits among the first places (all, without a number): mean of the cases."""
        shares = [
            sum(place is not None and (last is None or place <= last) for place in places)
            / len(places)
            for places in self.of.values()
        ]
        return sum(shares) / (len(shares) or 1)

    def over_draws(self, last: int) -> tuple[float, float]:
        """The least and the greatest recall of one draw."""
        draws = [len(places) for places in self.of.values()]
        if not draws:
            return 0.0, 0.0
        each = [
            sum((places[draw] or last + 1) <= last for places in self.of.values()) / len(draws)
            for draw in range(min(draws))
        ]
        return min(each), max(each)

    def figure(self, last: int | None = None) -> str:
        """A recall and its interval over cases."""
        share = self.recall(last)
        low, high = interval(share, len(self.of))
        return f"{share:.2f} [{low:.2f} {high:.2f}]"

    def line(self, name: str) -> str:
        """The figures of pairs, as one line."""
        judged = sum(map(len, self.of.values()))
        low, high = self.over_draws(1)
        spread = f", of one draw {low:.2f} to {high:.2f}" if judged > len(self.of) else ""
        return (
            f"pairs {name}: recall@1 {self.figure(1)} recall@3 {self.figure(3)}"
            f" warnings {self.warnings / (judged or 1):.1f} ({len(self.of)} cases{spread})"
        )
