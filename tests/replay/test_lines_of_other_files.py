"""Lines of code beside a place of the script: other files act wherever they are called from."""

from __future__ import annotations

from msgspec.structs import replace

from envsnap.replay.compare.fact import Fact
from envsnap.replay.compare.facts import Facts, remedy


def line(place: str) -> Fact:
    name, _, lines = place.partition(":")
    text = f"{name} line {lines.partition('-')[0]} differs"
    return Fact(kind="code", text=text, fix="Compare the code.", place=place)


def test_other_files_are_named_beside_lines_before_the_call() -> None:
    places = ("a.py:2-2", "a.py:6-6", "b.py:8-8", "run.py:8-8", "run.py:50-51")
    facts = Facts(found=tuple(map(line, places)))
    found = [fact.text for fact in facts.code(before="run.py:20")]
    assert found == [
        "a.py line 2 differs, line 6 differs", "b.py line 8 differs", "run.py line 8 differs",
    ]  # fmt: skip


def test_lines_of_models_come_first_or_last() -> None:
    model = replace(line("net.py:3-3"), model="Net")
    facts = Facts(found=(line("prepare.py:2-2"), model))
    for of_model, first in ((True, "net.py"), (False, "prepare.py"), (None, "prepare.py")):
        assert facts.code(of_model=of_model)[0].text.startswith(first)


def test_where_no_line_stands_before_the_call_all_are_named() -> None:
    facts = Facts(found=(line("a.py:2-2"), line("run.py:50-51")))
    assert len(facts.code(before="run.py:20")) == 2


def test_a_file_that_is_another_and_a_line_are_both_remedies() -> None:
    file = Fact(kind="file", text="another content of t.db", fix="Use the golden run's t.db.")
    told = remedy("Compare the steps before the model.", (file, line("a.py:2-2")))
    assert told == "Use the golden run's t.db. Or: compare the code."
