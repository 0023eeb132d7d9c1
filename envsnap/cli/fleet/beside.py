"""What lies in a folder of answers and is none: said, so that nobody takes it for compared."""

from __future__ import annotations

import os

from envsnap import api
from envsnap.cli.echo import echo
from envsnap.report.sanitize import plain

SHOWN = 5


def tell(paths: tuple[str, ...]) -> None:
    """Name the files of folders that were not read."""
    names = [os.path.basename(path) for path in api.passed_over(paths)]
    if not names:
        return
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    echo(
        f"envsnap: not read: {plain(', '.join(names[:SHOWN]))}{more}; a host's answer ends in .json or .facts",
        err=True,
    )
