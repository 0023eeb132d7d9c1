"""`envsnap check`."""

from __future__ import annotations

import click

from envsnap import api
from envsnap.cli import inputs, outputs


@click.command()
@click.argument("manifest")
@outputs.report_options
def command(manifest: str, style: str, fail_on: str, color: str, output: str) -> int:
    """Say what is wrong with one environment by itself."""
    from envsnap.report.document import Judged, Report, side

    found = inputs.document(manifest).manifest
    judged = Judged(side=side(manifest, found), result=api.check(found))
    report = Report(reference=None, judged=(judged,))
    return outputs.finish(report, style, output, color, fail_on)
