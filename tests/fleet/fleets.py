"""Hosts for tests: one real capture of this interpreter, changed in one fact each."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from envsnap.model import codec
from envsnap.model.manifest import Manifest

Change = Callable[[dict[str, Any]], object]
GPU = {"name": "NVIDIA H100 80GB HBM3", "compute_capability": "9.0", "memory_total": 85520809984}


@cache
def _base() -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-m", "envsnap", "capture", "--no-import", "--python", sys.executable],
        check=True,
        capture_output=True,
    )
    tree: dict[str, Any] = json.loads(made.stdout)
    sections = tree["sections"]
    sections["gpus"] = {"complete": True, "entries": {str(i): dict(GPU) for i in range(8)}}
    packages = sections["packages"]["entries"]
    packages["msgpack"] = {"version": "1.1.0"}
    packages["cloudpickle"] = {"version": "3.1.0"}
    packages["torch"] = {"version": "2.7.0"}
    return tree


def host(change: Change | None = None) -> Manifest:
    """A host whose sections were changed by a function."""
    tree = copy.deepcopy(_base())
    if change is not None:
        change(tree["sections"])
    return codec.sealed(msgspec.convert(tree, Manifest))


def write(folder: Path, name: str, change: Change | None = None) -> None:
    """Write a host's manifest."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_bytes(codec.encode(host(change)))


def variable(name: str, value: str) -> Change:
    """Set a variable whose value is recorded."""
    return lambda sections: sections["env_vars"]["entries"].update({name: value})


def named_variable(name: str) -> Change:
    """Set a variable of which only the name is recorded."""
    return lambda sections: sections["env_vars"]["others"].append(name)


def package(name: str, version: str | None) -> Change:
    """Install another version of a distribution, or none."""

    def change(sections: dict[str, Any]) -> None:
        entries = sections["packages"]["entries"]
        if version is None:
            entries.pop(name)
        else:
            entries[name] = {"version": version}

    return change


def hung(sections: dict[str, Any]) -> None:
    """The GPU query did not answer in time."""
    gaps = {"entries": "timeout: NVML did not answer in 20 s"}
    sections["gpus"] = {"complete": False, "gaps": gaps}


def lost_gpu(sections: dict[str, Any]) -> None:
    """Seven GPUs of eight."""
    sections["gpus"]["entries"].pop("7")
