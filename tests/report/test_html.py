"""The HTML report: nothing of a manifest becomes markup, and a real browser can use it."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envsnap as library
from tests import examples
from tests.conftest import Run
from tests.golden import hosts
from tests.report.browser import Browser
from tests.report.test_sanitize import HOSTILE, render
from tests.report.test_side_by_side import host

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "div", "span", "strong", "form",
    "fieldset", "legend", "label", "input", "select", "option", "button", "output", "p",
    "details", "summary", "code", "del", "ins", "dl", "dt", "dd", "a", "table", "thead",
    "tbody", "tr", "th", "td", "script",
}  # fmt: skip


class Outline(html.parser.HTMLParser):
    """Every element with its attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in self.raw:
            self.raw[self._open].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Names only: what the text of a manifest must not be able to change."""
        return [(name, tuple(sorted(attributes))) for name, attributes in self.elements]


@given(text=st.text(max_size=40) | st.sampled_from(HOSTILE))
def test_no_text_becomes_markup(text: str) -> None:
    outline = Outline(render(text, "html"))
    assert {name for name, _ in outline.elements} <= ALLOWED
    for name, attributes in outline.elements:
        assert not [key for key in attributes if key.startswith("on") or key in ("style", "src")]
        assert "href" not in attributes or attributes["href"].startswith("https://"), name
    assert [name for name, _ in outline.elements].count("script") == 1
    assert len(outline.raw["script"]) == 1
    assert outline.raw == Outline(render("harmless", "html")).raw


@pytest.mark.parametrize("text", ["</script><script>x</script>", '"><img src=x onerror=y>', "<b>"])
def test_markup_in_a_value_leaves_the_page_as_it_is(text: str) -> None:
    assert Outline(render(text, "html")).shape() == Outline(render("/".join("a"), "html")).shape()


def test_it_names_its_style_and_its_script_and_allows_nothing_else(envsnap: Run) -> None:
    text = envsnap("diff", "dev.json", "prod.json", "--format", "html", cwd=GOLDEN).stdout
    outline = Outline(text)
    (policy,) = [
        attributes["content"]
        for name, attributes in outline.elements
        if name == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    for kind in ("script", "style"):
        (part,) = outline.raw[kind]
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"url\(|@import|<link|<img|<iframe", text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, envsnap: Run, tmp_path: Path) -> Browser:
    """The golden pair's report, opened from the disk."""
    done = envsnap("diff", "dev.json", "prod.json", "--format", "html", cwd=GOLDEN)
    return opened(browser, tmp_path, done.stdout)


def opened(browser: Browser, folder: Path, text: str) -> Browser:
    path = folder / "report.html"
    path.write_text(text)
    browser.problems.clear()
    browser.open(path)
    return browser


def visible(page: Browser) -> list[str]:
    """The paths of the findings that a reader sees, in order."""
    seen = page.value(
        "[...document.querySelectorAll('.finding')].filter((e) => e.checkVisibility())"
        ".map((e) => e.querySelector('summary code').textContent)"
    )
    assert isinstance(seen, list)
    return seen


def test_it_works_from_the_disk_and_asks_for_nothing(page: Browser) -> None:
    assert len(visible(page)) == 9
    assert page.problems == []
    assert [address for address in page.requests if not address.endswith("/report.html")] == []


def test_severities_can_be_clicked_away(page: Browser) -> None:
    page.click("input[value=warning]")
    assert visible(page) == [
        'weights["model.pt"].sha256',
        "configs.app.logging.level",
        "configs.app.logging.path",
    ]
    page.click(".chip.info")
    assert visible(page) == ['weights["model.pt"].sha256']
    assert page.value("document.querySelector('#shown').textContent") == "1 of 9 findings shown"
    page.click("input[value=error]")
    assert visible(page) == []
    assert page.value("document.querySelector('#nothing').checkVisibility()") is True
    page.click("input[value=warning]")
    assert len(visible(page)) == 6
    assert page.value("document.querySelector('#nothing').checkVisibility()") is False


def test_a_section_can_be_chosen_from_the_keyboard(page: Browser) -> None:
    page.value("document.querySelector('#section').focus()")
    for letter in "fram":
        page.press(letter, f"Key{letter.upper()}", ord(letter.upper()), letter)
    assert visible(page) == ["frameworks.torch.cuda", "frameworks.torch.version"]


def test_words_can_be_searched_from_the_keyboard(page: Browser) -> None:
    page.press("/", "Slash", 191, "/")
    page.type("TORCH 1.12")
    assert visible(page) == ["frameworks.torch.version"]
    page.press("Escape", "Escape", 27)
    assert len(visible(page)) == 9


