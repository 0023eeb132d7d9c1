"""Differences that no package and no variable makes: settings are varied, machines held equal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from envsnap import api
from envsnap.bisection.result import NOT_CARRIED
from envsnap.model.manifest import Manifest
from tests.bisection.world import World, culprits
from tests.conftest import COMMAND, lacking

TWO_PROCESSORS = len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else False
# What differs between the two sides, and a program that shows it.
SETTINGS = {
    "system.timezone": (
        ("UTC", "Asia/Tokyo"),
        "import sys, time\nsys.exit(time.localtime(0).tm_hour == 9)\n",
    ),
    "system.locale": (
        ("C.UTF-8", "POSIX"),
        "import os, sys\nsys.exit(os.environ.get('LC_ALL') == 'POSIX')\n",
    ),
    "system.cpus_usable": (
        (2, 1),
        "import os, sys\nsys.exit(len(os.sched_getaffinity(0)) == 1)\n",
    ),
    "determinism.threads": (
        (4, 3),
        "import os, sys\nsys.exit(os.environ.get('OMP_NUM_THREADS') == '3')\n",
    ),
}


def stating(manifest: Manifest, path: str, value: Any) -> Manifest:
    """The same manifest with another fact."""
    name, fact = path.split(".")
    section = msgspec.structs.replace(getattr(manifest.sections, name), **{fact: value})
    sections = msgspec.structs.replace(manifest.sections, **{name: section})
    return msgspec.structs.replace(manifest, sections=sections)


@pytest.mark.parametrize("path", sorted(SETTINGS))
def test_a_setting_that_no_variable_states_is_varied_and_named(world: World, path: str) -> None:
    if path == "system.cpus_usable" and not TWO_PROCESSORS:
        lacking("this machine has one usable processor")
    values, program = SETTINGS[path]
    good, bad = world.manifests()
    if path.startswith("determinism"):
        good, bad = (_with_determinism(side) for side in (good, bad))
    sides = stating(good, path, values[0]), stating(bad, path, values[1])
    assert culprits(world.bisect(program, sides)) == [[path]]


def _with_determinism(manifest: Manifest) -> Manifest:
    """A manifest of a program that said how it computes."""
    from envsnap.model.inputs import Determinism

    sections = msgspec.structs.replace(manifest.sections, determinism=Determinism(complete=True))
    return msgspec.structs.replace(manifest, sections=sections)


def test_where_nothing_carried_decides_what_was_held_equal_is_listed(world: World) -> None:
    for name, python, rate in (("a", world.good, 1), ("b", world.bad, 2)):
        Path("config.yaml").write_text(f"rate: {rate}\n")
        subprocess.run(
            [COMMAND, "capture", "--no-import", "--python", python,
             "--config", "app=config.yaml", "--env", "APP_API_KEY", "-o", f"{name}.json"],
            check=True, capture_output=True,
            env={"PATH": os.environ["PATH"], "APP_API_KEY": f"sk-{name * 24}"},
        )  # fmt: skip
    good, bad = api.load("a.json"), api.load("b.json")
    for path, values in {
        "system.kernel": ("5.15.0", "6.8.0"),
        "python.version": ("3.11.1", "3.11.9"),
        "driver.kernel_module": ("535.104.05", "470.57.02"),
    }.items():
        good, bad = stating(good, path, values[0]), stating(bad, path, values[1])
    found = world.bisect("pass\n", (good, bad), repeat=1)
    assert (found.outcome, found.exit_code) == (NOT_CARRIED, 1)
    held = {item.path: item.why for item in found.held}
    assert held["system.kernel"] == "it belongs to the machine"
    assert held["driver.kernel_module"] == "it belongs to the machine"
    assert held["env_vars.APP_API_KEY"] == "its value was left out as a secret"
    assert held["python.version"] == "Python is held equal in this version"
    assert any(
        path.startswith("configs.app") and "--file NAME=GOOD:BAD" in why
        for path, why in held.items()
    )
    assert any("driver" in quoted.path for quoted in found.host_findings)
