"""`envsnap check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envsnap import api
from envsnap.cli import attested, declared, exit_styles, inputs, outputs
from envsnap.cli.echo import echo
from envsnap.errors import InputError, UnrelatedError
from envsnap.report.sanitize import plain

if TYPE_CHECKING:
    from envsnap.model.codec import Document


@declared.command()
@declared.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@outputs.report_options
@exit_styles.option
@attested.options
@declared.option(
    "--skip-unrelated",
    is_flag=True,
    help="Leave out files that describe no environment, and name them: lists without a package, "
    "JSON and YAML of other programs.",
)
def command(
    manifests: tuple[str, ...],
    skip_unrelated: bool,
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
    read = _read(manifests, skip_unrelated=skip_unrelated)
    judged = [
        outputs.judged(
            name, found, api.check(found, policy=rulings, error_text=text, symptom=symptom), style
        )
        for name, found in ((name, item.manifest) for name, item in read.documents.items())
    ]
    attested.require_used()
    report = Report(
        reference=None, judged=tuple(judged), policy=rulings, has_text=bool(text), symptom=symptom,
        unread=tuple(part for item in read.documents.values() for part in item.unread),
    )  # fmt: skip
    code = outputs.finish(report, style, output, color, fail_on, fail_on_unknown=fail_on_unknown)
    if not judged:
        echo("envsnap: nothing to check", err=True)
    for refused in read.refused:
        _say("error", refused)
    return read.refused[0].exit_code if read.refused else code


class _Read(NamedTuple):
    """The files that could be read, by name, and why the others could not."""

    documents: dict[str, Document]
    refused: tuple[InputError, ...]


def _read(names: tuple[str, ...], *, skip_unrelated: bool) -> _Read:
    """Read each file. Raises InputError where none can be read, or where a plugin has one line."""
    found: dict[str, Document] = {}
    refused = []
    for name in names:
        try:
            found[name] = inputs.document(name)
        except InputError as error:
            if skip_unrelated and isinstance(error, UnrelatedError):
                _say("left out", error)
            elif exit_styles.is_nagios():
                raise
            else:
                refused.append(error)
    if refused and not found:
        *others, last = refused
        for other in others:
            _say("error", other)
        raise last
    return _Read(found, tuple(refused))


def _say(what: str, error: InputError) -> None:
    """Say one line; what it quotes of a file or of the command line may be a secret."""
    from envsnap.intake.messages import clean_message

    echo(f"envsnap: {what}: {plain(clean_message(str(error)))}", err=True)
