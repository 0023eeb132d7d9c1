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

    The command ends with 0 where it works and with 125 where it cannot say. It is run many times,
    in copies of the working folder, with environments that are made for it; databases and the
    network stay open to it. `names` is what the sides are called in the result; `tell` hears how far it is. Raises InputError for what cannot be used
    and BuildError where an environment cannot be made.
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
    """Say what a bisection would vary, and in which order; nothing is run."""
    from envsnap.bisection.session import Bisecting, Options

    return Bisecting(good, bad, command, options or Options()).plan()


def keep_case(found: Bisection, good: Manifest, bad: Manifest, path: str) -> None:
    """Add a proven result to a file of cases, which `benchmarks.root_cause` reads.

    Facts only, as the manifests state them. Raises InputError where nothing was proven.
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
