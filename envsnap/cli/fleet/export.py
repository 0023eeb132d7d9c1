"""`envsnap fleet export`."""

from __future__ import annotations

import click

from envsnap import api


@click.command()
@click.argument("store", metavar="STORE")
@click.option(
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
    click.echo(f"envsnap: wrote {count:,} hosts to {parquet}", err=True)
    return 0
