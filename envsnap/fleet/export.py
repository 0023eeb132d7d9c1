"""A store as Parquet: hosts, their kinds and spans, which section of each is which object, and its facts."""

from __future__ import annotations

import os
import zlib
from functools import partial
from itertools import islice
from typing import Any

from envsnap.errors import InputError
from envsnap.fleet.store import Store

ROWS = 50_000
SPANS = (
    "SELECT host.name, span.since, span.until, span.kind FROM span"
    " JOIN host ON host.id = span.host ORDER BY host.id, span.since"
)


def parquet(store: Store, folder: str) -> int:
    """Write five files, readable by their owner; return the number of hosts. Raises InputError."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as writer
    except ImportError:
        raise InputError("Parquet needs pyarrow: install the extra `fleet`") from None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    run = store.connection.execute
    keys = {kind: key.split() for kind, key in run("SELECT id, key FROM kind")}
    sections = dict(run("SELECT id, section FROM object"))
    text, whole = pa.string(), pa.int64()
    write = partial(_write, pa, writer, folder)
    hosts = run("SELECT name, kind, since, seen, memory, shm FROM host ORDER BY id")
    write(
        "host",
        {"host": text, "kind": whole, "since": whole, "seen": whole, "memory": whole, "shm": whole},
        iter(hosts),
    )
    span = {"host": text, "since": whole, "until": whole, "kind": whole}
    write("span", span, iter(run(SPANS)))
    named = (
        (kind, store.name(kind), target, first)
        for kind, target, first in run("SELECT id, target, first FROM kind ORDER BY id").fetchall()
    )
    write("kind", {"kind": whole, "name": text, "target": text, "first": whole}, named)
    facts = (
        (name, sections[int(item)], int(item))
        for name, kind in run("SELECT name, kind FROM host ORDER BY id")
        for item in keys[kind]
    )
    write("fact", {"host": text, "section": text, "object": whole}, facts)
    objects = (
        (number, section, zlib.decompress(body).decode())
        for number, section, body in run("SELECT id, section, body FROM object ORDER BY id")
    )
    write("object", {"object": whole, "section": text, "body": text}, objects)
    return int(run("SELECT count(*) FROM host").fetchone()[0])


def _write(
    pyarrow: Any, writer: Any, folder: str, name: str, columns: dict[str, Any], rows: Any
) -> None:
    """Write rows as one file, some at a time."""
    path = os.path.join(folder, f"{name}.parquet")
    schema = pyarrow.schema(list(columns.items()))
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    with writer.ParquetWriter(path, schema, compression="zstd") as out:
        while batch := list(islice(rows, ROWS)):
            lists = zip(*batch, strict=True)
            table = {key: list(column) for key, column in zip(columns, lists, strict=True)}
            out.write_table(pyarrow.table(table, schema=schema))
