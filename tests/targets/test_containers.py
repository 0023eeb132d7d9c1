"""Real containers and images: the probe runs inside, and what is outside stays as it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engine as engines
from tests.conftest import COMMAND, Run

# docker-py leaves connections of its pool to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


@pytest.fixture(scope="module")
def base(engine: Any) -> str:
    return engines.debian(engine)


def captured(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_an_image_is_described_from_inside(
    engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    before = {item.id for item in engine.containers.list(all=True)}
    done = envsnap("capture", "--image", base, "-o", "it.json")
    assert done.returncode == 0, done.stderr
    found = captured(tmp_path / "it.json")
    assert found["target"] == {"kind": "image", "name": engine.images.get(base).id}
    assert found["sections"]["python"]["version"] == "3.11.2"
    assert found["sections"]["system"]["os_version"] == "12"
    assert {item.id for item in engine.containers.list(all=True)} == before


def test_files_of_an_image_are_its_own(base: str, envsnap: Run, tmp_path: Path) -> None:
    done = envsnap(
        "capture", "--image", base, "--python", "/usr/bin/python3.11", "-o", "it.json",
        "--config", "release=/usr/lib/os-release", "--config", "none=/nowhere",
        "--weights", "w=/usr/bin/env",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sections = captured(tmp_path / "it.json")["sections"]
    assert len(sections["configs"]["entries"]["release"]["sha256"]) == 64
    assert sections["configs"]["gaps"]["none.sha256"].startswith("absent")
    assert len(sections["weights"]["entries"]["w"]["sha256"]) == 64


def test_a_running_container_is_described_from_inside(
    engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    with engines.running(engine, base, environment={"OMP_NUM_THREADS": "3"}) as container:
        done = envsnap("capture", "--container", container.name, "-o", "it.json")
        assert done.returncode == 0, done.stderr
        assert container.exec_run(["ls", "-A", "/tmp"]).output == b""
    found = captured(tmp_path / "it.json")
    assert found["target"]["kind"] == "container"
    assert found["sections"]["env_vars"]["entries"]["OMP_NUM_THREADS"] == "3"
    assert found["sections"]["python"]["version"] == "3.11.2"


def test_no_shell_is_needed(engine: Any, base: str, envsnap: Run, tmp_path: Path) -> None:
    import io

    context = io.BytesIO(
        f"FROM {base}\nRUN /usr/bin/python3 -c 'import os, glob; [os.unlink(f) for f in"
        ' glob.glob("/bin/*sh")]\'\n'.encode()
    )
    image, _ = engine.images.build(fileobj=context, rm=True)
    try:
        done = envsnap("capture", "--image", image.id, "-o", "it.json")
    finally:
        engine.images.remove(image.id, force=True)
    assert done.returncode == 0, done.stderr
    assert captured(tmp_path / "it.json")["sections"]["python"]["version"] == "3.11.2"


def test_an_image_without_python_is_said_to_have_none(engine: Any, envsnap: Run) -> None:
    tag = engines.from_tar(engine, "envsnap-test:bare", {"bin/none": b"\x7fELF"})
    try:
        done = envsnap("capture", "--image", tag)
    finally:
        engine.images.remove(tag, force=True)
    assert done.returncode == 3
    assert "envsnap-test:bare: has no Python to describe" in done.stderr
    assert done.stdout == ""


def test_a_container_without_that_python(engine: Any, base: str, envsnap: Run) -> None:
    with engines.running(engine, base) as container:
        done = envsnap("capture", "--container", container.name, "--python", "/no/python")
        container.stop(timeout=0)
        stopped = envsnap("capture", "--container", container.name)
    assert done.returncode == 3
    assert "has no Python to describe (tried /no/python)" in done.stderr
    assert stopped.returncode == 3
    assert "the container is exited" in stopped.stderr


def test_what_is_not_there(engine: Any, envsnap: Run) -> None:
    assert engine
    image = envsnap("capture", "--image", "envsnap-test:nowhere")
    assert (image.returncode, image.stdout) == (3, "")
    assert "the engine has no such image; docker pull" in image.stderr
    container = envsnap("capture", "--container", "envsnap-test-nowhere")
    assert (container.returncode, container.stdout) == (3, "")


def test_an_engine_that_is_not_there(envsnap: Run, tmp_path: Path) -> None:
    """Needs no engine."""
    done = envsnap("capture", "--image", "a:1", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert done.returncode == 3
    assert "no Docker Engine answers at unix://" in done.stderr
    assert done.stderr.count("\n") == 1


def test_one_target_at_a_time(envsnap: Run) -> None:
    done = envsnap("capture", "--image", "a:1", "--pid", "1")
    assert done.returncode == 2
    assert "name one of --pid, --container, --image and --ssh" in done.stderr


def hanging(engine: Any, base: str) -> str:
    """An image whose Python never answers."""
    import io

    context = io.BytesIO(
        f'FROM {base}\nRUN mkdir /evil && printf \'#!/bin/sh\\ntrap "" TERM INT\\n'
        "while :; do sleep 1; done\\n' > /evil/python && chmod +x /evil/python\n"
        "ENV PATH=/evil:/usr/bin:/bin\n".encode()
    )
    image, _ = engine.images.build(fileobj=context, rm=True)
    return str(image.id)


def labelled(engine: Any) -> set[str]:
    from envsnap.targets import leftovers

    found = engine.containers.list(
        all=True, filters={"label": leftovers.LABEL}, ignore_removed=True
    )
    return {item.id for item in found}


@pytest.mark.parametrize("number", ["TERM", "HUP", "INT", "KILL"])
def test_a_signal_leaves_no_container(
    number: str, engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    """SIGKILL cannot be caught: the next capture removes what it left."""
    image, before = hanging(engine, base), labelled(engine)
    code = signal.Signals[f"SIG{number}"]
    process = subprocess.Popen(
        [COMMAND, "capture", "--image", image, "--deadline", "60", "-o", "it.json"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 60
    while not labelled(engine) - before and time.monotonic() < until:
        time.sleep(0.05)
    made = labelled(engine) - before
    assert len(made) == 1
    process.send_signal(code)
    process.communicate(timeout=60)
    assert process.returncode in (-code, 130)
    if number == "KILL":
        assert envsnap("capture", "--image", base, "-o", "next.json").returncode == 0
    until = time.monotonic() + 20
    while made & labelled(engine) and time.monotonic() < until:
        time.sleep(0.1)
    assert not made & labelled(engine)
    assert not (tmp_path / "it.json").exists()
    engine.images.remove(image, force=True)


# An interpreter that starts as one does, and then says what it likes, without end.
FLOODER = """#!/usr/bin/python3 -S
import re, sys
if sys.argv[1:] == ["-c", "pass"]:
    sys.exit()
