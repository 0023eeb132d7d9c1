"""`envsnap schema`."""

from __future__ import annotations

import click

from envsnap.cli import outputs


@click.command()
@click.argument("name", type=click.Choice(["manifest", "report", "plan"]), default="manifest")
@click.option("-o", "--output", default="-", help="Write the schema here; - is standard output.")
def command(name: str, output: str) -> int:
    """Print the JSON Schema (2020-12) of what envsnap writes."""
    from envsnap import api

    outputs.write(api.schema(name).encode("ascii"), output, 0o644)
    return 0
