"""`envsnap export`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import attested, declared, inputs, outputs
from envsnap.errors import InputError

# In step with `export.registry`, which no command line has to load.
FORMS = (
    "cyclonedx", "in-toto", "requirements", "pylock", "environment.yml", "prometheus", "otel",
    "junit", "code-quality", "node-features",
)  # fmt: skip


@declared.command()
@declared.argument("manifest")
@declared.argument("other", required=False)
@declared.option(
    "--format", "form", type=declared.Choice(FORMS), required=True, help="The form to write."
)
@declared.option("-o", "--output", default="-", help="Write the file here; - is standard output.")
@outputs.policy_option
@attested.options
def command(manifest: str, other: str | None, form: str, output: str, policy: str | None) -> int:
    """Write a manifest, or its differences from another, as a file of another tool.

    Some forms show findings: prometheus, junit, code-quality, node-features. They judge MANIFEST by
    itself; with OTHER, they compare OTHER with MANIFEST. The output file is replaced in one step.
    The exit code is 0 whatever is found; use `diff` or `check` to judge.
    """
    inputs.once_from_stdin((manifest, other or ""))
    rulings = api.load_policy(policy)
    reference = inputs.document(manifest).manifest if other is not None else None
    name = manifest if other is None else other
    found = inputs.document(name).manifest
    attested.require_used()
    data, mode = api.exported(
        found,
        form,
        name=name,
        data=_contents(name, form),
        reference=reference,
        reference_name=manifest,
        policy=rulings,
    )
    outputs.write(data, output, mode)
    return 0


def _contents(manifest: str, form: str) -> bytes | None:
    """The bytes of the file, for the forms that name it or a line of it."""
    if form not in ("in-toto", "code-quality"):
        return None
    if manifest == "-":
        raise InputError(f"{form} describes a file: name one instead of standard input (-)")
    from envsnap.intake import contents

    read = contents.raw if form == "in-toto" else contents.contents  # a statement names the bytes
    return read(manifest, manifest)
