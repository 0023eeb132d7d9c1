"""A plain command line is read without click: every value is the one that click would give."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import click
import pytest

from envsnap.cli import declared
from envsnap.cli.contents import COMMANDS
from tests.conftest import Run

# Words that a command line is made of, besides the options of the command itself.
WORDS = (
    "a.json", "b.json", "-", "--", "dev", "", "0", "7", "3.5", "nan", "-1", "1e9", "never", "error",
    "json", "terminal", "nagios", "x=y", "--unknown", "--label=dev", "-ofile", "-o", "-hx", "Json",
    "python", "-c", "pass", "--format=json", "--peers=1", "--fail-on", "--output=out", "wrong",
)  # fmt: skip
LINES = 400


def _commands() -> dict[str, declared.Command]:
    modules = {name: import_module(f"envsnap.cli.{name}").command for name in COMMANDS}
    return {name: item for name, item in modules.items() if isinstance(item, declared.Command)}


def _by_click(command: declared.Command, words: list[str]) -> dict[str, Any]:
    """What click gives the command, and what is kept; raises click's errors."""
    declared.kept.clear()
    given: dict[str, Any] = {}
    built = command.built()
    built.callback = lambda **values: given.update(values)
    context = built.make_context("envsnap", list(words))
    with context:
        built.invoke(context)
    return {**given, "kept": dict(declared.kept)}


@pytest.mark.parametrize("name", _commands())
def test_values_are_those_of_click(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command, plain = _commands()[name], 0
    monkeypatch.delenv("ENVSNAP_REDACTION_KEY", raising=False)
    own = [word for item in command.parameters if item.is_option for word in item.spelled]
    dice = random.Random(name)
    for _ in range(LINES):
        words = [
            dice.choice(own) if dice.random() < 0.3 else dice.choice(WORDS)
            for _ in range(dice.randrange(7))
        ]
        declared.kept.clear()
        values = command.read(words)
        if values is None:
            continue
        plain += 1
        mine = {**values, "kept": dict(declared.kept)}
        assert mine == _by_click(command, words), words
    if name in ("capture", "diff", "check", "run"):
        assert plain > 3


@pytest.mark.parametrize(
    "line",
    [
        "capture --no-import --python python3 -o a.json",
        "capture --label dev --config app.yaml --config other=b.yaml --seed torch=0 --deadline 30",
        "diff a.json b.json --format json --fail-on never",
        "diff a.json b.json c.json --peers -o out.html --format=html",
        "check a.json --error-text - --symptom crash --exit-style nagios",
        "run -o run.json -- python train.py --lr 3 -v",
        "run -o run.json python train.py --lr 3 -v -- x",
        "record -o a.esr -- python train.py --full",
        "record --no-full --calls 2 --root Net --full -o a.esr python train.py",
    ],
)
def test_usual_lines_need_no_click(line: str) -> None:
    name, *words = line.split()
    command = _commands()[name]
    declared.kept.clear()
    values = command.read(words)
    assert values is not None
    assert {**values, "kept": dict(declared.kept)} == _by_click(command, words)


@pytest.mark.parametrize(
    "words",
    [
        ["--outputs", "x"], ["-ox"], ["--deadline", "0"], ["--deadline", "x"], ["--pid", "0"],
        ["--no-import=1"], ["--label"], ["--label", "--no-import"], ["stray"],
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_click(words: list[str]) -> None:
    assert _commands()["capture"].read(words) is None


def test_a_variable_that_speaks_for_an_option_is_left_to_click(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVSNAP_REDACTION_KEY", "key")
    assert _commands()["capture"].read([]) is None
    values = _commands()["capture"].read(["--redaction-key", "other"])
    assert values is not None
    assert values["redaction_key"] == "other"


def test_words_that_exclude_each_other_are_shown_with_the_usage(envsnap: Run) -> None:
    done = envsnap("capture", "--pid", "1", "--ssh", "host")
    assert done.returncode == 2
    assert "Usage: envsnap capture [OPTIONS]" in done.stderr
    assert "name one of --pid, --container, --image and --ssh" in done.stderr


def test_help_and_completion_are_clicks() -> None:
    assert not declared.is_plain(["diff", "a", "--help"])
    assert declared.is_plain(["diff", "a", "b"])


def test_click_refuses_what_the_declaration_forbids() -> None:
    with pytest.raises(click.UsageError):
        _by_click(_commands()["capture"], ["--deadline", "0"])