marker = re.search(r"marker.{0,4}: .{0,4}?([0-9a-f]{32})", sys.stdin.read()).group(1)
out = sys.stdout
begin = "envsnap-%s-begin\\n" % marker
"""
FLOODS = {
    "lines": "while True: out.write('x\\n' * 30000)\n",
    "one line": "while True: out.write('x' * 65536)\n",
    "an answer": "out.write(begin)\nwhile True: out.write('facts ' + 'x' * 100000 + '\\n')\n",
    "an answer of one line": "out.write(begin + 'facts ')\nwhile True: out.write('x' * 100000)\n",
    "both streams": "while True: out.write('x' * 65536), sys.stderr.write('y' * 65536)\n",
}
# A process begins with the peak of the one that forked it, so a small one runs the command.
MEASURED = """
import resource, subprocess, sys, time
begun = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, timeout=200).returncode
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
print(code, memory, round(time.monotonic() - begun, 1))
"""


def flooding(engine: Any, base: str, flood: str) -> str:
    """An image whose Python floods."""
    import base64
    import io

    said = base64.b64encode((FLOODER + FLOODS[flood]).encode()).decode()
    context = io.BytesIO(
        f"FROM {base}\nRUN mkdir /evil && echo {said} | base64 -d > /evil/python"
        " && chmod +x /evil/python\nENV PATH=/evil:/usr/bin:/bin\n".encode()
    )
    image, _ = engine.images.build(fileobj=context, rm=True)
    return str(image.id)


def refused(folder: Path, *target: str) -> None:
    """The flood ends within the caps of bytes, in bounded memory, and long before its own end."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, COMMAND, "capture", *target, "--deadline", "60", "-o", "it.json"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, memory, seconds = done.stdout.split()
    assert code == "3", done.stderr
    assert "said more than" in done.stderr
    assert not (folder / "it.json").exists()
    assert int(memory) < 600
    assert float(seconds) < 60  # the cap ended it, and not the deadline


@pytest.mark.parametrize("kind", FLOODS)
def test_an_image_that_floods_is_refused(kind: str, engine: Any, base: str, tmp_path: Path) -> None:
    image, before = flooding(engine, base, kind), labelled(engine)
    try:
        refused(tmp_path, "--image", image)
        assert labelled(engine) == before
    finally:
        engine.images.remove(image, force=True)


@pytest.mark.parametrize("kind", FLOODS)
def test_a_container_that_floods_is_refused(
    kind: str, engine: Any, base: str, tmp_path: Path
) -> None:
    image = flooding(engine, base, kind)
    try:
        with engines.running(engine, image) as container:
            refused(tmp_path, "--container", container.name)
    finally:
        engine.images.remove(image, force=True)


def test_a_container_whose_python_never_starts_is_refused(
    engine: Any, base: str, envsnap: Run
) -> None:
    with engines.running(engine, base) as container:
        container.exec_run(
            [
                "sh",
                "-c",
                "printf '#!/bin/sh\\nexec yes\\n' > /usr/bin/python && chmod +x /usr/bin/python",
            ]
        )
        done = envsnap("capture", "--container", container.name, "--deadline", "5")
    assert done.returncode == 3
    assert "python" in done.stderr
