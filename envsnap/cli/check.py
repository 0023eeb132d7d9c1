"""`envsnap check`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import attested, declared, exit_styles, inputs, outputs


@declared.command()
@declared.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@outputs.report_options
@exit_styles.option
@attested.options
def command(
    manifests: tuple[str, ...],
    style: str,
    fail_on: str,
    fail_on_unknown: bool,
    color: str,
    output: str,
    policy: str | None,
    error_text: str | None,
    symptom: str | None,
) -> int:
    """Say what is wrong with one environment by itself. Several are judged one by one."""
    from envsnap.report.document import Report

    inputs.once_from_stdin((*manifests, error_text or ""))
    outputs.require_files(style, manifests)
    rulings = api.load_policy(policy)
    text = inputs.text(error_text)
    judged = []
    for name in manifests:
        found = inputs.document(name).manifest
        result = api.check(found, policy=rulings, error_text=text, symptom=symptom)
        judged.append(outputs.judged(name, found, result, style))
    attested.require_used()
    report = Report(
        reference=None, judged=tuple(judged), policy=rulings, has_text=bool(text), symptom=symptom
    )
    return outputs.finish(report, style, output, color, fail_on, fail_on_unknown=fail_on_unknown)
