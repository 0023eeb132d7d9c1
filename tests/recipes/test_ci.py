"""The GitHub Action, the GitLab job and the pre-commit hook: their shell steps really run.

What only the services can run (uploads, merge requests) is not run here, and their page says so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from envsnap import api
from tests import examples
from tests.conftest import COMMAND, Run, lacking
from tests.recipes.conftest import RECIPES, ROOT

ACTION = ROOT / "action.yml"
GITLAB = RECIPES / "gitlab" / "envsnap.gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
EXPRESSION = re.compile(r"\$\{\{\s*([^}]+?)\s*\}\}")


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-actions", ACTION), ("gitlab-ci", GITLAB)],
    ids=["action", "gitlab"],
)
def test_files_satisfy_their_published_schemas(schema: str, path: Path) -> None:
    checker = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    if checker is None:
        lacking("check-jsonschema is not installed (the extra is called test-export)")
    command = [checker, "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_expression_stands_in_a_script() -> None:
    """What a pull request controls reaches a shell as a variable only."""
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


class Runner:
    """Runs the shell steps of a composite action as the service does: bash, env, outputs."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.tree = yaml.safe_load(ACTION.read_text())
        defaults = {name: item.get("default", "") for name, item in self.tree["inputs"].items()}
        self.known = {f"inputs.{name}": value for name, value in {**defaults, **inputs}.items()}
        self.known |= {"github.action_path": str(ROOT), "runner.temp": str(folder / "temp")}
        (folder / "temp").mkdir()
        self.summary = folder / "summary.md"
        self.said = ""

    def run(self) -> int:
        """The exit code of the first step that fails."""
        for step in self.tree["runs"]["steps"]:
            if "uses" in step:
                continue  # only the service has it
            code = self.step(step)
            if code:
                return code
        return 0

    def step(self, step: dict[str, Any]) -> int:
        outputs = self.folder / "outputs"
        outputs.write_text("")
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        env = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                **env,
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_WORKSPACE": str(self.folder),
            },
        )
        self.said += done.stdout + done.stderr
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            self.known[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode

    def filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda match: self.known[match[1]], text)


@pytest.fixture
def baseline(envsnap: Run, tmp_path: Path) -> Path:
    """A folder with a baseline of this interpreter, and one from which it has drifted."""
    done = envsnap("capture", "--python", sys.executable, "--no-import", "-o", "environment.json")
    assert done.returncode == 0, done.stderr
    drifted = examples.manifest({"python": {"version": "3.8.10"}}, partial=("python",))
    api.save(drifted, str(tmp_path / "drifted.json"))
    (tmp_path / "job").mkdir()
    for name in ("environment.json", "drifted.json"):
        shutil.copy(tmp_path / name, tmp_path / "job" / name)
    return tmp_path / "job"


def action(folder: Path, baseline: str, **more: str) -> Runner:
    inputs = {"envsnap": COMMAND, "python": sys.executable, "capture-options": "--no-import"}
    return Runner(folder, **{**inputs, "baseline": baseline, **more})


