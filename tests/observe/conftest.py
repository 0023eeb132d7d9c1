"""What the tests of `envsnap run` share: a command run alone and observed, and its manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run


class Observed:
    """A command that was run, and what its manifest says."""

    def __init__(self, done: subprocess.CompletedProcess[str], place: Path) -> None:
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.manifest: dict[str, Any] = json.loads(place.read_bytes())
        self.sections: dict[str, dict[str, Any]] = self.manifest["sections"]
        self.size = place.stat().st_size

    def names(self, section: str) -> set[str]:
        """The names of a section's entries."""
        return set(self.sections[section]["entries"])

    def seen_by(self, section: str, name: str) -> list[str]:
        """Who saw a file."""
        return self.sections[section]["entries"][name]["seen_by"]

    def values(self, function: str) -> list[str]:
        """What a function that seeds was given."""
        return self.sections["seeds"]["calls"][function]["values"]


@pytest.fixture
def run(envsnap: Run, tmp_path: Path):
    """Observes a script, or a command, in a folder of its own."""

    def observe(
        script: str = "",
        *arguments: str,
        command: list[str] | None = None,
        python: str = sys.executable,
        cwd: Path | None = None,
        options: tuple[str, ...] = (),
        **settings: Any,
    ) -> Observed:
        folder = cwd or tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / "script.py").write_text(script)
        place = tmp_path / "run.json"
        called = command or [python, "script.py", *arguments]
        done = envsnap("run", *options, "-o", place, "--", *called, cwd=folder, **settings)
        assert place.exists(), done.stderr
        return Observed(done, place)

    return observe
