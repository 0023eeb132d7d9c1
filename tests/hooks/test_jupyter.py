"""Jupyter: a real kernel runs a notebook; what it shows is HTML that nobody breaks out of."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from envsnap import api
from envsnap.hooks import jupyter
from tests import examples
from tests.golden import hosts
from tests.hooks.conftest import Program, require
from tests.report.test_sanitize import HOSTILE

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
RECORDING = Path(__file__).parents[1] / "archive" / "recordings" / "v1.esr"
TAGS = {"div", "table", "tr", "td", "th", "b", "code", "span", "small", "br", "p"}


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert {name for name, _ in attrs} <= {"style", "class"}

    def handle_data(self, data: str) -> None:
        self.words += data


def shown(record: object) -> Tags:
    return Tags(record._repr_html_())  # type: ignore[attr-defined]


def test_a_manifest_shows_what_people_ask_for_first() -> None:
    page = shown(hosts.prod())
    for words in ("prod", "3.8.10", "torch 1.12.0+cu113", "470.182.03", "Tesla T4", "Ubuntu 20.04"):
        assert words in page.words


def test_a_result_shows_its_findings_with_both_sides() -> None:
    page = shown(api.diff(hosts.dev(), hosts.prod()))
    assert page.words.startswith("1 error, 6 warnings, 2 info; 31 facts compared")
    assert page.names.count("tr") == 10
    assert "python.version3.9.163.8.10" in page.words
    assert "Fix: Use Python 3.9.16." in page.words
    assert "nothing wrong found" in shown(api.check(hosts.dev())).words


def test_a_long_result_says_how_much_is_left() -> None:
    versions = {f"p{number}": f"{number}.0" for number in range(30)}
    others = {name: f"1{version}" for name, version in versions.items()}
    result = api.diff(
        examples.manifest({"packages": examples.packages(**versions)}),
        examples.manifest({"packages": examples.packages(**others)}),
    )
    assert "… and 10 more" in shown(result).words


def test_a_verdict_shows_where_runs_part() -> None:
    golden = api.load_recording(str(RECORDING))
    page = shown(api.compare(golden, golden))
    assert page.words.startswith("Same:")


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_a_manifest_are_no_markup(text: str) -> None:
    def made(extra: str) -> object:
        return examples.manifest(
            {
                "python": {"version": text + extra},
                "packages": {"entries": {text or "x": {"version": text + extra}}},
                "tools": {"entries": {text or "t": {"version": text + extra}}},
                "gpus": {"entries": {"0": {"name": text + extra}}},
                "system": {"os": text + extra},
            },
            label=text,
        )

    one, two = made("1"), made("2")
    for record in (one, api.diff(one, two)):  # type: ignore[arg-type]
        page = shown(record)
        assert set(page.names) <= TAGS
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in page.words)


def notebook(*cells: str) -> dict[str, object]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }


def test_a_real_kernel_shows_tables(tmp_path: Path) -> None:
    require("ipykernel", "nbconvert")
    dev = GOLDEN / "dev.json"
    cells = notebook(
        "import envsnap",
        f"envsnap.load({str(dev)!r})",
        "%load_ext envsnap",
        f"%envsnap diff {dev} {GOLDEN / 'prod.json'}",
        f"%envsnap diff {dev}",
        "%envsnap save here.json",
        "%envsnap check here.json",
    )
    (tmp_path / "it.ipynb").write_text(json.dumps(cells))
    convert = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--output",
        "out",
    ]
    done = subprocess.run(
        [*convert, "it.ipynb"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    outputs = [
        cell["outputs"] for cell in json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    ]
    assert outputs[0] == []
    assert outputs[2] == []
    pages = ["".join(out[0]["data"]["text/html"]) for out in outputs if out]
    assert "Tesla T4" in pages[0]
    assert "31 facts compared" in pages[1]
    assert "470.182.03" not in pages[2]  # this kernel is the other side
    assert "facts compared" in pages[2]
    assert api.load(str(tmp_path / "here.json")).target.kind == "program"
    assert len(pages) == 5


def test_what_is_wrong_with_a_magic_is_one_line(program: Program) -> None:
    require("IPython")
    done = program(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'envsnap')\n"
        "for line in ('diff none.json', 'nonsense', 'diff', 'diff \"'):\n"
        "    shell.run_cell(f'%envsnap {line}')\n"
        "shell.run_line_magic('unload_ext', 'envsnap')\n"
        "assert not shell.find_line_magic('envsnap')\n"
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "UsageError" in line]
    assert len(lines) == 4
    assert "no such file" in lines[0]
    assert "write capture, diff REFERENCE [OTHER]" in lines[1]
    assert "Traceback" not in done.stdout + done.stderr


def test_the_magic_is_loaded_by_the_package() -> None:
    import envsnap

    assert envsnap.load_ipython_extension is jupyter.load_ipython_extension
