"""Text from manifests has no power over a terminal, Markdown or JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given
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

    reference, other = made("1"), made("2")
    judged = Judged(side=side(text, other), result=api.diff(reference, other))  # type: ignore[arg-type]
    return Report(reference=side(text, reference), judged=(judged,))  # type: ignore[arg-type]


def render(text: str, style: str) -> str:
    """One format, without colours."""
    return formats.render(report(text), style, color=False, width=80, ascii_only=False)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("style", formats.NAMES)
def test_nothing_that_a_terminal_obeys_is_printed(text: str, style: str) -> None:
    shown = render(text, style)
    bad = [
        c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")
    ]
    assert bad == []


@given(text=st.text(max_size=40))
@example(text="\x7f")  # ASCII and a control character: JSON need not escape it
def test_any_text_can_be_shown(text: str) -> None:
    for style in formats.NAMES:
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


@pytest.mark.parametrize("text", ["::add-mask::x", "##[error]x", "a ::stop-commands::x", "::" * 90])
@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_a_terminal_s_line_is_no_command_to_a_ci_runner(text: str, width: int) -> None:
    for ascii_only in (True, False):
        found = report(text)
        shown = formats.render(found, "terminal", color=False, width=width, ascii_only=ascii_only)
        assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
        assert "##[" not in shown


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

    for line in shown.splitlines():  # a word stays in one piece: a symbol is there to be copied
        assert cell_len(line) <= min(width, 120) or len(line.split()) <= 2, line


def test_ascii_only() -> None:
    shown = formats.render(report("x"), "terminal", color=False, width=80, ascii_only=True)
    assert shown.isascii()


def test_a_narrow_terminal_shows_the_values() -> None:
    reference = examples.manifest({"python": {"version": "3.9.16"}})
    other = examples.manifest({"python": {"version": "3.8.10"}})
    judged = Judged(side=side("prod.json", other), result=api.diff(reference, other))
    shown = formats.render(
        Report(reference=side("dev.json", reference), judged=(judged,)),
        "terminal", color=False, width=40, ascii_only=True,
    )  # fmt: skip
    assert "1 warning python.version: 3.9.16 ->" in shown
    assert "3.8.10" in shown


def test_many_findings_of_one_kind_are_explained_once() -> None:
    def made(version: str) -> object:
        names = [f"nvidia-thing-{index}" for index in range(40)]
        return examples.manifest(
            {"packages": {"entries": {name: {"version": version} for name in names}}}
        )

    reference, other = made("1.0"), made("2.0")
    judged = Judged(side=side("b", other), result=api.diff(reference, other))  # type: ignore[arg-type]
    shown = formats.render(
        Report(reference=side("a", reference), judged=(judged,)),  # type: ignore[arg-type]
        "terminal", color=False, width=80, ascii_only=False,
    )  # fmt: skip
    assert shown.count("Fix:") <= 40
    assert len(shown.splitlines()) < 120


@pytest.mark.parametrize("style", ["terminal", "markdown", "html", "json", "sarif", "github"])
def test_no_format_starts_a_command_of_a_runner(style: str) -> None:
    """Azure and older runners of GitHub look for ##[ anywhere, newer ones for :: at a line's start."""
    from envsnap import api
    from envsnap.report import formats
    from envsnap.report.document import Judged, Report, side
    from tests import examples

    evil = "::error::owned\n::add-mask::x\r##[set-env name=A]x ##vso[task.setvariable variable=a]b"
    one = examples.manifest(
        {"env_vars": {"entries": {"OMP_NUM_THREADS": evil}}, "system": {"os": evil}}, label=evil
    )
    two = examples.manifest(
        {"env_vars": {"entries": {"OMP_NUM_THREADS": "4"}}, "system": {"os": "x"}},
        label="::warning::",
    )
    result = api.diff(one, two)
    judged = Judged(
        side=side("a.json", two), result=result, text=b"{}" if style in formats.IN_FILES else None
    )
    report = Report(reference=side("b.json", one), judged=(judged,))
    text = formats.render(report, style, color=False, width=None, ascii_only=True)
    assert "##[" not in text
    assert "##vso[" not in text
    own = (
        "::error title",
        "::warning title",
        "::notice title",
        "::error file",
        "::warning file",
        "::notice file",
    )
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith("::") and not line.startswith(own)] == []
