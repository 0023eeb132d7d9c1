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
    manifest: str,
    error_text: str | None,
    style: str,
    fail_on: str,
    color: str,
    output: str,
    policy: str | None,
) -> int:
    """Say what is wrong with one environment by itself."""
    from envsnap.report.document import Report

    inputs.once_from_stdin((manifest, error_text or ""))
    outputs.require_files(style, (manifest,))
    rulings = api.load_policy(policy)
    found = inputs.document(manifest).manifest
    text = inputs.text(error_text) if error_text else ""
    result = api.check(found, policy=rulings, error_text=text)
    judged = (outputs.judged(manifest, found, result, style),)
    report = Report(reference=None, judged=judged, policy=rulings)
    return outputs.finish(report, style, output, color, fail_on)
