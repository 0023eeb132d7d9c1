"""Text from manifests has no power over a terminal, Markdown or JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap import api
from envsnap.report import formats, sanitize
from envsnap.report.document import Judged, Report, side
from envsnap.rules.finding import Severity
from tests import examples

HOSTILE = (
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b[2J",
    "\x9b31m",
    "[/foo]",
    "[link=file:///etc/passwd]x[/link]",
    "<script>alert(1)</script>",
    "| a | b |",
    "`code` ``more``",
    "![x](http://evil.example/p.png)",
    "@everyone",
    "a\nb",
    "a\rb",
    "\u202egnp.exe",
    "\u2028",
    "::set-output name=x::y",
    "\x00",
    "\u200b",
)


def report(text: str) -> Report:
    """A report in which a hostile text stands wherever a manifest's text can stand."""

    def made(extra: str) -> object:
        return examples.manifest(
            {
                "python": {"version": text + extra, "implementation": text},
                "packages": {"entries": {text or "x": {"version": text + extra}}},
                "env_vars": {"entries": {"TORCH_X": text + extra, text or "y": extra}},
                "configs": {
                    "entries": {text or "c": {"tree": {text or "k": extra}, "sha256": extra}}
                },
                "system": {"os": text + extra},
                "driver": {"version": text + extra},
                "tools": {"entries": {text or "t": {"version": text + extra}}},
            },
            label=text,
            gaps={"gpus": {}, "seeds": {"rng.random": text}},
        )

    left, right = made("1"), made("2")
    judged = Judged(side=side(text, right), result=api.diff(left, right))  # type: ignore[arg-type]
    return Report(reference=side(text, left), judged=(judged,))  # type: ignore[arg-type]


def render(text: str, style: str) -> str:
    """One format, without colours."""
    return formats.render(report(text), style, color=False, width=80, ascii_only=False)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("style", ["terminal", "markdown", "json"])
def test_nothing_that_a_terminal_obeys_is_printed(text: str, style: str) -> None:
    shown = render(text, style)
    bad = [
        c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")
    ]
    assert bad == []


@given(text=st.text(max_size=40))
def test_any_text_can_be_shown(text: str) -> None:
    for style in ("terminal", "markdown", "json"):
        shown = render(text, style)
        assert not [c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Zl", "Zp")]
    assert json.loads(render(text, "json"))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_rows_keep_their_cells(text: str) -> None:
    import re

    rows = [line for line in render(text, "markdown").splitlines() if line.startswith("| ")]
    counts = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert counts == {6}


def test_markup_is_literal() -> None:
    assert "[/foo]" in render("[/foo]", "terminal")
    shown = render("<script>x</script> ![i](u) @team", "markdown")
    prose = "".join(part for index, part in enumerate(shown.split("`")) if index % 2 == 0)
    assert "<script>" not in prose.replace("\\<script\\>", "")


def test_code_spans_hold_backticks() -> None:
    assert sanitize.markdown("a`b") == "``a`b``"
    assert sanitize.markdown("`") == "`` ` ``"
    assert sanitize.markdown("a|b") == "`a\\|b`"


def test_worst_of_several() -> None:
    found = report("x")
    assert found.worst() is Severity.WARNING


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_report_keeps_its_width(width: int) -> None:
    long = "a" * 300
    shown = formats.render(report(long), "terminal", color=False, width=width, ascii_only=False)
    from rich.cells import cell_len

    assert max(cell_len(line) for line in shown.splitlines()) <= min(width, 120)


def test_ascii_only() -> None:
    shown = formats.render(report("x"), "terminal", color=False, width=80, ascii_only=True)
    assert shown.isascii()
