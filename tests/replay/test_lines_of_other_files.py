"""Lines of code beside a place of the script: other files act wherever they are called from."""

from __future__ import annotations

from envsnap.replay.compare.fact import Fact
from envsnap.replay.compare.facts import Facts, remedy


def line(place: str) -> Fact:
    return Fact(kind="code", text=f"{place} differs", fix="Compare the code.", place=place)


def test_other_files_are_named_beside_lines_before_the_call() -> None:
    places = ("a.py:2-2", "a.py:6-6", "b.py:8-8", "run.py:8-8", "run.py:50-51")
    facts = Facts(found=tuple(map(line, places)))
    found = [fact.place for fact in facts.code(before="run.py:20")]
    assert found == ["a.py:2-2", "b.py:8-8", "run.py:8-8", "a.py:6-6"]


def test_where_no_line_stands_before_the_call_all_are_named() -> None:
    facts = Facts(found=(line("a.py:2-2"), line("run.py:50-51")))
    assert len(facts.code(before="run.py:20")) == 2


def test_a_file_that_is_another_and_a_line_are_both_remedies() -> None:
    file = Fact(kind="file", text="another content of t.db", fix="Use the golden run's t.db.")
    told = remedy("Compare the steps before the model.", (file, line("a.py:2-2")))
    assert told == "Use the golden run's t.db. Or: compare the code."
