"""The HTML verdict: nothing of a recording becomes markup, and a phone can show it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from envsnap.replay.compare.verdict import Layer, Rung, Side, Verdict
from envsnap.report import verdict_formats
from tests.report.browser import Browser
from tests.report.test_html import ALLOWED, Outline
from tests.report.test_sanitize import HOSTILE

LONG = "packages.a-very-long-name-of-a-distribution.version" * 3


def verdict(text: str, layers: int = 3) -> Verdict:
    """A verdict in which every text is the given one."""
    side = Side(name=text, label=None, framework=text, layers=layers, kept=True, notes=(text,))
    made = [
        Layer(
            name=f"{text}.{place}", nth=0, type=text, alone=True, why=text,
            judgement="fault" if place == layers // 2 else "equal", ratio=2e6, difference=1e-3,
        )
        for place in range(layers)
    ]  # fmt: skip
    names = "environment", "contract", "inputs", "weights", "structure", "layers", "outputs"
    states = "differs", "same", "diverged", "unknown", "noise", "diverged", "undecided"
    return Verdict(
        verdict_version=1, envsnap_version="0", outcome="diverged", bits=False, golden=side,
        other=side, first=made[layers // 2], place="", layers=tuple(made), cause=text, fix=text,
        not_the_cause=(text, text),
        rungs=tuple(
            Rung(name=name, state=state, summary=text, details=(text, text) if place % 2 else ())
            for place, (name, state) in enumerate(zip(names, states, strict=True))
        ),
    )  # fmt: skip


def render(text: str, layers: int = 3) -> str:
    return verdict_formats.render(
        verdict(text, layers), "html", color=False, width=None, ascii_only=False
    )


@given(text=st.text(min_size=1, max_size=40) | st.sampled_from(HOSTILE))
def test_no_text_becomes_markup(text: str) -> None:
    outline, plain = Outline(render(text)), Outline(render("harmless"))
    assert {name for name, _ in outline.elements} <= ALLOWED - {"script"} | {"ul", "li"}
    assert outline.shape() == plain.shape()
    assert outline.raw == plain.raw


def test_only_its_own_style_is_allowed() -> None:
    outline = Outline(render("x"))
    (policy,) = [
        attributes["content"]
        for name, attributes in outline.elements
        if name == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = hashlib.sha256("".join(outline.raw["style"]).encode()).digest()
    assert f"style-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert outline.raw["script"] == []


def test_the_answer_stands_above_the_layers() -> None:
    text = re.sub(r"<[^>]*>", "", render("the answer", 400).partition("<body>")[2])
    assert text.index("Diverged: the answer") < text.index("steps") < text.index("all 400 layers")


def test_a_phone_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "it.html"
    path.write_text(render(LONG, 200))
    with Browser() as browser:
        for width in (360, 1200):
            browser.open(path, width=width, height=800)
            assert browser.value("document.documentElement.scrollWidth") <= width
            assert browser.value("document.querySelector('h1').getBoundingClientRect().top") < 60
        assert browser.requests == [path.as_uri()]
        assert browser.problems == []
        light = browser.value("getComputedStyle(document.body).backgroundColor")
        browser.media(prefers_color_scheme="dark")
        assert browser.value("getComputedStyle(document.body).backgroundColor") != light
        size = float(browser.value("getComputedStyle(document.body).fontSize").removesuffix("px"))
        assert size >= 15
