"""`envsnap dockerfile`."""

from __future__ import annotations

from pathlib import Path

import click

from envsnap import api
from envsnap.report.sanitize import plain


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
    document = api.load_document(manifest)
    plan = api.write_context(document, Path(output), base)
    for decision in plan.decisions:
        _say(f"{decision.subject}: {decision.choice} ({decision.certainty}): {decision.why}")
    for left in (*plan.not_carried, *plan.dropped):
        _say(f"left out: {left.path}: {left.reason}")
    platform = f" --platform {plan.base.platform}" if plan.base.platform != "linux/amd64" else ""
    _say(f"wrote {output}; build it with: docker build{platform} -t NAME {output}")
    return 0


def _say(text: str) -> None:
    click.echo(f"envsnap: {plain(text)}", err=True)
