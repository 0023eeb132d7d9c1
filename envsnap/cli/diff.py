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
    reference: str,
    others: tuple[str, ...],
    style: str,
    fail_on: str,
    color: str,
    output: str,
    policy: str | None,
    error_text: str | None,
) -> int:
    """Say what differs between environments, and which difference matters.

    REFERENCE is the environment that works; each OTHER is compared with it, and several are laid
    side by side. A manifest, or the output of the probe, is accepted wherever a manifest is; - is
    standard input.
    """
    from envsnap.report.document import Report, side

    inputs.once_from_stdin((reference, *others, error_text or ""))
    outputs.require_files(style, others)
    rulings = api.load_policy(policy)
    text = inputs.text(error_text)
    left = inputs.document(reference).manifest
    manifests, judged = [left], []
    for name in others:
        right = inputs.document(name).manifest
        result = api.diff(left, right, policy=rulings, error_text=text)
        judged.append(outputs.judged(name, right, result, style))
        manifests.append(right)
    several = len(others) > 1
    report = Report(
        reference=side(reference, left),
        judged=tuple(judged),
        hosts=api.side_by_side(manifests, [item.result for item in judged]) if several else None,
        policy=rulings,
    )
    return outputs.finish(report, style, output, color, fail_on)
