"""`envsnap fleet add`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.cli.fleet import beside
from envsnap.report.sanitize import plain
from envsnap.wording import counted

MOST_REFUSED = 10


@declared.command()
@declared.argument("store", metavar="STORE")
@declared.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...")
@declared.option(
    "--keep",
    type=declared.Number(0),
    metavar="DAYS",
    help="Delete states of hosts that ended more than this many days ago. Current states stay.",
)
def command(store: str, paths: tuple[str, ...], keep: float | None) -> int:
    """Add captured hosts to a store, a folder that only you can read.

    Sections that hosts share are stored once, and a host's history as its changes. Digests are
    recomputed. A manifest that does not match its digests is refused by name; the others are added.
    """
    added = api.add_to_store(store, paths, keep_days=keep)
    beside.tell(paths)
    for line in added.refused[:MOST_REFUSED]:
        echo(f"envsnap: refused: {plain(line)}", err=True)
    if len(added.refused) > MOST_REFUSED:
        echo(f"envsnap: refused: {len(added.refused) - MOST_REFUSED} more", err=True)
    told = f"added {counted(added.new, 'host')}"
    if added.hosts > added.new:
        same = added.hosts - added.new - added.changed
        told += f"; of those it had, {added.changed:,} changed and {same:,} did not"
    if added.older:
        named = plain(", ".join(added.late)) + (", …" if added.older > len(added.late) else "")
        told += f"; {counted(added.older, 'manifest')} older than what the store has ({named})"
    if added.forgotten:
        told += f"; forgot {counted(added.forgotten, 'earlier state')}"
    if added.ahead:
        echo(
            f"envsnap: of a time that has not come yet: {plain(', '.join(added.ahead))}; set the clock"
            " there or here, or later captures count as older",
            err=True,
        )
    echo(f"envsnap: {store}: {told}", err=True)
    return 2 if added.refused else 0