def test_an_environment_that_is_as_committed_passes(baseline: Path) -> None:
    runner = action(baseline, "environment.json")
    assert runner.run() == 0, runner.said
    folder = baseline / "envsnap-report"
    manifest = api.load(str(folder / "environment.json"))
    assert manifest.label == "ci"
    assert runner.known["steps.capture.outputs.fingerprint"] == manifest.fingerprint
    assert runner.known["steps.diff.outputs.exit-code"] == "0"
    assert json.loads((folder / "envsnap.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "envsnap.xml").read_text().startswith("<?xml")
    assert "environment.json" in runner.summary.read_text()


def test_drift_fails_the_job_after_everything_was_written(baseline: Path) -> None:
    runner = action(baseline, "drifted.json")
    assert runner.run() == 1, runner.said
    assert "::warning" in runner.said
    assert "python.version" in runner.summary.read_text()
    assert (baseline / "envsnap-report" / "envsnap.sarif").exists()
    assert (baseline / "envsnap-report" / "envsnap.xml").exists()
    calm = action_again(baseline, "drifted.json", **{"fail-on": "never"})
    assert calm.run() == 0


def action_again(folder: Path, baseline: str, **more: str) -> Runner:
    shutil.rmtree(folder / "temp")
    return action(folder, baseline, **more)


def test_a_baseline_that_is_not_there_fails_with_its_own_code(baseline: Path) -> None:
    runner = action(baseline, "none.json; touch injected")
    assert runner.run() == 2
    assert not (baseline / "injected").exists()


def test_options_reach_the_capture_one_by_one(baseline: Path) -> None:
    (baseline / "my config.yaml").write_text("a: 1\n")
    runner = action(
        baseline, "environment.json",
        **{"capture-options": "--no-import\n--config\napp=my config.yaml\n", "fail-on": "never"},
    )  # fmt: skip
    assert runner.run() == 0, runner.said
    manifest = api.load(str(baseline / "envsnap-report" / "environment.json"))
    assert manifest.sections.configs.entries["app"].tree == {"a": "1"}


@pytest.mark.full
def test_the_action_installs_itself(baseline: Path) -> None:
    runner = action(baseline, "environment.json", envsnap="", installer=sys.executable)
    assert runner.run() == 0, runner.said


def gitlab(folder: Path, *phases: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The job's lines as GitLab's runner runs them: one shell that ends at the first failure."""
    job = yaml.safe_load(GITLAB.read_text())[".envsnap"]
    lines = "\n".join(line for phase in phases for line in job[phase])
    env = {**os.environ, **job["variables"], **variables}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines],
        cwd=folder, capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip


def test_the_job_of_gitlab_writes_its_reports(baseline: Path) -> None:
    (baseline / ".envsnap" / "bin").mkdir(parents=True)
    (baseline / ".envsnap" / "bin" / "envsnap").symlink_to(COMMAND)
    for name, code in (("environment.json", 0), ("drifted.json", 1)):
        done = gitlab(baseline, "script", ENVSNAP_BASELINE=name, ENVSNAP_PYTHON=sys.executable,
                      ENVSNAP_FAIL_ON="warning")  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        reports = yaml.safe_load(GITLAB.read_text())[".envsnap"]["artifacts"]["reports"]
        assert (baseline / reports["junit"]).read_text().startswith("<?xml")
        found = json.loads((baseline / reports["codequality"]).read_text())
        assert ("python.version" in str(found)) is (code == 1)


def test_pre_commit_takes_the_list_of_hooks() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib") if _has_pre_commit() else None
    if clientlib is None:
        lacking("pre-commit is not installed (the extra is called test-export)")
    (hook,) = clientlib.load_manifest(str(HOOKS))
    pattern = re.compile(hook["files"])
    for name in ("environment.json", "env/prod-environment.json", "uv.lock", "requirements-dev.txt",
                 "pylock.toml", "pylock.gpu.toml", "deploy/environment.yml"):  # fmt: skip
        assert pattern.search(name), name
    for name in ("package.json", "a.txt", "src/lock.py", "uv.lock.bak"):
        assert not pattern.search(name), name


def _has_pre_commit() -> bool:
    import importlib.util

    return importlib.util.find_spec("pre_commit") is not None


def test_the_hook_s_command_judges_every_file(envsnap: Run, baseline: Path) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    command = hook["entry"].split()
    assert command[0] == "envsnap"
    (baseline / "requirements.txt").write_text("numpy==1.26.4\n")
    good = ("environment.json", "requirements.txt")
    done = envsnap(*command[1:], *good, cwd=baseline)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (baseline / "environment.json").read_text()
    (baseline / "environment.json").write_text(re.sub(r'"3\.\d+\.', '"3.1.', text, count=1))
    altered = envsnap(*command[1:], *good, cwd=baseline)
    assert altered.returncode == 2
    assert "does not match its digest" in altered.stderr
    bad = examples.manifest(
        {
            "python": {"version": "3.11.1"},
            "packages": examples.packages(torch="2.0.0", numpy="2.1.0"),
        }
    )
    api.save(bad, str(baseline / "bad.json"))
    assert envsnap(*command[1:], "drifted.json", "bad.json", cwd=baseline).returncode == 1


@pytest.mark.full
def test_pre_commit_runs_the_hook_from_a_checkout(baseline: Path) -> None:
    if not _has_pre_commit():
        lacking("pre-commit is not installed (the extra is called test-export)")
    copy = baseline / "checkout"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    project = baseline / "project"
    project.mkdir()
    shutil.copy(baseline / "environment.json", project / "environment.json")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    env = {**os.environ, "PRE_COMMIT_HOME": str(baseline / "cache")}
    run = [
        sys.executable,
        "-m",
        "pre_commit",
        "try-repo",
        str(copy),
        "envsnap-check",
        "--all-files",
    ]
    done = subprocess.run(run, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "environment.json").read_text()
    (project / "environment.json").write_text(re.sub(r'"3\.\d+\.', '"3.1.', text, count=1))
    done = subprocess.run(run, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "does not match its digest" in done.stdout
