"""Workflow commands, read as the runner reads them, and the job's summary."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from envsnap.report import github
from tests import examples
from tests.conftest import Run
from tests.golden import hosts
from tests.report.test_sanitize import HOSTILE, render, report

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
COMMAND = re.compile(r"::(\S+) ([^\n]*?)::(.*)")
NO_JOB = {"GITHUB_STEP_SUMMARY": "", "GITHUB_WORKSPACE": ""}


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Every command in a log: name, properties, message, as the runner takes them apart."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        if not line.lstrip().startswith("::"):
            assert "##[" not in line
            continue
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        name, told, message = match.groups()
        properties = dict(part.split("=", 1) for part in told.split(","))
        for key, value in properties.items():
            assert ":" not in value
            properties[key] = unescaped(value.replace("%2C", ",").replace("%3A", ":"))
        found.append((name, properties, unescaped(message)))
    return found


def unescaped(text: str) -> str:
    assert not re.search(r"%(?!25|0A|0D)", text), text
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_the_golden_pair(envsnap: Run) -> None:
    done = envsnap("diff", "dev.json", "prod.json", "--format", "github", cwd=GOLDEN, env=NO_JOB)
    assert done.returncode == 1
    found = commands(done.stdout)
    assert [name for name, _, _ in found] == ["error", *["warning"] * 6, *["notice"] * 2]
    lines = (GOLDEN / "prod.json").read_text().split("\n")
    for _, properties, _ in found:
        assert properties["file"] == "prod.json"
    _, properties, message = next(item for item in found if "Python" in item[2])
    assert lines[int(properties["line"]) - 1].strip() == '"version": "3.8.10",'
    assert properties["title"] == "envsnap python-version: python.version"
    assert message.split("\n")[0] == "Python 3.9.16 -> 3.8.10"
    assert "1 error, 6 warnings, 2 info" in done.stdout.splitlines()[-1]


def test_files_are_named_from_the_workspace(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a,b:c%.json").write_bytes((GOLDEN / "prod.json").read_bytes())
    done = envsnap(
        "diff", GOLDEN / "dev.json", "a,b:c%.json", "--format", "github",
        cwd=tmp_path / "deep", env={**NO_JOB, "GITHUB_WORKSPACE": str(tmp_path)},
    )  # fmt: skip
    assert {properties["file"] for _, properties, _ in commands(done.stdout)} == {
        "deep/a,b:c%.json"
    }


def test_standard_input_has_no_file(envsnap: Run) -> None:
    data = (GOLDEN / "prod.json").read_bytes()
    done = envsnap("diff", GOLDEN / "dev.json", "-", "--format", "github", stdin=data, env=NO_JOB)
    found = commands(done.stdout)
    assert len(found) == 9
    assert not [properties for _, properties, _ in found if {"file", "line"} & set(properties)]


def test_no_level_has_more_annotations_than_github_shows(envsnap: Run, tmp_path: Path) -> None:
    import envsnap as library

    for name in ("a", "b"):
        variables = {f"OMP_X{index}": name for index in range(25)}
        made = examples.manifest({"env_vars": {"entries": variables}})
        library.save(made, str(tmp_path / f"{name}.json"))
    done = envsnap("diff", "a.json", "b.json", "--format", "github", env=NO_JOB)
    found = commands(done.stdout)
    levels = {name for name, _, _ in found}
    assert len(found) == github.MOST_A_LEVEL * len(levels)
    assert [message for _, _, message in found][-1].startswith("16 more; ")


def test_the_summary_is_appended_to_the_job_s(envsnap: Run, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    settings = {"GITHUB_STEP_SUMMARY": str(summary)}
    done = envsnap("diff", "dev.json", "prod.json", "--format", "github", cwd=GOLDEN, env=settings)
    assert done.returncode == 1
    assert summary.read_text() == "before\n" + (GOLDEN / "markdown.md").read_text()
    assert "| error |" not in done.stdout
    envsnap("diff", "dev.json", "prod.json", cwd=GOLDEN, env=settings)
    assert summary.read_text().count("### ") == 1


def test_a_summary_that_cannot_be_written_is_one_line(envsnap: Run, tmp_path: Path) -> None:
    settings = {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "folder")}
    done = envsnap("check", GOLDEN / "dev.json", "--format", "github", env=settings)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_summary_has_at_most_the_size_that_github_takes() -> None:
    whole = github.job_summary(report("x"))
    cut = github.job_summary(report("x"), 400)
    assert len(whole.encode()) > 400
    assert len(cut.encode()) <= 400
    assert cut.endswith("`--format json` has all.\n")
    assert github.job_summary(report("x"), 10) == ""
    assert whole.startswith(cut.split("\nThis summary was cut")[0])


@given(
    text=st.text(max_size=40)
    | st.sampled_from(
        [*HOSTILE, "##[add-mask]x", "%0A::error::x", ",line=9", "a\n::stop-commands::"]
    )
)
def test_hostile_text_is_one_command_a_line(text: str) -> None:
    found = commands(render(text, "github"))
    assert {name for name, _, _ in found} <= {"error", "warning", "notice"}
    for _, properties, _ in found:
        assert set(properties) <= {"file", "line", "title"}
