"""Leaves a noisy fact out of a store: sections, and with them kinds, that differed in it become one."""

from __future__ import annotations

import json

from envsnap.fleet import kinds, parts
from envsnap.fleet.store import Store
from envsnap.intake.many import Part
from envsnap.model.paths import Path

LOOKED_AT = 500


def quieten(store: Store) -> frozenset[Path]:
    """Name the facts that make more than a thousand sections, and leave them out."""
    for _ in range(kinds.MOST_NOISE):
        row = store.connection.execute(
            "SELECT section, count(*) n FROM object GROUP BY section HAVING n > ?"
            " AND '[\"' || section || '\"]' NOT IN (SELECT path FROM noise)"
            " ORDER BY n DESC LIMIT 1",
            (kinds.MOST_KINDS,),
        ).fetchone()
        if row is None:
            break
        leave_out(store, row[0])
        store.forget_ids()
    return store.left_out()


def leave_out(store: Store, name: str) -> None:
    """Find the fact of a section with most values, note it, and shape the section anew."""
    sample = [
        store.section(body, name)
        for (body,) in store.connection.execute(
            "SELECT body FROM object WHERE section=? ORDER BY id DESC LIMIT ?", (name, LOOKED_AT)
        )
    ]
    path, _ = kinds.loudest(name, sample, store.left_out(), soft=True)
    count = store.connection.execute(
        "SELECT count(*) FROM object WHERE section=?", (name,)
    ).fetchone()[0]
    store.connection.execute("INSERT INTO noise VALUES(?,?)", (json.dumps(path), count))
    _reshape(store, name)


def _reshape(store: Store, name: str) -> None:
    left_out = store.left_out()
    moved: dict[int, int] = {}
    first: dict[bytes, int] = {}
    for number, body in store.connection.execute(
        "SELECT id, body FROM object WHERE section=? ORDER BY id", (name,)
    ).fetchall():
        shape = parts.shape(Part(name, store.section(body, name)), left_out)
        key, soft = parts.spelled(name, shape)
        moved[number] = first.setdefault(key, number)
        if moved[number] == number:
            store.connection.execute(
                "UPDATE object SET key=?, hardware=?, software=?, soft=? WHERE id=?",
                (key, shape.hardware, shape.software, soft, number),
            )
    _merge(store, moved)


def _merge(store: Store, moved: dict[int, int]) -> None:
    """Point kinds to the sections that are left, and hosts to the kinds that are left."""
    rows = store.connection.execute("SELECT id, key FROM kind ORDER BY id").fetchall()
    taken: dict[str, int] = {}
    gone: list[tuple[int, int]] = []
    renamed: list[tuple[str, int]] = []
    for number, key in rows:
        fresh = " ".join(str(moved.get(int(item), int(item))) for item in key.split())
        kept = taken.setdefault(fresh, number)
        if kept != number:
            gone.append((kept, number))
        elif fresh != key:
            renamed.append((fresh, number))
    run = store.connection.executemany
    run("UPDATE host SET kind=? WHERE kind=?", gone)
    _move_spans(store, {old: new for new, old in gone})
    run("DELETE FROM kind WHERE id=?", [(old,) for _, old in gone])
    run("UPDATE kind SET key=? WHERE id=?", renamed)
    run("DELETE FROM object WHERE id=?", [(old,) for old, new in moved.items() if old != new])


def _move_spans(store: Store, moved: dict[int, int]) -> None:
    if moved:
        store.connection.execute("CREATE TEMP TABLE moved(old INTEGER PRIMARY KEY, new INTEGER)")
        store.connection.executemany("INSERT INTO moved VALUES(?,?)", moved.items())
        store.connection.execute(
            "UPDATE span SET kind=(SELECT new FROM moved WHERE old=kind)"
            " WHERE kind IN (SELECT old FROM moved)"
        )
        store.connection.execute("DROP TABLE moved")
