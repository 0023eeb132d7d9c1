"""The texts that a user can see: the golden list, the pages that errors name, plain sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envsnap.cli import help_pages
from tests.conftest import Run
from tools import texts

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Written by hand, for people: what their prose keeps to. References have their own form.
PAGES = [
    ROOT / "README.md",
    *(path for path in sorted(DOCS.glob("*.md")) if path.name not in ("esr.md", "python.md")),
    *sorted((DOCS / "tutorials").glob("*.md")),
]
WORDS_PER_SENTENCE = 20
LONGEST_SENTENCE = 30
SENTENCES = 10  # fewer decide nothing


def test_texts_of_every_kind_are_in_the_list() -> None:
    """`tests/architecture` holds the list in step; this holds that nothing is passed over."""
    listed = (Path(__file__).parent / "texts.txt").read_text()
    for kind, text in {
        "help of an option": "Stop gathering facts after this many seconds.",
        "help of a command": "Say what is wrong with one environment by itself.",
        "a rule's page": "Shared memory has the 64 MiB that container engines give by default.",
        "a finding": "shared memory (/dev/shm) has ",
        "why": "Data loaders, NCCL and vLLM exchange data there; when it is full, they die.",
        "an error": "does not match its digest",
        "a gap": "not asked: captured without importing frameworks",
        "a field": "Size of /dev/shm in bytes.",
        "a table": "Update the driver, or install a torch for an older CUDA.",
        "a verdict": "Same: all differences are within rounding",
    }.items():
        assert text in listed, kind


def test_what_is_put_together_is_one_text() -> None:
    assert "{} {}: no such file" in texts.every()["api/environments.py"]


@pytest.mark.parametrize("text", ["SELECT a FROM b", r"^\d+ words$", "packages", "a b", "--help"])
def test_what_is_no_text_is_left_out(text: str) -> None:
    assert not texts.is_text(text)


def test_figures_count_words_sentences_and_syllables() -> None:
    figures = texts.figures(["One two three. Four five `code`.", "Seven eight"])
    assert figures["words"] == 8
    assert figures["longest sentence"] == 3
    assert [texts.syllables(word) for word in ("file", "table", "environment")] == [1, 2, 4]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_keep_to_short_sentences(path: Path) -> None:
    told = texts.sentences(texts.prose(path.read_text()))
    if len(told) >= SENTENCES:
        assert sum(map(len, told)) / len(told) <= WORDS_PER_SENTENCE


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_of_a_page_is_long(path: Path) -> None:
    """A list after a colon begins anew: its items are no part of the sentence."""
    text = re.sub(r":\s*\n", ".\n\n", texts.prose(path.read_text()))
    long = [" ".join(words) for words in texts.sentences(text) if len(words) > LONGEST_SENTENCE]
    assert not long


def test_every_page_that_an_error_names_is_there() -> None:
    headings = re.findall(r"^## (.+)$", help_pages.page(), re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }
    listed = (Path(__file__).parent / "texts.txt").read_text()
    assert len(set(help_pages.SECTIONS.values())) >= 14
    for part, section in help_pages.SECTIONS.items():
        assert section in anchors, section
        told = help_pages.section(section)
        assert told, section
        assert "](" not in told, section
        assert part in listed, part


def frequent(folder: Path) -> dict[str, tuple[str, ...]]:
    """Of each section that a command can be sent to here, without an index, a command that is sent there."""
    golden = (ROOT / "tests/golden/dev-prod/dev.json").read_text()
    for name, text in {
        "dev.json": golden,
        "junk.txt": "words of no kind\n",
        "altered.json": golden.replace("3.9.16", "3.9.15"),
        "newer.json": re.sub(r'"schema_version": *\d+', '"schema_version": 99', golden, count=1),
        "one/app.yaml": "a: 1\n",
        "two/app.yaml": "a: 2\n",
        "requirements.txt": "numpy==2.2.6\n",
        "mute": "#!/bin/sh\nexec sleep 60\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "mute").chmod(0o755)
    configs = ("--config", "one/app.yaml", "--config", "two/app.yaml")
    return {
        "not-a-manifest": ("check", "junk.txt"),
        "no-such-file": ("check", "absent.json"),
        "does-not-match-its-digest": ("check", "altered.json"),
        "schema-version-is-newer": ("check", "newer.json"),
        "two-files-of-one-name": ("capture", *configs),
        "the-target-cannot-be-reached": ("capture", "--python", "./mute", "--deadline", "1"),
        "no-docker-engine-answers": ("capture", "--container", "some"),
        "is-not-what-was-captured": ("dockerfile", "dev.json", "--config", "app=one/app.yaml"),
        "the-manifest-does-not-say-enough": ("dockerfile", "requirements.txt"),
        "no-dashes-before-the-command": ("bisect", "dev.json", "dev.json", "true"),
    }


def test_ten_frequent_errors_say_where_to_read_on(envsnap: Run, tmp_path: Path) -> None:
    commands = frequent(tmp_path)
    assert len(commands) == 10
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/nowhere.sock"}
    for section, words in commands.items():
        done = envsnap(*words, env=nowhere)
        assert done.returncode in (2, 3), done.stderr
        assert done.stderr.rstrip().endswith(f"(more: `envsnap explain {section}`)"), section
        told = envsnap("explain", section)
        assert told.returncode == 0
        assert told.stdout.partition("\n")[0].lower() == section.replace("-", " "), (
            "it is there after an install"
        )
        assert "](" not in told.stdout


def test_a_frequent_error_says_where_to_read_on(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "junk.txt").write_text("words of no kind\n")
    done = envsnap("check", "junk.txt")
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith("(more: `envsnap explain not-a-manifest`)")
    assert done.stderr.count("\n") == 1
    assert "envsnap explain" not in envsnap("check", "absent.json", "--color", "red").stderr
