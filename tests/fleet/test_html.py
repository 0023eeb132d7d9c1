"""The page of a fleet in a real browser: 100,000 hosts, searched, and no markup from outside."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from envsnap.fleet.kinds import Noise
from envsnap.fleet.verdict import Cohort, KindVerdict, Silent, Verdict
from envsnap.report import fleet as formats
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from tests.report.browser import Browser
from tests.report.test_html import Outline
from tests.report.test_sanitize import HOSTILE

HOSTS = 100_000
LARGEST = 4 << 20


def finding(text: str, severity: Severity) -> Finding:
    return Finding(
        rule="gpu-model", severity=severity, effect=Effect.CRASH, confidence=Confidence.CERTAIN,
        path=("gpus",), message=text, why=text, fix=text,
    )  # fmt: skip


def verdict(text: str, hosts: int = 12) -> Verdict:
    """A verdict in which every text from outside is the given one."""
    names = [f"node{number:06d}" for number in range(hosts)]
    odd = {number for number in range(hosts) if number % 997 == 5}
    same = tuple(name for number, name in enumerate(names) if number not in odd)
    drifted = tuple(names[number] for number in sorted(odd))
    kinds = (
        KindVerdict(
            name="hw-123456/sw-abcdef", state="same", hosts=same, cohort=text, is_reference=True
        ),
        KindVerdict(
            name="hw-654321/sw-abcdef", state="drifted", hosts=drifted, cohort=text,
            findings=(finding(text, Severity.ERROR), finding(text, Severity.WARNING)),
            unknown={("gpus", text): text},
        ),
    )  # fmt: skip
    silent = (
        Silent(state="unknown", reason=text, hosts=("silent1", text)),
        Silent(state="missing", reason="in the inventory, and silent", hosts=("gone7",)),
    )
    return Verdict(
        states={"same": len(same), "drifted": len(drifted), "unknown": 2, "missing": 1},
        cohorts=(Cohort(name=text, hosts=hosts, reference=text),),
        kinds=kinds,
        silent=silent,
        noise=(Noise(path=("env_vars", text), values=hosts, hosts=hosts),),
    )


@given(text=st.text(min_size=1, max_size=40) | st.sampled_from(HOSTILE))
def test_no_text_becomes_markup(text: str) -> None:
    outline = Outline(formats.render(verdict(text), "html"))
    plain = Outline(formats.render(verdict("harmless"), "html"))
    assert outline.shape() == plain.shape()
    assert outline.raw == plain.raw


def shown(browser: Browser, search: str, state: str = "") -> int:
    """How many groups a search leaves."""
    return int(
        browser.value(
            f"(() => {{ const s = document.getElementById('search'); s.value = {search!r};"
            f" document.getElementById('state').value = {state!r};"
            " s.dispatchEvent(new Event('input'));"
            " return document.querySelectorAll('.finding[data-state]:not([hidden])').length; })()"
        )
    )


def test_a_hundred_thousand_hosts(tmp_path: Path) -> None:
    path = tmp_path / "fleet.html"
    path.write_text(formats.render(verdict("8 GPUs -> 7", HOSTS), "html"))
    assert path.stat().st_size < LARGEST
    with Browser() as browser:
        browser.open(path)
        assert (browser.problems, browser.requests[1:]) == ([], [])
        assert shown(browser, "") == 4
        assert shown(browser, "node000005") == 1  # drifted, and in no other set
        assert shown(browser, "node099999") == 1
        assert shown(browser, "node100000") == 0
        assert shown(browser, "node5") == 0  # other digits are another host
        assert shown(browser, "GPUs") == 3
        assert shown(browser, "", "missing") == 1
        assert shown(browser, "gone7", "missing") == 1
        assert shown(browser, "gone7", "same") == 0
        picture = browser.picture(tmp_path / "fleet.png", whole=False)
        assert picture.startswith(b"\x89PNG")
