"""What pages say about cost comes from the committed result of the benchmark, and nothing else does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.speed import facts
from tools import cost_page

ROOT = Path(__file__).parents[2]
PAGE = "docs/cost.md"
# A time or a share of a processor, as a claim about ourselves would state it.
CLAIM = re.compile(
    r"\d\s?(?:ms|µs|us)\b|\d s(?:econds)? of CPU|\d\s?(?:\u00d7|times) (?:as|bare|faster|slower|the time)"
)


def _pages() -> list[Path]:
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return [path for path in found if path != ROOT / PAGE and path.parent.name != "rules"]


def test_the_page_is_the_result() -> None:
    assert (ROOT / PAGE).read_text() == cost_page.page()


def test_the_page_shows_each_figure_of_the_result() -> None:
    rows = json.loads(cost_page.RESULT.read_text())["rows"]
    page = (ROOT / PAGE).read_text()
    for name in cost_page.ROWS:
        for side in ("before", "after"):
            assert f"{rows[name]['ratios'][side]:.2f} times" in page, name


def test_the_page_shows_each_line_of_the_fleets() -> None:
    page = (ROOT / PAGE).read_text()
    lines = cost_page.HOSTS.read_text().splitlines()
    assert len(lines) > 20
    for line in lines[1:]:
        assert all(word in page for word in filter(None, map(str.strip, line.split("  ")))), line


@pytest.mark.parametrize("path", _pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_page_states_a_cost(path: Path) -> None:
    assert not CLAIM.findall(path.read_text())


def test_a_claim_is_seen() -> None:
    assert CLAIM.search("opening a file takes 5 µs")
    assert CLAIM.search("a diff takes 8 times bare Python")
    assert CLAIM.search("it takes 0.3 s of CPU")


def test_facts_that_are_lost_or_other_are_named() -> None:
    before = {"sections": {"system": {"digest": "a", "glibc": "2.36", "kernel": "6", "gone": None}}}
    after = {"sections": {"system": {"digest": "b", "glibc": "2.36", "kernel": "7", "new": 1}}}
    told = facts.agreement(before, after)
    assert (told.same, told.new) == (1, 1)
    assert told.other == ("system.kernel",)
    assert told.lost == ("system.gone",)
