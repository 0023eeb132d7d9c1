"""`envsnap diff`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import attested, declared, exit_styles, inputs, outputs
from envsnap.cli.echo import echo


@declared.command()
@declared.argument("reference")
@declared.argument("others", nargs=-1, required=True, metavar="OTHER [OTHER…]")
@declared.option(
    "--peers",
    is_flag=True,
    help="The files are hosts of one job that should all be equal; the majority is the reference.",
)
@outputs.report_options
@exit_styles.option
@attested.options
def command(
    reference: str,
    others: tuple[str, ...],
    peers: bool,
    style: str,
    fail_on: str,
    fail_on_unknown: bool,
    color: str,
    output: str,
    policy: str | None,
    error_text: str | None,
    symptom: str | None,
) -> int:
    """Say what differs between environments, and which difference matters.

    REFERENCE is the environment that works. Each OTHER is compared with it; several are shown side
    by side. Each file may be a manifest, the output of the probe, or a lock file or report
    (`envsnap explain --formats`); - is standard input. With --peers, the majority of the hosts is
    the reference.
    """
    from envsnap.report.document import Report, side
    from envsnap.report.sanitize import plain

    inputs.once_from_stdin((reference, *others, error_text or ""))
    outputs.require_files(style, others)
    rulings = api.load_policy(policy)
    text = inputs.text(error_text)
    names = [reference, *others]
    documents = [inputs.document(name) for name in names]
    manifests = [item.manifest for item in documents]
    attested.require_used()
    if peers:
        first, told = api.most_alike(manifests)
        echo(f"envsnap: {told}; reference: {plain(names[first])}", err=True)
        names.insert(0, names.pop(first))
        manifests.insert(0, manifests.pop(first))
    for name, manifest in zip(names[1:], manifests[1:], strict=True):
        held = api.held_against(manifests[0], manifest)
        if held is not None:
            echo(f"envsnap: {plain(name)}: {held}", err=True)
    results = api.diff_several(
        manifests, peers=peers, policy=rulings, error_text=text, symptom=symptom
    )
    judged = tuple(
        outputs.judged(name, manifest, result, style)
        for name, manifest, result in zip(names[1:], manifests[1:], results, strict=True)
    )
    report = Report(
        reference=side(names[0], manifests[0]),
        judged=judged,
        hosts=api.side_by_side(manifests, results) if len(others) > 1 else None,
        policy=rulings,
        has_text=bool(text),
        symptom=symptom,
        unread=tuple(part for item in documents for part in item.unread),
    )
    return outputs.finish(report, style, output, color, fail_on, fail_on_unknown=fail_on_unknown)
