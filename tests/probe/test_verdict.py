"""The script that compares by itself: on real interpreters, without envsnap."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run, interpreter

VERSIONS = ("3.6", "3.9", "3.13")


def judged(python: str, script: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(script)], capture_output=True, text=True, check=False, env=env
    )


@pytest.fixture(params=VERSIONS)
def venv(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A virtual environment of an old or a new Python."""
    folder = tmp_path / "venv"
    subprocess.run([interpreter(request.param), "-m", "venv", str(folder)], check=True)
    return str(folder / "bin" / "python")


def test_one_file_proves_the_same_and_names_what_is_not(
    envsnap: Run, venv: str, tmp_path: Path
) -> None:
    (tmp_path / "app.yaml").write_text("a: 1\n")
    made = envsnap(
        "capture", "--python", venv, "--config", "app.yaml", "--weights", "w=app.yaml",
        "-o", "dev.json", env={"OMP_NUM_THREADS": "3", "LANG": "C"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    wrote = envsnap(
        "probe", "--verify", "dev.json", "-o", "check.py", "--config",
        f"app.yaml={tmp_path}/app.yaml", "--weights", f"w={tmp_path}/app.yaml",
    )  # fmt: skip
    assert wrote.returncode == 0, wrote.stderr
    script = tmp_path / "check.py"
    locale = json.loads((tmp_path / "dev.json").read_text())["sections"]["env_vars"]["entries"]
    env = {"OMP_NUM_THREADS": "3", **locale}
    same = judged(venv, script, **env)
    assert same.returncode == 0, same.stderr
    assert same.stderr.startswith("envsnap: proven: ")
    assert same.stdout == ""
    site = next((Path(venv).parents[1] / "lib").glob("python*")) / "site-packages"
    (site / "loose.py").write_text("EVIL = 1\n")
    (site / "evil.pth").write_text("import sys\n")
    (tmp_path / "app.yaml").write_text("a: 2\n")
    spoilt = judged(venv, script, **{**env, "OMP_NUM_THREADS": "4"})
    assert spoilt.returncode == 5
    for path in (
        'configs["app.yaml"].sha256', "weights.w.sha256", "env_vars.OMP_NUM_THREADS",
        'python.loose_modules["loose.py"]', 'python.startup_code["evil.pth"]',
    ):  # fmt: skip
        assert f"differs: {path}: " in spoilt.stderr, spoilt.stderr


def test_what_a_partial_manifest_does_not_state_is_not_asked_for(
    envsnap: Run, tmp_path: Path
) -> None:
    python = interpreter("3.11")
    envsnap("capture", "--python", python, "--no-import", "-o", "dev.json")
    tree = json.loads((tmp_path / "dev.json").read_text())
    for section in tree["sections"].values():
        section["complete"] = False
        section.pop("digest", None)
    tree["sections"]["packages"]["entries"] = {}
    tree.pop("fingerprint")
    (tmp_path / "dev.json").write_text(json.dumps({**tree, "fingerprint": ""}))
    assert envsnap("capture", "--seal", "dev.json", "-o", "cut.json").returncode == 0
    assert envsnap("probe", "--verify", "cut.json", "-o", "check.py").returncode == 0
    found = judged(python, tmp_path / "check.py", LANG="C")
    named = [line for line in found.stderr.splitlines() if "differs: packages." in line]
    assert [line for line in named if ".altered: " not in line] == []
