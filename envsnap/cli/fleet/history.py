"""`envsnap fleet history`."""

from __future__ import annotations

import sys

from envsnap import api
from envsnap.cli import declared, outputs


@declared.command()
@declared.argument("store", metavar="STORE")
@declared.option("--host", metavar="NAME", help="Show only this host: its states, and since when.")
@declared.option(
    "--since",
    metavar="WHEN",
    help="Changes from then on: 2026-11-26, 2026-11-26T08:00:00Z, or 7d for the last seven days.",
)
@declared.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")
@declared.option("-o", "--output", default="-", help="Write here; - is standard output.")
def command(store: str, host: str | None, since: str | None, as_json: bool, output: str) -> int:
    """Say what changed, when, on which hosts, and which kinds there were.

    Hosts with the same change on one day share a line. Each kind is shown with the image or target
    in which it was first seen, so that you know what to go back to.
    """
    from envsnap.report.fleet import past

    told = api.fleet_history(store, host=host, since=since)
    text = past.as_json(told) if as_json else past.as_text(told)
    encoding = (sys.stdout.encoding if output == "-" else None) or "utf-8"
    outputs.write(text.encode(encoding, "backslashreplace"), output, outputs.mode_of(store))
    return 0
