"""`envsnap fleet capture`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Unpack

from envsnap import api
from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.cli.fleet.options import engines
from envsnap.report.sanitize import plain

if TYPE_CHECKING:
    from envsnap.fleet.capturing import Captured, Whom

ENGINES = ("hosts", "slurm", "ray", "dask", "kubernetes")
UNKNOWN = 6
MOST_REASONS = 12


@declared.command()
@declared.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    help="Write one manifest per host into this folder.",
)
@engines
def command(
    output: str,
    torchrun: bool,
    python: str | None,
    no_import: bool,
    env: tuple[str, ...],
    redaction_key: str | None,
    deadline: float,
    **whom: Unpack[Whom],
) -> int:
    """Capture every host of a job or a cluster into a folder.

    Nothing is installed on the hosts. Every host has a state five seconds after the deadline at the
    latest. Hosts that did not answer are recorded with the reason. `envsnap fleet diff DIR`
    compares them.
    """
    key = api.load_redaction_key(redaction_key) if redaction_key else b""
    if torchrun:
        if any(whom.get(name) for name in ENGINES):
            raise declared.UsageError(
                "--torchrun cannot be combined with another engine: each rank runs it"
            )
        silent = api.capture_rank(
            output, deadline=deadline, python=python or sys.executable, env=env, redaction_key=key
        )
        return 0 if not silent else _told(silent)
    captured = api.capture_fleet(
        output,
        python=python,
        import_frameworks=not no_import,
        env=env,
        redaction_key=key,
        deadline=deadline,
        **whom,
    )
    return _finish(captured, output)


def _finish(captured: Captured, output: str) -> int:
    echo(f"envsnap: wrote {len(captured.answered):,} manifests to {output}", err=True)
    silent = {**captured.silent, **dict.fromkeys(captured.missing, "missing: in the inventory")}
    return _told(silent) if silent else 0


def _told(silent: dict[str, str]) -> int:
    """Say who gave no answer, a line a reason."""
    from envsnap.report.fleet.words import hosts

    reasons: dict[str, list[str]] = {}
    for host, reason in silent.items():
        reasons.setdefault(reason, []).append(host)
    for reason, names in list(reasons.items())[:MOST_REASONS]:
        echo(f"envsnap: {hosts(names)}: {plain(reason)[:200]}", err=True)
    if len(reasons) > MOST_REASONS:
        echo(f"envsnap: {len(reasons) - MOST_REASONS} more reasons", err=True)
    return UNKNOWN
