"""As root, an environment of another user is used as that user, and never with our rights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from envsnap.errors import TargetError
from envsnap.targets import owners
from tests.conftest import Run

NOBODY, SOMEBODY = 65534, 65533
PYTHONS = (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def environment() -> Iterator[Path]:
    """A virtual environment that nobody owns, and whose start-up code says who runs it."""
    base = next((path for path in PYTHONS if can_run(path)), None)
    if base is None:
        pytest.skip("no Python here that another user can run")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        shared = Path(name)
        shared.chmod(0o777)
        folder = shared / "theirs"
        subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "start.pth").write_text(
            f"import os; open({str(shared)!r} + '/ran_as_' + str(os.geteuid()), 'w').close()\n"
        )
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        yield folder


def who_ran(environment: Path) -> set[str]:
    return {path.name for path in environment.parent.glob("ran_as_*")}


def can_run(python: str) -> bool:
    """Whether another user can start a Python: not one that lies in root's home."""
    try:
        subprocess.run(
            [python, "-c", "import venv"], check=True, capture_output=True, user=NOBODY, group=NOBODY,
            extra_groups=[], cwd="/",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def test_start_up_code_of_another_user_does_not_run_as_root(
    environment: Path, envsnap: Run
) -> None:
    done = envsnap("capture", "--no-import", "--python", environment / "bin" / "python")
    assert done.returncode == 0, done.stderr
    assert who_ran(environment) == {f"ran_as_{NOBODY}"}
    found = json.loads(done.stdout)["sections"]["python"]
    assert found["prefix"] == str(environment)


def test_the_active_environment_of_another_user_is_no_other_case(
    environment: Path, envsnap: Run
) -> None:
    done = envsnap("capture", "--no-import", env={"VIRTUAL_ENV": str(environment)})
    assert done.returncode == 0, done.stderr
    assert who_ran(environment) == {f"ran_as_{NOBODY}"}


@pytest.mark.parametrize("part", ["pyvenv.cfg", "bin/python", "lib/PYTHON/site-packages", "."])
def test_each_part_that_decides_which_code_runs_counts(environment: Path, part: str) -> None:
    for path in (environment, *environment.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)
    python = str(environment / "bin" / "python")
    assert owners.identity(python) is None
    name = next(environment.glob("lib/python*")).name
    os.chown(environment / part.replace("PYTHON", name), NOBODY, NOBODY, follow_symlinks=False)
    found = owners.identity(python)
    assert found is not None
    assert found[0] == NOBODY


def test_two_owners_are_refused_in_one_sentence(environment: Path, envsnap: Run) -> None:
    os.chown(environment / "pyvenv.cfg", SOMEBODY, SOMEBODY)
    python = environment / "bin" / "python"
    with pytest.raises(TargetError, match="belong to 2 users"):
        owners.identity(str(python))
    done = envsnap("capture", "--no-import", "--python", python)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


def test_our_own_python_is_trusted() -> None:
    assert owners.identity(sys.executable) is None


def test_a_policy_that_another_user_left_is_refused(envsnap: Run, tmp_path: Path) -> None:
    golden = Path(__file__).parents[1] / "golden" / "dev-prod" / "dev.json"
    (tmp_path / "envsnap.toml").write_text(
        '[[ignore]]\nrule = "driver-version"\nreason = "known"\n'
    )
    assert envsnap("check", golden).returncode != 2
    os.chown(tmp_path / "envsnap.toml", NOBODY, NOBODY)
    done = envsnap("check", golden)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--policy envsnap.toml" in done.stderr
    assert envsnap("check", golden, "--policy", "envsnap.toml").returncode != 2
