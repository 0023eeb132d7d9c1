"""The site: built strictly, every page can be reached, and nothing is loaded from elsewhere."""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from envsnap import errors
from envsnap.cli import main
from tests.conftest import lacking
from tools import site
from tools.command_pages import every_command
from tools.list_pages import EXIT_CODES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
LONGEST_README = 150


class Loads(html.parser.HTMLParser):
    """Addresses that a browser asks for by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.found.append(named.get("src") or "")
        if tag == "link" and named.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(named.get("href") or "")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly."""
    if subprocess.run(
        [sys.executable, "-c", "import mkdocs, material, mkdocstrings"],
        check=False,
        capture_output=True,
    ).returncode:
        lacking("mkdocs is not installed (the extra is called docs)")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_every_page_is_in_the_navigation(built: Path) -> None:
    home = (built / "index.html").read_text()
    for page in site.pages():
        address = page.replace("README.md", "index.md").removesuffix(".md") + ".html"
        assert f'href="{address}"' in home, page


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    for page in built.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text())
        assert loads.found, page
        assert [url for url in loads.found if re.match(r"(https?:)?//", url)] == [], page
    for sheet in built.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", sheet.read_text()), sheet


def test_the_functions_of_the_package_are_documented(built: Path) -> None:
    import envsnap

    page = (built / "python.html").read_text()
    for name in envsnap.__all__:
        if name != "__version__":
            assert re.search(rf'id="envsnap\.[\w.]*{name}"', page), name


def test_links_between_pages_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        for target, _ in LINK.findall(path.read_text()):
            if not re.match(r"[a-z]+:", target):
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}"


def test_a_numbered_list_goes_on_behind_a_block_of_code() -> None:
    # Markdown for the site asks for four blanks; with three, each step is number 1.
    for page in sorted(DOCS.rglob("*.md")):
        assert not re.search(r"^ {1,3}```", page.read_text(), re.MULTILINE), page


def test_a_page_that_the_navigation_does_not_name_is_added() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    found = site.with_the_rest(nav, ["index.md", "recipes/new.md", "rules/new.md"])
    sections = {next(iter(item)): item for item in found if isinstance(item, dict)}
    assert sections["How to"]["How to"][-1] == "recipes/new.md"
    assert sections["Reference"]["Reference"][-1] == {"Rules, one by one": ["rules/new.md"]}


def test_the_readme_is_one_screen_of_facts() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= LONGEST_README
    assert max(map(len, lines)) <= 170


def test_every_option_is_on_the_page_of_commands() -> None:
    page = (DOCS / "commands.md").read_text()
    for context, command in every_command():
        section = page.split(f"## `{context.command_path}`\n", 1)[1].split("\n## ", 1)[0]
        for option in command.params:
            for name in option.opts:
                if name.startswith("--"):
                    assert name in section, f"{context.command_path} {name}"


def test_every_exit_code_is_explained() -> None:
    kinds = [errors.EnvsnapError, *errors.EnvsnapError.__subclasses__()]
    known = {kind.exit_code for kind in kinds if isinstance(getattr(kind, "exit_code", None), int)}
    known |= {main.USAGE, main.INTERNAL_ERROR, main.INTERRUPTED, main.PIPE_CLOSED}
    assert known <= set(map(int, EXIT_CODES))
    page = (DOCS / "exit-codes.md").read_text()
    for code in known:
        assert f"| {code} | " in page


def commands_of(text: str) -> list[str]:
    """Every `envsnap COMMAND …` of a page's blocks and code spans, continued lines joined."""
    text = text.replace("\\\n", " ").replace("…", " ")
    spans = re.findall(r"(?<!`)`(envsnap [^`\n]+(?:\n[^`\n]+)?)`(?!`)", text)
    lines = re.findall(r"(?:^|\s|&& |\| )(envsnap [a-z].*)$", text, re.MULTILINE)
    return [" ".join(found.split()) for found in (*spans, *lines)]


def test_no_page_names_an_option_that_is_not_there() -> None:
    known = {
        context.command_path: {
            name for option in command.params for name in (*option.opts, *option.secondary_opts)
        }
        | {"--help"}
        for context, command in every_command()
    }
    seen = 0
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        for line in commands_of(path.read_text()):
            words = line.split(" -- ")[0].split("#")[0].split("|")[0].split(" > ")[0]
            for one in re.split(r"&&|;", words):
                found = re.match(
                    r"\s*(envsnap [a-z]+(?: (?:capture|diff|add|history|export)\b)?)", one
                )
                if found is None or "envsnap" not in one:
                    continue
                name = found[1] if found[1] in known else " ".join(found[1].split()[:2])
                if name not in known:
                    continue  # prose that goes on after the name of the program
                for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", one):
                    assert option in known[name] or option == "-h", (
                        f"{path.relative_to(ROOT)}: {name} has no {option}: {one.strip()}"
                    )
                    seen += 1
    assert seen > 100
