"""Two real environments of tiny distributions, and programs that show faults in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from envsnap import api
from envsnap.bisection.result import Bisection
from envsnap.bisection.session import Options
from envsnap.model.manifest import Manifest
from tests.bisection import wheels
from tests.conftest import COMMAND

HARMLESS = [f"trial-{number:02}" for number in range(12)]
# Beside them: `user` needs `base` of its own release, though only its metadata say so.
GOOD = {**dict.fromkeys(HARMLESS, "1.0"), "trial-base": "1.0", "trial-user": "1.0"}
BAD = {**dict.fromkeys(HARMLESS, "2.0"), "trial-base": "2.0", "trial-user": "2.0"}
USER = {
    1: "import trial_base\nvalue = 1\n",
    2: "import trial_base\nassert trial_base.value == 2, 'half of an upgrade'\nvalue = 2\n",
}
IMPORTS = "".join(f"import trial_{number:02}\n" for number in range(12))


class World:
    """Wheels, both environments, and a folder for programs."""

    def __init__(self, folder: Path, links: Mapping[str, str] | None = None) -> None:
        """Make both; `links` are distributions that lead to another folder of packages."""
        self.wheels, self.folder = folder / "wheels", folder
        self.wheels.mkdir()
        for number in (1, 2):
            for name in HARMLESS:
                wheels.wheel(self.wheels, name, f"{number}.0", f"value = {number}\n")
            wheels.wheel(self.wheels, "trial-base", f"{number}.0", f"value = {number}\n")
            wheels.wheel(
                self.wheels, "trial-user", f"{number}.0", USER[number],
                [f"trial-base=={number}.0"],
            )  # fmt: skip
        for name, place in (links or {}).items():
            more = {f"{name.replace('-', '_')}.pth": f"{place}\n"}
            wheels.wheel(self.wheels, name, "1.0", "", more=more)
        both = dict.fromkeys(links or {}, "1.0")
        self.good = str(wheels.environment(folder / "good", self.wheels, {**GOOD, **both}))
        self.bad = str(wheels.environment(folder / "bad", self.wheels, {**BAD, **both}))

    def manifests(
        self, good: Mapping[str, str] | None = None, bad: Mapping[str, str] | None = None
    ) -> tuple[Manifest, Manifest]:
        """Both sides, captured in shells with these variables."""
        asked = [f"--env={name}" for name in sorted({**(good or {}), **(bad or {})})]
        found = []
        for name, python, variables in (("a", self.good, good), ("b", self.bad, bad)):
            path = f"{name}-manifest.json"
            subprocess.run(
                [COMMAND, "capture", "--no-import", "--python", python, "-o", path, *asked],
                env={"PATH": os.environ["PATH"], **(variables or {})},
                check=True, capture_output=True,
            )  # fmt: skip
            found.append(api.load(path))
        return found[0], found[1]

    def bisect(
        self,
        program: str,
        sides: tuple[Manifest, Manifest] | None = None,
        command: Sequence[str] = ("python", "main.py"),
        **options: object,
    ) -> Bisection:
        """Bisect a program in the working folder."""
        Path("main.py").write_text(IMPORTS + program)
        chosen = Options(find_links=str(self.wheels), **options)  # type: ignore[arg-type]
        return api.bisect_environments(*(sides or self.manifests()), command, chosen)


def culprits(found: Bisection) -> list[list[str]]:
    """What was named, one list a cause."""
    return sorted(sorted(item.path for item in cause.culprits) for cause in found.causes)


def left_over() -> list[str]:
    """Processes of trials of this cache that still run."""
    mark = f"ENVSNAP_TRIAL_SAID={os.environ['XDG_CACHE_HOME']}".encode()
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as stream:
                if any(word.startswith(mark) for word in stream.read().split(b"\0")):
                    found.append(name)
        except OSError:
            continue
    return found
