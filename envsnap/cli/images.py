"""What the commands about images share: options, and what they say of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from envsnap.report.sanitize import plain

if TYPE_CHECKING:
    from envsnap.image.records import Plan

Command = TypeVar("Command", bound=Callable[..., object])
# What needs a look comes first.
ORDER = ("unknown", "nearest", "exact")
MOST_NAMED = 6


def lock_options(command: Command) -> Command:
    """Add the options of every command that resolves hashes."""
    for option in (
        click.option(
            "--allow-unhashed",
            is_flag=True,
            help="Pin by version only what no known file is the installed one of.",
        ),
        click.option(
            "--find-links",
            metavar="FOLDER",
            help="Wheels that no index has; looked at first, copied into the build context.",
        ),
    ):
        command = option(command)
    return command


def tell(plan: Plan) -> None:
    """Say on stderr what was decided, why, how sure, and what is left out."""
    for decision in sorted(plan.decisions, key=lambda item: ORDER.index(item.certainty)):
        say(f"{decision.subject}: {decision.choice} ({decision.certainty}): {decision.why}")
    reasons: dict[str, list[str]] = {}
    for left in (*plan.not_carried, *plan.dropped):
        reasons.setdefault(left.reason, []).append(left.path)
    for reason, paths in reasons.items():
        more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
        say(f"left out: {', '.join(paths[:MOST_NAMED])}{more}: {reason}")


def say(text: str) -> None:
    """Say one line on stderr."""
    click.echo(f"envsnap: {plain(text)}", err=True)
