"""The prolog in a real Slurm: a node that differs is drained, one that is the same runs the job."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.fleet import test_slurm
from tests.fleet.engines import Members, until
from tests.recipes import test_hosts

pytestmark = pytest.mark.full
cluster, checks = test_slurm.cluster, test_hosts.checks  # fixtures of theirs


@pytest.fixture
def prolog(
    checks: tuple[Path, Path],
    tmp_path: Path,
    bare_venv: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nodes 1 and 2 have each a check of their own; Slurm gives a prolog few variables."""
    for node, check in zip(("n1", "n2"), checks, strict=True):
        (tmp_path / f"{node}.py").write_bytes(check.read_bytes())
    text = test_hosts.PROLOG.read_text()
    text = text.replace("/usr/bin/python3", str(bare_venv / "bin" / "python"))
    text = text.replace("/etc/envsnap/check.py", f"{tmp_path}/$SLURMD_NODENAME.py")
    (tmp_path / "prolog.sh").write_text(text)
    (tmp_path / "prolog.sh").chmod(0o755)
    more = f"Prolog={tmp_path}/prolog.sh\nPrologFlags=Alloc\n"
    monkeypatch.setattr(test_slurm, "SETTINGS", test_slurm.SETTINGS + more)


def test_a_node_that_differs_is_drained(
    prolog: None,
    cluster: tuple[Members, dict[str, str]],
) -> None:
    surroundings = {**os.environ, **cluster[1]}

    def state(node: str) -> str:
        command = ["sinfo", "-h", "-n", node, "-o", "%T"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings)
        return done.stdout.strip()

    def run(node: str) -> subprocess.CompletedProcess[str]:
        command = ["srun", "-w", node, "--immediate=30", "echo", "ran"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=surroundings, timeout=120
        )

    good = run("n1")
    assert good.stdout == "ran\n", good.stderr
    assert "ran" not in run("n2").stdout
    until(lambda: state("n2").startswith("drain"), 60, "a drained node")
    assert not state("n1").startswith("drain")
