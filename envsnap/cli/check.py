"""`envsnap check`."""

from __future__ import annotations

import click

from envsnap import api
from envsnap.cli import attested, exit_styles, inputs, outputs


@click.command()
@click.argument("manifest")
@outputs.report_options
@exit_styles.option
@attested.options
def command(
    manifest: str,
    style: str,
    fail_on: str,
    fail_on_unknown: bool,
    color: str,
    output: str,
    policy: str | None,
    error_text: str | None,
    symptom: str | None,
) -> int:
    """Say what is wrong with one environment by itself."""
    from envsnap.report.document import Report

    inputs.once_from_stdin((manifest, error_text or ""))
    outputs.require_files(style, (manifest,))
    rulings = api.load_policy(policy)
    found = inputs.document(manifest).manifest
    text = inputs.text(error_text)
    result = api.check(found, policy=rulings, error_text=text, symptom=symptom)
    judged = (outputs.judged(manifest, found, result, style),)
    report = Report(reference=None, judged=judged, policy=rulings, has_text=bool(text or symptom))
    return outputs.finish(report, style, output, color, fail_on, fail_on_unknown=fail_on_unknown)
