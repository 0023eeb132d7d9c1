"""`envsnap build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import attested, declared, images, inputs, proofs
from envsnap.cli.echo import echo

if TYPE_CHECKING:
    from envsnap.api.trials import Trial
    from envsnap.cli.images import Sources
    from envsnap.image.planning.extras import Extras


@declared.command()
@declared.argument("manifest")
@declared.option("-t", "--tag", required=True, metavar="NAME", help="Name of the image.")
@declared.option(
    "-o", "--output", metavar="FOLDER", help="Keep the build context and the proof here."
)
@images.plan_options
@images.lock_options
@declared.option("--no-prove", is_flag=True, help="Do not capture inside and compare.")
@declared.option(
    "--reproducible",
    is_flag=True,
    help="Make the build reproducible: two builds give the same image ID.",
)
@declared.option("--no-cache", is_flag=True, help="Build without the cache.")
@declared.option(
    "--builder",
    type=declared.Choice(["auto", "buildkit", "classic"]),
    default="auto",
    show_default=True,
    help="The engine's builder; auto uses BuildKit if there is one.",
)
@proofs.trial_options
@proofs.fail_on_option
@attested.options
def command(
    manifest: str,
    tag: str,
    output: str | None,
    base: str,
    extras: Extras,
    sources: Sources,
    no_prove: bool,
    reproducible: bool,
    no_cache: bool,
    builder: str,
    fail_on: str,
    trial: Trial | None,
) -> int:
    """Build the image of an environment and prove it: capture inside, and compare.

    The image gets its name only if the proof holds. Needs a Docker Engine (DOCKER_HOST), a package
    index, and the base image.
    """
    from envsnap.image.building.make import Switches
    from envsnap.image.writing import context as contexts
    from envsnap.model import typed

    document = inputs.document(manifest)
    attested.require_used()
    images.check_name(tag)
    if trial is not None and no_prove:
        raise declared.UsageError(
            "--smoke and --golden-run are part of the proof; remove --no-prove"
        )
    api.require_engine()
    lock = sources.lock(document.manifest, base)
    document = api.prepared(document, lock, sources.asked)
    with images.Progress() as progress:
        plan, files = api.context(document, base, lock, extras, sources.asked, tell=progress.hear)
    images.tell(plan)
    if output is not None:
        contexts.write(files, Path(output))
        images.tell_opened(manifest, output)
    chosen = {"builder": builder, "no_cache": no_cache, "reproducible": reproducible}
    with images.Progress() as progress:
        switches = typed.convert(chosen, Switches)
        image = api.build(document.manifest, plan, files, switches, progress.hear)
    images.say(f"built {image}")
    code = 0
    if not no_prove:
        code = proofs.finish(api.prove(document.manifest, image, plan, fail_on, trial), output)
    if code:
        images.say(f"not proven, so the image was not named {tag}; inspect it as {image}")
        return code
    api.name_image(image, tag)
    echo(image)
    return 0
