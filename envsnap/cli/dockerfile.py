"""`envsnap dockerfile`."""

from __future__ import annotations

from pathlib import Path

import click

from envsnap import api
from envsnap.report.sanitize import plain


@click.command()
@click.argument("manifest")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Write the build context here.")
@click.option("--base", default="auto", show_default=True, metavar="auto|slim|cuda|IMAGE",
              help="The base image; auto decides from what the manifest shows.")
def command(manifest: str, output: str, base: str) -> int:
    """Write a build context that reproduces an environment.

    The folder gets a Dockerfile, pinned requirements and the manifest itself. Each decision is
    said on stderr: why, and how sure.
    """
    document = api.load_document(manifest)
    plan = api.write_context(document, Path(output), base)
    for decision in plan.decisions:
        _say(f"{decision.subject}: {decision.choice} ({decision.certainty}): {decision.why}")
    for dropped in plan.not_carried:
        _say(f"not carried: {dropped}")
    _say(f"wrote {output}; build it with: docker build -t NAME {output}")
    return 0


def _say(text: str) -> None:
    click.echo(f"envsnap: {plain(text)}", err=True)
