"""`envsnap lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import declared, images, inputs, outputs

if TYPE_CHECKING:
    from envsnap.cli.images import Sources

FORMATS = ("requirements", "pylock")


@declared.command()
@declared.argument("manifest")
@declared.option("-o", "--output", default="-", help="Write the lock here; - is standard output.")
@declared.option(
    "--format",
    "style",
    type=declared.Choice(FORMATS),
    default="requirements",
    show_default=True,
    help="requirements for pip --require-hashes, or pylock (PEP 751).",
)
@images.lock_options
def command(manifest: str, output: str, style: str, sources: Sources) -> int:
    """Name the one file, by hash, that each distribution was installed from.

    It is the file whose RECORD equals the installed one. Asks your package index through uv; no
    code of any package runs.
    """
    from envsnap.image.locking import pylock

    document = inputs.document(manifest)
    found = sources.lock(document.manifest)
    document = api.prepared(document, found, sources.asked)
    text = (
        pylock.render(document.manifest, found)
        if style == "pylock"
        else pylock.requirements_text(document.manifest, found)
    )
    outputs.write(text.encode("ascii"), output, outputs.mode_of(manifest))
    for line in pylock.notes(document.manifest, found):
        images.say(line)
    return 0
