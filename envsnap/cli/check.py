"""`envsnap check`."""

from __future__ import annotations

import click

from envsnap import api
from envsnap.cli import inputs, outputs


@click.command()
@click.argument("manifest")
@click.option(
    "--error-text",
    metavar="FILE",
    help="A message, a traceback or a log (`-`: standard input): what explains it comes first.",
)
@outputs.report_options
def command(
    manifest: str, error_text: str | None, style: str, fail_on: str, color: str, output: str
) -> int:
    """Say what is wrong with one environment by itself."""
    from envsnap.report.document import Judged, Report, side

    inputs.once_from_stdin((manifest, error_text or ""))
    found = inputs.document(manifest).manifest
    text = inputs.text(error_text) if error_text else ""
    judged = Judged(side=side(manifest, found), result=api.check(found, error_text=text))
    report = Report(reference=None, judged=(judged,))
    return outputs.finish(report, style, output, color, fail_on)
