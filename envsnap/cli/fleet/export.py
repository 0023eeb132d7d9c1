"""`envsnap fleet export`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import declared
from envsnap.cli.echo import echo


@declared.command()
@declared.argument("store", metavar="STORE")
@declared.option(
    "--parquet",
    required=True,
    metavar="FOLDER",
    help="Write host.parquet, fact.parquet and object.parquet into this folder.",
)
def command(store: str, parquet: str) -> int:
    """Write a store as Parquet, for DuckDB and Polars.

    Three tables are written: hosts, their sections, and the facts in these.
    """
    count = api.export_store(store, parquet)
    echo(f"envsnap: wrote {count:,} hosts to {parquet}", err=True)
    return 0
