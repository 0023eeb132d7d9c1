"""What is checked, in sessions. `nox -l` lists them; `.ci/run` runs all but `full`.

Every session uses the environment that nox itself runs in (`pip install -e '.[dev]'`): what a
test needs besides (torch, a Docker Engine, other Pythons) it says itself, and skips without it.
"""

from __future__ import annotations

import time
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "fast"]

CODE = ("envsnap", "tests", "benchmarks", "tools", "noxfile.py")
# What the 60-second loop covers: the rooms that start next to no process.
QUICK = ("rules", "changes", "model", "report", "intake", "architecture")
PARALLEL = ("-n", "2", "--dist", "loadfile")
# The oldest Python of what runs in somebody else's process.
FLOORS = {
    "3.6": ("probe", "redact"),
    "3.8": ("replay/recorder/inside", "observe/inside", "observe/site", "fleet/engines/inside"),
}
HEAVY = ("torch", "engine", "interpreters", "full")


def _pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    command = ("python", "-m", "pytest", "-q", *arguments, *session.posargs)
    session.run(*command, env=env or {})


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layers of rooms, and the oldest Python of what runs in a target."""
    session.run("ruff", "check", *CODE)
    session.run("ruff", "format", "--check", *CODE)
    session.run("lint-imports", silent=True)
    for floor, rooms in FLOORS.items():
        sources = [
            str(path) for room in rooms for path in sorted(Path("envsnap", room).rglob("*.py"))
        ]
        options = ["--violations", "--no-tips"] + ["--eval-annotations"] * (floor < "3.7")
        session.run("vermin", f"--target={floor}-", *options, *sources, silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """Types of the whole package, strictly."""
    session.run("mypy")


@nox.session
def quick(session: nox.Session) -> None:
    """The loop while writing: rules, changes, model, report, intake, architecture."""
    _pytest(session, *PARALLEL, *(f"tests/{room}" for room in QUICK))


@nox.session
def fast(session: nox.Session) -> None:
    """Everything that needs neither torch nor an engine nor other Pythons."""
    _pytest(session, *PARALLEL, "-m", " and ".join(f"not {mark}" for mark in HEAVY))


@nox.session
def torch(session: nox.Session) -> None:
    """What needs torch and the libraries beside it."""
    _pytest(session, *PARALLEL, "-m", "torch and not engine and not full")


@nox.session
def interpreters(session: nox.Session) -> None:
    """The probe in every Python of this machine."""
    _pytest(session, *PARALLEL, "-m", "interpreters and not torch and not engine and not full")


@nox.session
def engine(session: nox.Session) -> None:
    """What needs a Docker Engine, one after the other: they share its images."""
    _pytest(session, "-m", "engine and not full")


@nox.session
def full(session: nox.Session) -> None:
    """What is too heavy for every change; run it before an issue is resolved.

    Beside torch and an engine it wants the extra test-fleet and Debian's slurm-wlm, munge and
    openmpi-bin. Each reader of foreign input is fuzzed for ten minutes.
    """
    _pytest(session, "-m", "full")
    seed = str(int(time.time()))
    _pytest(session, "tests/fuzz", env={"ENVSNAP_FUZZ_SECONDS": "600", "ENVSNAP_FUZZ_SEED": seed})
    _pytest(session, "-m", "hypothesis", env={"ENVSNAP_FUZZ_SEED": seed})
    session.run("python", "-m", "benchmarks")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, built strictly into site/; `fast` runs the sessions that pages show."""
    session.run("mkdocs", "build", "--strict", "-q", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def ratios(session: nox.Session) -> None:
    """The promised ratios, the score on real cases, what redaction and the readers get wrong."""
    session.run("python", "-m", "benchmarks", "--quick")
    for name in ("root_cause", "redaction", "formats"):
        session.run("python", "-m", f"benchmarks.{name}")