def test_details_open_one_by_one_and_together(page: Browser) -> None:
    shown = (
        "[...document.querySelectorAll('.finding .body')].filter((e) => e.checkVisibility()).length"
    )
    assert page.value(shown) == 3
    page.click(".finding:nth-child(5) summary")
    assert page.value(shown) == 4
    page.click("#toggle")
    assert page.value(shown) == 9
    page.click("#toggle")
    assert page.value(shown) == 0
    page.value("document.querySelector('.finding summary').focus()")
    page.press("Enter", "Enter", 13, "\r")
    assert page.value(shown) == 1


def test_many_details_that_open_at_once_are_looked_at_once(page: Browser) -> None:
    """Once a frame, not once a finding: 5,000 findings took 15 s.

    The browser spreads the events of a click over as many frames as it likes, so the events are
    sent here, all in one task.
    """
    frames = "new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(() => f(1))))"
    page.click("#toggle")
    assert page.value("document.querySelectorAll('.finding details').length") == 9
    page.value("new Promise((f) => setTimeout(() => f(1), 300))")
    page.value(frames)
    assert page.value("document.querySelector('#toggle').textContent") == "Close all"
    sent = """
        window.looks = 0;
        const every = Array.prototype.every;
        Array.prototype.every = function (...a) { window.looks += 1; return every.apply(this, a); };
        for (const fold of document.querySelectorAll(".finding details"))
          fold.dispatchEvent(new Event("toggle"));
    """
    page.value(f"(() => {{ {sent} }})()")
    page.value(frames)
    assert page.value("window.looks") == 1


def test_filters_reach_the_table_of_several_hosts(
    browser: Browser, envsnap: Run, tmp_path: Path
) -> None:
    for name in ("dev", "ci-1", "ci-3"):
        library.save(host(name), str(tmp_path / f"{name}.json"))
    done = envsnap("diff", "dev.json", "ci-1.json", "ci-3.json", "--format", "html")
    page = opened(browser, tmp_path, done.stdout)
    rows = (
        "[...document.querySelectorAll('tbody tr')].filter((e) => e.checkVisibility())"
        ".map((e) => e.querySelector('th code').textContent)"
    )
    everything = page.value(rows)
    assert everything[:2] == ["driver.version", "gpus[0].mig"]
    assert page.value("document.querySelector('tbody .odd').textContent") == "580.95.05"
    page.click("input[value=info]")
    assert page.value(rows) == [
        "driver.version", "gpus[0].mig", "identity.hostname", "identity.gpus[0].uuid",
    ]  # fmt: skip
    assert set(visible(page)) == {"driver.version", "gpus[0].mig"}


def test_a_check_shows_what_is_wrong_at_once(
    browser: Browser, envsnap: Run, tmp_path: Path
) -> None:
    facts = {
        "driver": {"version": "450.51.06"},
        "frameworks": {"entries": {"torch": {"version": "2.6.0", "cuda": "12.4"}}},
    }
    made = examples.manifest(facts, gaps={"driver": {"libcuda": "no permission"}})
    library.save(made, str(tmp_path / "it.json"))
    page = opened(browser, tmp_path, envsnap("check", "it.json", "--format", "html").stdout)
    shown = page.value("document.body.innerText")
    assert "driver 450.51.06 is too old for torch" in shown
    assert "Update the driver to 550.54.14" in shown
    assert "Not known: 1" in shown
    assert page.problems == []


def test_every_word_can_be_read_in_light_and_dark(page: Browser, tmp_path: Path) -> None:
    """Contrast of text and ground at least 4.5, as WCAG asks for."""
    contrast = """(() => {
      const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const ground = (e) => { for (; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
      const texts = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() &&
        [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
      return Math.min(...texts.map((e) => {
        const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
    })()"""
    pictures = set()
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme)
        assert page.value(contrast) >= 4.5, scheme
        pictures.add(page.picture(tmp_path / f"{scheme}.png"))
    page.media()
    assert len(pictures) == 2


def test_it_fits_a_narrow_window_and_paper(page: Browser, tmp_path: Path) -> None:
    page.open(tmp_path / "report.html", width=380)
    assert page.value("document.documentElement.scrollWidth") <= 380
    rightmost = "Math.max(...[...document.querySelectorAll('.finding *')].map((e) => e.getBoundingClientRect().right))"
    assert page.value(rightmost) <= 380
    assert page.paper().startswith(b"%PDF")
    assert page.value("document.querySelectorAll('.finding details[open]').length") == 3


def test_hostile_values_stay_text_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    for text in ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>"):
        page = opened(browser, tmp_path, render(text, "html"))
        assert page.problems == []
        assert page.value("document.querySelectorAll('img').length") == 0
        assert page.value(f"document.body.textContent.includes({text!r})") is True


def test_the_page_s_own_policy_stops_a_foreign_script(browser: Browser, tmp_path: Path) -> None:
    text = render("x", "html").replace("</body>", "<script>document.title='no'</script></body>")
    page = opened(browser, tmp_path, text)
    assert page.value("document.title") != "no"
    assert any("Content Security Policy" in problem for problem in page.problems)
