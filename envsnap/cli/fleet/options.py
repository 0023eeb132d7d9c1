"""Which hosts `envsnap fleet capture` asks: the options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from envsnap import api
from envsnap.cli import declared

Command = TypeVar("Command", bound=Callable[..., object])
# Whom to ask.
HOSTS = (
    declared.option("--hosts", metavar="SET|@FILE", help="Hosts that ssh reaches, as n[1-512]."),
    declared.option(
        "--slurm", is_flag=True, help="Nodes of the Slurm allocation that this command runs in."
    ),
    declared.option(
        "--ray",
        is_flag=False,
        flag_value="auto",
        metavar="[ADDRESS]",
        help="Nodes of a Ray cluster; without ADDRESS, of the local one.",
    ),
    declared.option("--actors", is_flag=True, help="With --ray: the actors, not the nodes."),
    declared.option("--dask", metavar="ADDRESS", help="Workers of this Dask scheduler."),
    declared.option("--kubernetes", metavar="SELECTOR", help="Pods with these labels."),
    declared.option("--namespace", metavar="NAME", help="With --kubernetes: this namespace."),
    declared.option("--container", metavar="NAME", help="With --kubernetes: this container."),
    declared.option(
        "--torchrun",
        is_flag=True,
        help="Inside a job (torchrun, mpirun, srun): each rank captures itself.",
    ),
    declared.option(
        "--inventory",
        metavar="FILE|SET",
        help="Hosts that should be there. A host without an answer is missing.",
    ),
)
# What to ask, and for how long.
ASKED = (
    declared.option(
        "--python",
        metavar="PATH",
        help="The interpreter on the hosts; with --ray and --dask, a local one that can import "
        "Ray or Dask.",
    ),
    declared.option("--no-import", is_flag=True, help="Do not import frameworks."),
    declared.option(
        "--env",
        multiple=True,
        metavar="NAME",
        help="Record the value of this environment variable too.",
    ),
    declared.option(
        "--redaction-key",
        metavar="FILE",
        help="Add keyed digests, so that values left out as secrets can still be compared.",
    ),
    declared.option(
        "--fanout",
        type=declared.Number(1, 1024, whole=True),
        default=64,
        show_default=True,
        help="Capture this many hosts at a time.",
    ),
    declared.option(
        "--deadline",
        type=declared.Number(1, 86400),
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
