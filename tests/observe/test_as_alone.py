"""A command that is observed runs as it does alone, and what it read is not what lies there later."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run

WAITS = """
import signal, time
signal.signal(signal.SIGUSR1, lambda *_: print("usr1", flush=True))
open("ready", "w").close()
time.sleep(3)
print("end")
"""
TOO_LARGE = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); sys.exit(9)"
GONE = "import shutil; shutil.rmtree('folder'); raise SystemExit(4)"


def sections(place: Path) -> dict[str, Any]:
    return dict(json.loads(place.read_text())["sections"])


def test_what_is_open_for_the_command_stays_open(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("handed on")
    with (tmp_path / "it").open() as stream:
        number = stream.fileno()
        command = [sys.executable, "-c", f"import os; print(os.read({number}, 20).decode())"]
        done = subprocess.run(
            [sys.executable, "-m", "envsnap", "run", "-o", "m.json", "--", *command],
            cwd=tmp_path, pass_fds=(number,), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "handed on\n")


def test_a_signal_that_means_something_to_the_command(tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text(WAITS)
    process = subprocess.Popen(
        [sys.executable, "-m", "envsnap", "run", "-o", "m.json", "--", sys.executable, "it.py"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "ready").exists():
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGUSR1)
    told, _ = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "usr1\nend\n")


def test_a_configuration_that_changed_is_not_what_was_read(tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "a.json").write_text('{"k": 1}')
    (tmp_path / "b.json").write_text('{"k": 2}')
    script = (
        "open('b.json').read(); open('a.json').read(); open('a.json', 'w').write('{\"k\": 300}')"
    )
    assert envsnap("run", "-o", "m.json", "--", sys.executable, "-c", script).returncode == 0
    found = sections(tmp_path / "m.json")["configs"]
    assert sorted(found["entries"]) == ["a.json", "b.json"]
    assert found["entries"]["a.json"]["sha256"] == hashlib.sha256(b'{"k": 1}').hexdigest()
    assert "tree" not in found["entries"]["a.json"]
    assert found["gaps"]['["a.json"].tree'] == "absent: it was changed during the run"


@pytest.mark.parametrize(
    "change",
    [
        "open('s.dat', 'wb').write(b'new')",
        "open('t', 'wb').write(b'new'); os.replace('t', 's.dat')",
    ],
)
def test_a_state_that_is_written_again_is_what_was_read(
    tmp_path: Path, envsnap: Run, change: str
) -> None:
    (tmp_path / "s.dat").write_bytes(b"the state before")
    script = f"import os; open('s.dat', 'rb').read(); {change}; open('s.dat', 'rb').read()"
    assert envsnap("run", "-o", "m.json", "--", sys.executable, "-c", script).returncode == 0
    found = sections(tmp_path / "m.json")["files"]
    entry = found["entries"]["s.dat"]
    digest = hashlib.sha256(b"the state before").hexdigest()
    assert (entry["sha256"], entry["size"], found.get("gaps", {})) == (digest, 16, {})


def test_a_name_that_is_no_text(tmp_path: Path, envsnap: Run) -> None:
    with open(os.fsencode(tmp_path) + b"/f\xff.json", "wb") as stream:
        stream.write(b"{}")
    script = "open('f\\udcff.json').read()"
    assert envsnap("run", "-o", "m.json", "--", sys.executable, "-c", script).returncode == 0
    assert envsnap("check", "m.json").returncode == 0


@pytest.mark.parametrize(("script", "code", "written"), [(TOO_LARGE, 9, True), (GONE, 4, False)])
def test_the_exit_code_is_the_commands(
    tmp_path: Path, envsnap: Run, script: str, code: int, written: bool
) -> None:
    (tmp_path / "folder").mkdir()
    done = envsnap("run", "-o", "folder/m.json", "--", sys.executable, "-c", script)
    assert done.returncode == code, done.stderr
    assert (tmp_path / "folder/m.json").exists() is written
