"""The command line of bisect, its formats, and what it keeps."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.root_cause import cases
from envsnap import api
from envsnap.cli import bisecting
from envsnap.cli.schema import render
from envsnap.report import bisection_formats
from tests.bisection.world import IMPORTS, World, culprits
from tests.conftest import COMMAND

PROGRAM = "import sys\nprint('<b>|`value`\\x1b[31m')\nsys.exit(trial_03.value == 2)\n"


def called(*words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a user calls it."""
    return subprocess.run([COMMAND, "bisect", *words], capture_output=True, text=True, check=False)


def test_nothing_runs_unasked(world: World) -> None:
    world.manifests()
    done = called("a-manifest.json", "b-manifest.json", "--", "touch", "ran")
    assert done.returncode == 2
    assert "Databases, queues, the network" in done.stderr
    assert "add --yes" in done.stderr
    assert not Path("ran").exists()


def test_a_plan_runs_nothing_and_names_order_and_estimate(world: World) -> None:
    world.manifests({"MODE": "a"}, {"MODE": "b"})
    done = called("a-manifest.json", "b-manifest.json", "--plan", "--", "python", "main.py")
    assert done.returncode == 0
    assert "15 differences can be varied" in done.stdout
    assert "env_vars.MODE  a -> b" in done.stdout
    assert "at most 12 for one culprit" in done.stdout
    told = called("a-manifest.json", "b-manifest.json", "--plan", "--format", "json", "--", "x")
    assert len(json.loads(told.stdout)["atoms"]) == 15


@pytest.mark.parametrize(("words", "told"), [
    (["--oracle", "a", "--oracle-output", "b", "--", "x"], "use one"),
    (["--budget", "soon", "--", "x"], "write 90, 90s, 30m or 2h"),
    (["--file", "x=1", "--yes", "--", "x"], "NAME=GOOD:BAD"),
    (["--yes", "--python", "/nowhere/python", "--", "x"], "is not a Python"),
    (["--yes", "--oracle", "missing.esr", "--", "x"], "missing.esr"),
    (["x"], "write -- before the command"),
])  # fmt: skip
def test_what_cannot_be_used_is_refused(world: World, words: list[str], told: str) -> None:
    world.manifests()
    done = called("a-manifest.json", "b-manifest.json", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_cannot_be_run_is_one_line(world: World) -> None:
    world.manifests()
    sides = ("a-manifest.json", "b-manifest.json", "--yes")
    done = called(*sides, "--", "./no-such-program")
    assert done.returncode == 4
    assert "none of 14 distributions can be had" in done.stderr
    done = called(*sides, "--find-links", str(world.wheels), "--", "./no-such-program")
    assert done.returncode == 2
    assert "./no-such-program: cannot be run: no such file" in done.stderr


def test_every_format_shows_culprit_proofs_and_fix(world: World) -> None:
    from jsonschema import Draft202012Validator

    sides = world.manifests()
    found = world.bisect(PROGRAM, sides)
    texts = {
        name: bisection_formats.render(found, name, color=False, width=100, ascii_only=False)
        for name in bisection_formats.NAMES
    }
    for name, text in texts.items():
        assert "packages.trial-03" in text, name
        install = (
            "install trial-03==1.0" if name == "fix" else "pip install --no-deps trial-03==1.0"
        )
        assert install in text, name
        assert "\x1b" not in text, name
    assert "GOOD with only these" in texts["terminal"]
    assert "&lt;b&gt;" in texts["html"]
    assert "<b>|" not in texts["html"]
    subprocess.run(["sh", "-n"], input=texts["fix"], text=True, check=True)
    schema = json.loads(render("bisection"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(texts["json"]))
    api.keep_case(found, *sides, "cases.jsonl")
    api.keep_case(found, *sides, "cases.jsonl")
    (case,) = cases.load(Path("cases.jsonl"))
    assert case["culprit"]["acceptable_keys"] == ["packages.trial-03"]
    assert "packages.trial-04" in case["distractor_keys"]
    good, bad = (cases.sections(case[side]) for side in ("env_a", "env_b"))
    judged = api.diff(cases.manifest(good, partial=True), cases.manifest(bad, partial=True))
    assert any(finding.path[:2] == ("packages", "trial-03") for finding in judged.findings)


def test_the_whole_command_ends_with_its_exit_code(world: World) -> None:
    world.manifests()
    Path("main.py").write_text(IMPORTS + PROGRAM)
    links = ["--find-links", str(world.wheels)]
    done = called(
        "a-manifest.json", "b-manifest.json", "--yes", *links, "-o", "report.md", "--format",
        "markdown", "--", "python", "main.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "### Proven: it is packages.trial" in Path("report.md").read_text()


def test_nothing_proven_is_no_case(world: World) -> None:
    from envsnap.errors import InputError

    found = world.bisect("pass\n", repeat=1)
    assert culprits(found) == []
    with pytest.raises(InputError, match="nothing was proven"):
        api.keep_case(found, *world.manifests(), "cases.jsonl")


def test_what_a_trial_may_touch_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    bisecting.require_consent(yes=True, in_place=False)
    assert "copy of this folder" in capsys.readouterr().err
    bisecting.require_consent(yes=True, in_place=True)
    told = capsys.readouterr().err
    assert "in this folder itself" in told
    assert "copy" not in told
