"""The running program that called `envsnap.capture()`."""

from __future__ import annotations

import json
import os
import sys

from envsnap.intake import facts
from envsnap.model.manifest import Target
from envsnap.probe import output
from envsnap.probe.capture import Capture
from envsnap.targets import running, script


def run(options: dict[str, object]) -> facts.Messages:
    """Describe this program without importing or advancing anything of it."""
    entries: list[object] = list(sys.path)  # Python takes paths there too
    spelled = [os.fspath(entry) if isinstance(entry, os.PathLike) else entry for entry in entries]
    sys_path = [entry for entry in spelled if isinstance(entry, str) and entry]
    capture = Capture(options, script.sources(), sys_path, in_process=True)
    said = {"facts": capture.facts()}
    for word, work in capture.afterwards():
        said[word] = work(running.silent)  # the program owns its terminal
    # Through JSON, as every other answer of the probe: what cannot be carried becomes text.
    return facts.Messages(**json.loads(output.encode(said)))


def describe() -> Target:
    """The program."""
    return Target(kind="program", name=sys.executable)
