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
    fail_on_unknown: bool,
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
    first = inputs.document(reference).manifest
    manifests, judged = [first], []
    for name in others:
        found = inputs.document(name).manifest
        result = api.diff(first, found, policy=rulings, error_text=text)
        judged.append(outputs.judged(name, found, result, style))
        manifests.append(found)
    several = len(others) > 1
    report = Report(
        reference=side(reference, first),
        judged=tuple(judged),
        hosts=api.side_by_side(manifests, [item.result for item in judged]) if several else None,
        policy=rulings,
    )
    return outputs.finish(report, style, output, color, fail_on, fail_on_unknown=fail_on_unknown)
