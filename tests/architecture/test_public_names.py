"""The public names are functions, each may be called twice, and none is a room's name.

What needs torch, uv or an engine is called twice beside the other tests of it: `record` in
tests/replay, `lock` and `build` in tests/image, `bisect_environments` in tests/bisection.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import envsnap

ROOT = Path(envsnap.__file__).parent
RECORDING = Path(__file__).parents[1] / "archive" / "recordings" / "v1.esr"
TWICE = """
import os, sys, envsnap
from envsnap.targets.interpreter import Interpreter

def twice(name, *arguments, **more):
    function = getattr(envsnap, name)
    function(*arguments, **more)
    return getattr(envsnap, name)(*arguments, **more)

def use():
    manifest = twice("capture", import_frameworks=False)
    twice("save", manifest, "a.json")
    read = twice("load", "a.json")
    assert twice("diff", manifest, read).findings == ()
    twice("check", manifest)
    twice("load_policy")
    twice("plan", manifest, "localhost/base:1")  # no listed image need have this Python
    run = twice("observe_command", [sys.executable, "-c", "pass"])
    assert run.code == 0
    small = Interpreter(sys.argv[2])  # nothing but Python in it: verifying reads every file
    twice("verify", envsnap.capture(small, import_frameworks=False), small)
    golden = twice("load_recording", sys.argv[1])
    assert twice("compare", golden, golden).outcome == "same"
    twice("tap", "boxes", [1])
    os.environ.update(RANK="0", WORLD_SIZE="1")
    assert twice("capture_rank", "ranks") == {}
    for item in (manifest, twice("diff", manifest, read)):
        assert len(repr(item)) < 400, repr(item)

use()
"""


def test_no_public_name_is_the_name_of_a_room() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert rooms.isdisjoint(envsnap.__all__)


def test_every_name_is_still_what_it_was_when_every_room_is_loaded() -> None:
    program = """
import importlib, pkgutil, types, envsnap
for name in envsnap.__all__:
    getattr(envsnap, name)
for found in pkgutil.walk_packages(envsnap.__path__, "envsnap."):
    parts = found.name.split(".")
    if not {"probe", "inside", "site", "hooks", "pytest_plugin"} & set(parts):
        importlib.import_module(found.name)
for name in envsnap.__all__:
    assert not isinstance(getattr(envsnap, name), types.ModuleType), name
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_functions_may_be_called_twice_in_one_process(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "small"], cwd=tmp_path, check=True
    )
    small = str(tmp_path / "small" / "bin" / "python")
    done = subprocess.run(
        [sys.executable, "-c", TWICE, str(RECORDING), small],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
