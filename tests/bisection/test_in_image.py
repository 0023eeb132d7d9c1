"""`--in IMAGE`: everything runs in containers, and none of them stays."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envsnap.bisection.result import PROVEN
from envsnap.errors import BuildError, InputError, TargetError
from tests import engine
from tests.bisection.world import IMPORTS, World, culprits, left_over
from tests.conftest import COMMAND

# docker-py leaves sockets of its pool to the garbage collector.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]
INSIDE = """
import os, sys
assert sys.base_prefix == "/usr" and not os.path.exists({here!r}), "this is not the image"
assert not os.path.exists("/srv/left"), "another trial's container"
assert os.listdir(os.path.dirname(os.environ["VIRTUAL_ENV"])) == [
    os.path.basename(os.environ["VIRTUAL_ENV"])
], "another trial's environment"
open("/srv/left", "w").close()
open(trial_03.__file__, "a").write("value = 7\\n")
if os.fork() == 0:
    os.setsid()
    os.execvp("sleep", ["sleep", "611"])
sys.exit(os.environ["LEVEL"] == "high")
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """The engine, as long as these tests need it."""
    with engine.session() as found:
        yield found


@pytest.fixture(scope="module")
def image(client: Any) -> str:
    """Debian with its own Python."""
    return engine.debian(client)


@pytest.fixture(autouse=True)
def _nothing_stays(client: Any) -> Iterator[None]:
    """No container is there after a test that was not there before."""
    before = {found.id for found in client.containers.list(all=True, ignore_removed=True)}
    yield
    until = time.monotonic() + 20
    while time.monotonic() < until:
        after = {found.id for found in client.containers.list(all=True, ignore_removed=True)}
        if after <= before:
            break
        time.sleep(0.1)
    assert after <= before


def test_a_culprit_is_proven_in_the_image_and_nothing_is_left(world: World, image: str) -> None:
    sides = world.manifests({"LEVEL": "low"}, {"LEVEL": "high"})
    found = world.bisect(
        INSIDE.format(here=os.path.abspath("main.py")), sides, image=image, python="python3", jobs=2
    )
    assert culprits(found) == [["env_vars.LEVEL"]]
    assert found.outcome == PROVEN
    assert found.python.endswith("(/usr/bin/python3)")
    told = " ".join(found.notes)
    assert f"everything ran in containers of {image} (sha256:" in told
    assert "changed files of its environment" in told
    assert "processes running" in told
    assert left_over() == []
    sessions = Path(os.environ["XDG_CACHE_HOME"], "envsnap", "bisect", "sessions")
    assert list(sessions.iterdir()) == []


def test_killed_in_an_image_and_resumed_it_finds_the_same(world: World, image: str) -> None:
    world.manifests()
    Path("main.py").write_text(
        IMPORTS + "import sys, time\ntime.sleep(0.5)\nsys.exit(trial_02.value == 2)\n"
    )
    words = [
        COMMAND, "bisect", "a-manifest.json", "b-manifest.json", "--yes", "--format", "json",
        "--in", image, "--python", "python3", "--find-links", str(world.wheels), "--log", "log.jsonl",
    ]  # fmt: skip
    command = ["--", "python", "main.py"]
    process = subprocess.Popen(
        [*words, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and _runs() < 2:
        time.sleep(0.05)
    process.kill()
    process.wait()
    made = _runs()
    assert made >= 2
    done = subprocess.run(
        [*words, "--resume", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [item["path"] for item in found["causes"][0]["culprits"]] == ["packages.trial-02"]
    assert _runs() == found["cost"]["runs"] > made


def _runs() -> int:
    """How many runs the log holds."""
    path = Path("log.jsonl")
    return path.read_text().count('"line":"run"') if path.exists() else 0


def test_this_folder_itself_is_there_where_it_was_asked_for(world: World, image: str) -> None:
    program = "import sys\nopen('here', 'a').write('x')\nsys.exit(trial_00.value == 2)\n"
    found = world.bisect(program, image=image, python="python3", in_place=True)
    assert culprits(found) == [["packages.trial-00"]]
    assert found.cost is not None
    assert len(Path("here").read_text()) == found.cost.runs
    assert Path("here").stat().st_uid == os.getuid()


def test_what_cannot_be_run_in_is_refused_in_one_sentence(
    client: Any, world: World, image: str
) -> None:
    with pytest.raises(TargetError, match="the engine has no such image"):
        world.bisect("", image="no-such-image:1")
    with pytest.raises(InputError, match="--in and --oracle exclude each other"):
        world.bisect("", image=image, recording="golden.esr")
    with pytest.raises(InputError, match="is not a Python that runs in"):
        world.bisect("", image=image, python="/usr/bin/python9")
    empty = engine.from_tar(client, "envsnap-test-no-python:1", {"none": b""})
    with pytest.raises(BuildError, match=r"has no Python 3\.\d+; name one with --python"):
        world.bisect("", image=empty)
