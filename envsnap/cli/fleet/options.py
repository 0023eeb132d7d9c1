"""Which hosts `envsnap fleet capture` asks: the options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from envsnap import api

Command = TypeVar("Command", bound=Callable[..., object])
# Whom to ask.
HOSTS = (
    click.option("--hosts", metavar="SET|@FILE", help="Hosts that ssh reaches, as n[1-512]."),
    click.option(
        "--slurm", is_flag=True, help="Nodes of the Slurm allocation that this command runs in."
    ),
    click.option(
        "--ray",
        is_flag=False,
        flag_value="auto",
        metavar="[ADDRESS]",
        help="Nodes of a Ray cluster; without ADDRESS, of the local one.",
    ),
    click.option("--actors", is_flag=True, help="With --ray: the actors, not the nodes."),
    click.option("--dask", metavar="ADDRESS", help="Workers of this Dask scheduler."),
    click.option("--kubernetes", metavar="SELECTOR", help="Pods with these labels."),
    click.option("--namespace", metavar="NAME", help="With --kubernetes: this namespace."),
    click.option("--container", metavar="NAME", help="With --kubernetes: this container."),
    click.option(
        "--torchrun",
        is_flag=True,
        help="Inside a job (torchrun, mpirun, srun): each rank captures itself.",
    ),
    click.option(
        "--inventory",
        metavar="FILE|SET",
        help="Hosts that should be there. A host without an answer is missing.",
    ),
)
# What to ask, and for how long.
ASKED = (
    click.option(
        "--python",
        metavar="PATH",
        help="The interpreter on the hosts; with --ray and --dask, a local one that can import "
        "Ray or Dask.",
    ),
    click.option("--no-import", is_flag=True, help="Do not import frameworks."),
    click.option(
        "--env",
        multiple=True,
        metavar="NAME",
        help="Record the value of this environment variable too.",
    ),
    click.option(
        "--redaction-key",
        metavar="FILE",
        help="Add keyed digests, so that values left out as secrets can still be compared.",
    ),
    click.option(
        "--fanout",
        type=click.IntRange(1, 1024),
        default=64,
        show_default=True,
        help="Capture this many hosts at a time.",
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(1, 86400),
        default=api.DEFAULT_DEADLINE,
        show_default=True,
        metavar="SECONDS",
        help="Time limit in seconds. Every host has a state five seconds after it.",
    ),
)


def engines(command: Command) -> Command:
    """Add the options that name an engine, its hosts, and what to ask them."""
    for option in reversed((*HOSTS, *ASKED)):
        command = option(command)
    return command
