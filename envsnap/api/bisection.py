"""Which difference it is, by experiment."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from envsnap.api.environments import capture
from envsnap.errors import InputError

if TYPE_CHECKING:
    from envsnap.bisection.result import Bisection, Plan
    from envsnap.bisection.session import Options, Progress
    from envsnap.model.manifest import Manifest


def bisect_environments(
    good: Manifest,
    bad: Manifest,
    command: Sequence[str],
    options: Options | None = None,
    *,
    names: tuple[str, str] = ("GOOD", "BAD"),
    tell: Callable[[Progress], None] | None = None,
) -> Bisection:
    """Find the differences that make a command fail, and prove them both ways.

    The command exits with 0 if it works, and with 125 if it cannot decide. It runs many times, each
    time in a copy of the working folder and in an environment built for the trial. Databases and the
    network are not isolated.

    Args:
        good: The environment in which the command works.
        bad: The environment in which it fails.
        command: The command and its arguments.
        options: What to vary, how to judge, and when to stop.
        names: The names of the two sides in the result.
        tell: Called with the progress of each run.

    Raises:
        InputError: If an option, a manifest or a file cannot be used.
        BuildError: If an environment cannot be built.

    """
    if os.name != "posix":
        raise InputError("bisect runs commands on Linux and macOS only")
    from envsnap.bisection.session import Bisecting, Options

    here = _read_here()
    return Bisecting(
        good,
        bad,
        command,
        options or Options(),
        names=names,
        read_here=here,
        tell=tell or _unheard,
    ).run()


def plan_bisection(
    good: Manifest, bad: Manifest, command: Sequence[str], options: Options | None = None
) -> Plan:
    """Return what a bisection would vary, and in which order, without running anything."""
    from envsnap.bisection.session import Bisecting, Options

    return Bisecting(good, bad, command, options or Options()).plan()


def keep_case(found: Bisection, good: Manifest, bad: Manifest, path: str) -> None:
    """Add a proven result to the file of cases that `benchmarks.root_cause` reads.

    Only facts of the manifests are written. Raises InputError if nothing was proven.
    """
    from envsnap.bisection import kept

    kept.write(found, good, bad, path)


def _read_here() -> list[str]:
    """Variables of this shell that a manifest states: trials have them from the manifests only."""
    from msgspec import UNSET

    section = capture(import_frameworks=False).sections.env_vars
    if section is UNSET:
        return []
    entries = section.entries if isinstance(section.entries, dict) else {}
    return [*entries, *section.gaps]


def _unheard(_: Progress) -> None:
    """Tell nobody."""
