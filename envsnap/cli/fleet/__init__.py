"""`envsnap fleet`: the list of its commands; each is loaded when it is used."""

from __future__ import annotations

import click

from envsnap.cli.group import LazyGroup

COMMANDS = {
    "capture": "Capture every host of a job or a cluster into a folder.",
    "diff": "Print the state of every host, and what differs on the odd ones.",
    "add": "Add captured hosts to a store.",
    "history": "Say what changed, when, and on which hosts.",
    "export": "Write a store as Parquet, for DuckDB and Polars.",
}


class FleetGroup(LazyGroup):
    """The commands of a fleet."""

    table = COMMANDS
    room = "envsnap.cli.fleet"


@click.command(cls=FleetGroup)
def command() -> None:
    """Capture many hosts, compare them as peers, and keep their history.

    Every host ends in one of four states: same, drifted, unknown (it could not be captured or
    compared), missing (it is in the inventory but did not answer).
    """
