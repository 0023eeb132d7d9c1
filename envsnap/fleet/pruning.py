"""Forgets what hosts were long ago, and what nobody points to any more."""

from __future__ import annotations

from envsnap.fleet.store import Store


def prune(store: Store, before: int) -> int:
    """Forget spans that ended before a moment (seconds since 1970); return how many."""
    gone = store.connection.execute(
        "DELETE FROM span WHERE until < ? AND NOT EXISTS"
        " (SELECT 1 FROM host WHERE host.id = span.host AND host.since = span.since)",
        (before,),
    ).rowcount
    _sweep(store)
    return gone


def _sweep(store: Store) -> None:
    """Remove kinds without hosts or history, and sections without kinds."""
    run = store.connection.execute
    run(
        "DELETE FROM kind WHERE id NOT IN (SELECT kind FROM span)"
        " AND id NOT IN (SELECT kind FROM host)"
    )
    used = {int(item) for (key,) in run("SELECT key FROM kind") for item in key.split()}
    rows = run("SELECT id FROM object").fetchall()
    store.connection.executemany(
        "DELETE FROM object WHERE id=?", [row for row in rows if row[0] not in used]
    )
    store.forget_ids()
