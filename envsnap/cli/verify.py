"""`envsnap verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import attested, declared, exit_styles, inputs, outputs, proofs, targets

if TYPE_CHECKING:
    from envsnap.api.trials import Trial


@declared.command()
@declared.argument("manifest")
@targets.options
@declared.option(
    "--config", "configs", multiple=True, metavar="[NAME=]FILE", help="A config file of the target."
)
@declared.option("--weights", multiple=True, metavar="[NAME=]PATH", help="Weights of the target.")
@declared.option(
    "--plan", metavar="FILE", help="The plan (dockerfile.json), which announces what may differ."
)
@declared.option(
    "--facts",
    metavar="FILE",
    help="Facts that the probe printed, instead of a target; - is standard input.",
)
@declared.option(
    "--policy", metavar="FILE", help="Policy: differences to allow, and rollouts to hold to."
)
@declared.option("-o", "--output", metavar="FILE", help="Write the proof here, as JSON.")
@proofs.trial_options
@proofs.fail_on_option
@exit_styles.option
@attested.options
def command(
    manifest: str,
    python: str | None,
    pid: int | None,
    container: str | None,
    image: str | None,
    ssh: str | None,
    configs: tuple[str, ...],
    weights: tuple[str, ...],
    plan: str | None,
    facts: str | None,
    policy: str | None,
    output: str | None,
    fail_on: str,
    trial: Trial | None,
) -> int:
    """Say whether a target reproduces every portable fact of a manifest.

    The target is an image, a running container, a process, or an interpreter of this host (by
    default the active one). It can also run as an entrypoint, an initContainer, or a step in CI.
    """
    from envsnap.image.proving import proof

    if facts and any((python, pid, container, image, ssh)):
        raise declared.UsageError("--facts replaces the target; name no other")
    inputs.once_from_stdin((manifest, facts or ""))
    document = inputs.document(manifest)
    attested.require_used()
    known = api.load_plan(plan) if plan is not None else None
    chosen = None if facts else targets.place(python, pid, container, image, ssh)
    found = api.verify(
        document.manifest,
        chosen,
        facts=api.load(facts) if facts else None,
        configs=inputs.named_files(configs, "--config"),
        weights=inputs.named_files(weights, "--weights"),
        plan=known,
        fail_on=fail_on,
        policy=api.load_policy(policy) if policy is not None else None,
        trial=trial,
    )
    if output is not None:
        outputs.write(proof.encode(found), output, outputs.mode_of(manifest, facts))
    return proofs.finish(found, None)
