"""Policy files as the command finds, reads and refuses them, and as every report shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.golden import hosts

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
PAIR = (GOLDEN / "dev.json", GOLDEN / "prod.json")
ERROR = '[[{}ignore]]\npath = "weights"\nreason = "trained anew on prod"\n'
IDLE = '[[{}ignore]]\nrule = "hidden-gpus"\nreason = "one card is enough"\n'
SEED = '[[{}severity]]\nrule = "seeds"\nseverity = "error"\nreason = "seeds are part of the spec"\n'


def write(folder: Path, name: str, text: str) -> None:
    prefix = "tool.envsnap." if name == "pyproject.toml" else ""
    (folder / name).write_text(text.replace("{}", prefix))


@pytest.mark.parametrize("name", ["envsnap.toml", "pyproject.toml"])
def test_the_working_folder_s_policy_counts(name: str, envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("diff", *PAIR, "--fail-on", "error").returncode == 1
    write(tmp_path, name, ERROR)
    done = envsnap("diff", *PAIR, "--fail-on", "error")
    assert done.returncode == 0
    assert f"{name}: 1 finding ignored, 0 given another severity" in done.stdout
    assert "trained anew on prod" in done.stdout


def test_a_folder_above_has_no_say(envsnap: Run, tmp_path: Path) -> None:
    write(tmp_path, "envsnap.toml", ERROR)
    below = tmp_path / "below"
    below.mkdir()
    assert envsnap("diff", *PAIR, "--fail-on", "error", cwd=below).returncode == 1
    done = envsnap("diff", *PAIR, "--fail-on", "error", "--policy", "../envsnap.toml", cwd=below)
    assert done.returncode == 0


def test_another_tool_s_pyproject_is_no_policy(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "envsnap-user"\n')
    done = envsnap("diff", *PAIR)
    assert done.returncode == 1
    assert "ignored" not in done.stdout
    (tmp_path / "pyproject.toml").write_text("this is = not [toml")
    assert envsnap("diff", *PAIR).returncode == 1


def test_a_severity_decides_the_exit_code(envsnap: Run, tmp_path: Path) -> None:
    write(tmp_path, "own.toml", ERROR + SEED)
    assert envsnap("diff", *PAIR, "--policy", "own.toml", "--fail-on", "error").returncode == 1


@pytest.mark.parametrize("style", ["terminal", "markdown", "html", "json", "sarif", "github"])
@pytest.mark.parametrize("command", ["diff", "check"])
def test_every_report_tells_what_the_policy_did(
    command: str, style: str, envsnap: Run, tmp_path: Path
) -> None:
    write(tmp_path, "own.toml", ERROR + IDLE + SEED)
    manifests = PAIR if command == "diff" else PAIR[1:]
    done = envsnap(command, *manifests, "--policy", "own.toml", "--format", style)
    shown = done.stdout.replace("\\", "").replace("&quot;", '"')
    told = json.loads(done.stdout) if style in ("json", "sarif") else None
    if style == "json":
        entries = [item["entry"] for item in told["results"][0]["ruled"]]
        assert told["policy"]["unmatched"][-1]["place"] in ("ignore[1]", "severity[0]")
        shown = json.dumps(entries)
    elif style == "sarif":
        assert any(
            "ignore[1]" in one for one in told["runs"][0]["properties"]["policy"]["unmatched"]
        )
    else:
        assert "ignore[1] (rule hidden-gpus) matched nothing" in shown
        count = "1 finding ignored, 1 given" if command == "diff" else "0 findings ignored, 0"
        assert count in shown
    if command == "diff" and style == "html":
        assert "<dt>policy</dt><dd>warning -&gt; error: seeds are part of the spec</dd>" in shown
    if command == "diff" and style != "github":
        assert "trained anew on prod" in shown
        assert "seeds are part of the spec" in shown


def test_an_entry_that_one_of_several_matches_is_not_idle(envsnap: Run, tmp_path: Path) -> None:
    write(tmp_path, "own.toml", ERROR)
    done = envsnap("diff", PAIR[0], PAIR[0], PAIR[1], "--policy", "own.toml")
    assert "matched nothing" not in done.stdout


REFUSED = {
    "not there": (None, "no such file"),
    "not TOML": (b"[[ignore]\n", "not TOML"),
    "not UTF-8": (b"\xff\xfe", "not UTF-8"),
    "too large": (b"#" * (2 << 20), "larger than 1 MiB"),
    "too deep": (b"a = " + b"[" * 5000, "nested too deep"),
    "no reason": (b'[[ignore]]\nrule = "seeds"\n', "own.toml: ignore[0]: has no reason"),
    "a line break in a key": (b'"a\\nb" = 1\n', 'unknown key "a\\nb"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_policy_is_one_line(case: str, envsnap: Run, tmp_path: Path) -> None:
    data, told = REFUSED[case]
    if data is not None:
        (tmp_path / "own.toml").write_bytes(data)
    for command in (("diff", *PAIR), ("check", PAIR[1])):
        done = envsnap(*command, "--policy", "own.toml")
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("envsnap: error: own.toml: ")
        assert told in done.stderr


def test_two_policies_are_one_too_many(envsnap: Run, tmp_path: Path) -> None:
    for name in ("envsnap.toml", "pyproject.toml"):
        write(tmp_path, name, ERROR)
    done = envsnap("diff", *PAIR)
    assert done.returncode == 2
    assert "keep one of them" in done.stderr
    assert envsnap("diff", *PAIR, "--policy", "envsnap.toml").returncode == 1


def test_a_named_pyproject_must_have_a_policy(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    done = envsnap("diff", *PAIR, "--policy", "pyproject.toml")
    assert done.returncode == 2
    assert "has no [tool.envsnap]" in done.stderr
    (tmp_path / "pyproject.toml").write_text("[tool]\nenvsnap = 3\n")
    assert "must be a table" in envsnap("diff", *PAIR).stderr


def test_standard_input_is_no_policy(envsnap: Run) -> None:
    done = envsnap("diff", *PAIR, "--policy", "-", stdin=b"")
    assert done.returncode == 2
    assert "name a file" in done.stderr
