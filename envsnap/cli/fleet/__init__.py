"""`envsnap fleet`: the list of its commands; each is loaded when it is used."""

from __future__ import annotations

import click

from envsnap.cli.group import LazyGroup

COMMANDS = {
    "capture": "Describe every host of a job or a cluster into a folder.",
    "diff": "Say the state of every host, and what makes the odd ones odd.",
    "add": "Keep what hosts answered in a store.",
    "history": "Say what changed when, and on which hosts.",
    "export": "Write a store as Parquet, for DuckDB and Polars.",
}


class FleetGroup(LazyGroup):
    """The commands of a fleet."""

    table = COMMANDS
    room = "envsnap.cli.fleet"


@click.command(cls=FleetGroup)
def command() -> None:
    """Many hosts: capture them, compare them as peers, keep what they were.

    Every host ends in one of four states: same, drifted, unknown (it could not tell), missing (it
    is in the inventory, and silent).
    """
