"""`envsnap dockerfile`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import declared, images, inputs

if TYPE_CHECKING:
    from envsnap.cli.images import Sources
    from envsnap.image.planning.extras import Extras


FOLDER = "envsnap-context"


@declared.command()
@declared.argument("manifest")
@declared.option(
    "-o",
    "--output",
    default=FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Write the build context here.",
)
@images.plan_options
@declared.option(
    "--form",
    "forms",
    multiple=True,
    type=declared.Choice(("compose", "kubernetes", "devcontainer", "apptainer")),
    help="Also write the plan in this form, beside the Dockerfile.",
)
@declared.option(
    "--resolve", is_flag=True, help="Find each distribution's file and hash (network)."
)
@images.lock_options
def command(
    manifest: str,
    output: str,
    base: str,
    extras: Extras,
    forms: tuple[str, ...],
    resolve: bool,
    sources: Sources,
) -> int:
    """Write a build context that reproduces an environment.

    The folder holds a Dockerfile, pinned requirements and the manifest. Each decision is printed on
    stderr, with its reason and how sure it is. A requirements file, or a partial list of packages,
    is resolved first; --python names the Python release.
    """
    from envsnap.image.planning import asked

    document = inputs.document(manifest)
    lock = None
    if (
        resolve
        or asked.is_partial(document.manifest)
        or sources.find_links
        or sources.allow_unhashed
        or sources.indexes
    ):
        lock = sources.lock(document.manifest, base)
        document = api.prepared(document, lock, sources.asked)
    plan = api.write_context(document, Path(output), base, lock, extras, sources.asked, forms=forms)
    images.tell(plan)
    command = ["docker", "build", "--platform", plan.base.platform, "-t", "NAME", output]
    images.say(f"wrote {output}; build it with: {shlex.join(command)}")
    images.tell_opened(manifest, output)
    return 0
