"""Hosts that a store was told of and that gave no answer: they are unknown until they answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

TABLE = "CREATE TABLE IF NOT EXISTS silent(name TEXT PRIMARY KEY, reason TEXT, at INTEGER)"
WITHOUT = " WHERE name NOT IN (SELECT name FROM silent)"


def note(
    connection: sqlite3.Connection, silent: Mapping[str, str], answered: Iterable[str], at: int
) -> None:
    """Write down who was silent at a time, in seconds since 1970, and who has answered since.

    An answer that is later than the silence stands.
    """
    connection.execute(TABLE)
    connection.executemany("DELETE FROM silent WHERE name=?", [(name,) for name in answered])
    connection.executemany(
        "INSERT OR REPLACE INTO silent SELECT ?1, ?2, ?3"
        " WHERE NOT EXISTS (SELECT 1 FROM host WHERE name=?1 AND seen>?3)",
        [(name, reason, at) for name, reason in silent.items()],
    )


def known(connection: sqlite3.Connection) -> dict[str, str]:
    """Who is silent, and why."""
    if not _is_there(connection):
        return {}
    return dict(connection.execute("SELECT name, reason FROM silent ORDER BY name"))


def without(connection: sqlite3.Connection) -> str:
    """The end of a query of hosts that leaves those out."""
    return WITHOUT if _is_there(connection) else ""


def _is_there(connection: sqlite3.Connection) -> bool:
    """Whether a store has the table: earlier ones have none."""
    row = connection.execute("SELECT 1 FROM sqlite_master WHERE name='silent'").fetchone()
    return row is not None
