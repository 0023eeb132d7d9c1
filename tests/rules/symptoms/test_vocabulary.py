"""What is looked up in the words of a text first: never a line less than by looking at each."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from envsnap.intake.excerpts import LEFT_OUT
from envsnap.rules.symptoms import naming
from envsnap.rules.symptoms.lines import bare
from envsnap.rules.symptoms.sentences import Lines
from envsnap.rules.symptoms.vocabulary import Vocabulary

TEXT = st.text(alphabet=" \t\n\r\u00a0\u2028ab1é'K", max_size=40)


@given(before=TEXT, said=TEXT, after=TEXT)
@example(before="lib", said="cudnn8 not", after="found")
def test_what_a_text_has_is_never_left_out(before: str, said: str, after: str) -> None:
    words = Vocabulary(before + said + after)
    assert words.may_have(said)
    assert Vocabulary((before + said + after).upper()).may_have_lowered(said.upper().lower())


def test_what_a_text_lacks_is_not_looked_for() -> None:
    words = Vocabulary("step 17 of 4000: loss 0.25\nstep 18 of 4000: loss 0.24\n")
    assert words.may_have("step 9 of")
    assert not words.may_have("steps")
    assert not words.may_have("Loss")
    assert not words.may_have("loss is nan")


COMPLAINTS = st.sampled_from(
    ["ValueError: x", "  torch.OutOfMemoryError", "fatal: no", "it is REQUIRED", "is required", "Unsupported",
     "does not support", "can't do", "not a valid", "version too new", "Failed", "requires", "unable to", "all well",
     "step 7", "a mismatch", "Warning", "SystemExit", "İs required", "could not"]
)  # fmt: skip


@given(lines=st.lists(st.one_of(COMPLAINTS, TEXT), max_size=8))
def test_every_line_that_complains_is_found_by_its_words(lines: list[str]) -> None:
    text = Lines("\n".join(lines))
    found = text.with_any(naming.COMPLAINING)
    for number, line in enumerate(text.lines):
        if naming.COMPLAINS.search(bare(line)):
            assert number in found


def test_lines_that_were_left_out_count_where_the_mark_is_a_line() -> None:
    mark = "[… 7 lines left out …]"
    assert LEFT_OUT.fullmatch(mark)
    text = Lines(f"a\n{mark}\nb\nc says {mark}\nd")
    assert [text.numbered(number) for number in (0, 2, 3, 4)] == [1, 8, 9, 10]
