"""`envsnap diff`."""

from __future__ import annotations

import click

from envsnap import api
from envsnap.cli import inputs, outputs


@click.command()
@click.argument("reference")
@click.argument("others", nargs=-1, required=True, metavar="OTHER [OTHER…]")
@outputs.report_options
def command(
    reference: str, others: tuple[str, ...], style: str, fail_on: str, color: str, output: str
) -> int:
    """Say what differs between environments, and which difference matters.

    REFERENCE is the environment that works; each OTHER is compared with it. A manifest, or the
    output of the probe, is accepted wherever a manifest is; - is standard input.
    """
    from envsnap.report.document import Judged, Report, side

    inputs.once_from_stdin((reference, *others))
    left = inputs.document(reference).manifest
    judged = []
    for name in others:
        right = inputs.document(name).manifest
        judged.append(Judged(side=side(name, right), result=api.diff(left, right)))
    report = Report(reference=side(reference, left), judged=tuple(judged))
    return outputs.finish(report, style, output, color, fail_on)
