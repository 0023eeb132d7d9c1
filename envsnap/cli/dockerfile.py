"""`envsnap dockerfile`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from envsnap import api
from envsnap.cli import inputs
from envsnap.report.sanitize import plain

# What needs a look comes first.
ORDER = ("unknown", "nearest", "exact")
MOST_NAMED = 6


@click.command()
@click.argument("manifest")
@click.option(
    "-o", "--output", required=True, metavar="FOLDER", help="Write the build context here."
)
@click.option(
    "--base",
    default="auto",
    show_default=True,
    metavar="auto|slim|cuda|IMAGE",
    help="The base image; auto decides from what the manifest shows.",
)
def command(manifest: str, output: str, base: str) -> int:
    """Write a build context that reproduces an environment.

    The folder gets a Dockerfile, pinned requirements and the manifest itself. Each decision is
    said on stderr: why, and how sure.
    """
    document = inputs.document(manifest)
    plan = api.write_context(document, Path(output), base)
    for decision in sorted(plan.decisions, key=lambda item: ORDER.index(item.certainty)):
        _say(f"{decision.subject}: {decision.choice} ({decision.certainty}): {decision.why}")
    reasons: dict[str, list[str]] = {}
    for left in (*plan.not_carried, *plan.dropped):
        reasons.setdefault(left.reason, []).append(left.path)
    for reason, paths in reasons.items():
        more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
        _say(f"left out: {', '.join(paths[:MOST_NAMED])}{more}: {reason}")
    command = ["docker", "build", "--platform", plan.base.platform, "-t", "NAME", output]
    _say(f"wrote {output}; build it with: {shlex.join(command)}")
    return 0


def _say(text: str) -> None:
    click.echo(f"envsnap: {plain(text)}", err=True)
