"""Pods through kubectl.

FAKE: there is no cluster here, so a script stands for kubectl: it lists four pods, and `exec`
runs the command on this machine. What a real API server does is only known on a real one.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from tests.conftest import Run
from tests.fleet import engines

FAKE_KUBECTL = """#!{python}
# FAKE kubectl
import os, sys, time
arguments = sys.argv[1:]
if arguments[0] == "get":
    assert "--selector=app=train" in arguments
    print(open({pods!r}).read())
    sys.exit(0)
assert arguments[:2] == ["exec", "-i"]
pod = arguments[arguments.index("--") - 1]
if pod == "train-2":
    time.sleep(600)
if pod == "train-3":
    sys.stderr.write("error: pods is forbidden\\n")
    sys.exit(1)
os.execvp(arguments[arguments.index("--") + 1], arguments[arguments.index("--") + 1 :])
"""


def _command_lines() -> bytes:
    """What runs on this machine under the stand-in's name."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(process.read_bytes())
    return b"\n".join(found)


def test_pods(envsnap: Run, tmp_path: Path) -> None:
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pods = [
        {"metadata": {"name": f"train-{i}", "namespace": "ml"}, "status": {"phase": "Running"}}
        for i in range(4)
    ]
    broken = {"phase": "Pending", "containerStatuses": [waiting]}
    pods.append({"metadata": {"name": "train-4", "namespace": "ml"}, "status": broken})
    (tmp_path / "pods.json").write_text(json.dumps({"items": pods}))
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "kubectl"
    script.write_text(FAKE_KUBECTL.format(python=sys.executable, pods=str(tmp_path / "pods.json")))
    script.chmod(0o755)
    done, took = engines.captured(
        envsnap, "--kubernetes", "app=train", "--python", sys.executable, deadline=12.0,
        env={"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert str(script).encode() not in _command_lines()  # also the one that hung
    assert done.returncode == 6
    assert took < 12.0 + engines.WITHIN
    assert engines.states(envsnap) == {
        "train-0": "same",
        "train-1": "same",
        "train-2": "unknown (timeout)",
        "train-3": "unknown (denied)",
        "train-4": "unknown (refused)",
    }
