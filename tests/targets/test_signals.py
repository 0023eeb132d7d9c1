"""A signal ends what was started, and leaves nothing: no child, no folder, no half-written file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import COMMAND

SIGNALS = ("TERM", "HUP", "INT")
# An interpreter that starts a child and hangs; both say where they are.
HANGING = f"""#!{sys.executable}
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
with open({{place!r}} + ".new", "w") as stream:
    stream.write(f"{{{{os.getpid()}}}} {{{{child.pid}}}}")
os.replace({{place!r}} + ".new", {{place!r}})
time.sleep(120)
"""


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    return path.read_text()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ended(numbers: list[int]) -> bool:
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in numbers) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(is_running(pid) for pid in numbers)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_capture_that_is_ended_ends_what_it_started(name: str, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    python = tmp_path / "python"
    python.write_text(HANGING.format(place=str(tmp_path / "pids")))
    python.chmod(0o755)
    number = signal.Signals[f"SIG{name}"]
    process = subprocess.Popen(
        [COMMAND, "capture", "--python", python, "--deadline", "60", "-o", "it.json"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
    )  # fmt: skip
    started = [int(pid) for pid in wait_for(tmp_path / "pids", process).split()]
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode in (-number, 128 + number)
    assert ended(started)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "it.json").exists()


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("command", ["run", "record"])
def test_an_interrupted_run_leaves_no_spool(command: str, name: str, tmp_path: Path) -> None:
    if command == "record":
        pytest.importorskip("torch")
    (tmp_path / "temporary").mkdir()
    (tmp_path / "s.py").write_text(
        ("import torch\n" if command == "record" else "")
        + "import os, time\nopen('up.new', 'w').write(str(os.getpid()))\n"
        "os.replace('up.new', 'up')\ntime.sleep(120)\n"
    )
    number = signal.Signals[f"SIG{name}"]
    process = subprocess.Popen(
        [COMMAND, command, "-o", "out", "--", sys.executable, "s.py"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
    )  # fmt: skip
    script = int(wait_for(tmp_path / "up", process))
    process.send_signal(number)
    process.communicate(timeout=90)
    assert process.returncode != 0
    assert ended([script])
    left = [path.name for path in (tmp_path / "temporary").iterdir()]
    assert [name for name in left if name.startswith(("envsnap", "tmp"))] == []
