"""Scores pairs: the case's few facts among many harmless differences, as stated, and as a freeze."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.root_cause import cases, overlay
from benchmarks.root_cause.judging import baseline, missed, ours, rank
from benchmarks.root_cause.noise import Noise, disturb
from benchmarks.root_cause.score import Places

NOISES = (Noise(5), Noise(40), Noise(80), Noise(40, 15))
SHOWN = (str(Noise(40)), str(Noise(40, 15)))  # whose misses are told


class Board:
    """Scores by the name of what was judged, and misses."""

    def __init__(self) -> None:
        self.scores: dict[str, Places] = {}
        self.misses: dict[str, str] = {}

    def judge(
        self,
        name: str,
        case: cases.Case,
        sides: tuple[cases.Sections, cases.Sections],
        *,
        partial: bool,
    ) -> None:
        """Judge one pair of environments, without and with the text that the other side printed."""
        reference, other = (cases.manifest(side, partial=partial) for side in sides)
        for told, error_text in ((name, ""), (f"{name}, with text", case.get("error_text") or "")):
            ranked = ours(reference, other, error_text)
            place = rank(ranked, case["culprit"]["acceptable_keys"])
            self.scores.setdefault(told, Places()).add(case["id"], place, len(ranked))
            if place != 1 and told in SHOWN:
                self.misses.setdefault(f"{told}{case['id']}", missed(case, told, place, ranked))


def pairs(
    stated: list[cases.Case], base: cases.Sections, seeds: int, misses: list[str]
) -> Iterator[str]:
    """The figures of pairs whose culprit is among the stated facts."""
    board = Board()
    plain = Places()
    for case in stated:
        sides = cases.sections(case["env_a"]), cases.sections(case["env_b"])
        board.judge("as stated", case, sides, partial=True)
        manifests = [cases.manifest(side, partial=True) for side in sides]
        found = rank(baseline(manifests[0], manifests[1]), case["culprit"]["acceptable_keys"])
        plain.add(case["id"], found)
        for noise in NOISES:
            for seed in range(seeds):
                whole = _noisy(base, sides, noise, f"{case['id']} {seed}")
                board.judge(str(noise), case, whole, partial=False)
                if noise == Noise(40) and _is_of_packages(case):
                    frozen = cases.freeze(whole[0]), cases.freeze(whole[1])
                    board.judge("freezes, 40 harmless", case, frozen, partial=True)
                    board.judge("whole, of the freezes' cases", case, whole, partial=False)
    yield from (score.line(name) for name, score in board.scores.items())
    yield plain.line("as stated, every difference in file order")
    misses.extend(board.misses.values())


def _noisy(
    base: cases.Sections, sides: tuple[cases.Sections, cases.Sections], noise: Noise, name: str
) -> tuple[cases.Sections, cases.Sections]:
    whole = overlay.overlaid(base, *sides)
    stated = overlay.union(*sides)
    if overlay.needs_old_numpy(*sides):  # another NumPy would be a second culprit
        stated.setdefault("packages", {}).setdefault("entries", {})["numpy"] = {}
    disturb(whole[1], stated, noise, random.Random(name))  # noqa: S311 (a repeatable draw)
    return whole


def _is_of_packages(case: cases.Case) -> bool:
    """Whether a freeze could show the culprit: a package that both sides state otherwise."""
    stated = [case[side].get("packages") or {} for side in ("env_a", "env_b")]
    keys = case["culprit"]["acceptable_keys"]
    return any(
        key.startswith("packages.") and stated[0].get(name) != stated[1].get(name)
        for key in keys
        for name in (key.removeprefix("packages."),)
    )
