"""The running program that called `envsnap.capture()`."""

from __future__ import annotations

import sys

from envsnap.intake import facts
from envsnap.model.manifest import Target
from envsnap.probe import main
from envsnap.targets import script


def run(options: dict[str, object]) -> facts.Messages:
    """Describe this program without importing or advancing anything of it."""
    sys_path = [entry for entry in sys.path if entry != ""]
    capture = main.Capture(options, script.sources(), sys_path, in_process=True)
    described = capture.facts()
    weights = None
    if options.get("weights"):
        weights = capture.hash_weights(_silent)
    return facts.Messages(described, weights)


def _silent(done: int, total: int) -> None:
    """Report progress to nobody: the program owns its terminal."""


def describe() -> Target:
    """The program."""
    return Target(kind="program", name=sys.executable)
