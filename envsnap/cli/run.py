"""`envsnap run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from envsnap import api
from envsnap.cli import captured, outputs

if TYPE_CHECKING:
    from envsnap.model.manifest import Manifest


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("-o", "--output", required=True, metavar="FILE", help="Write the manifest here.")
@click.option("--label", help="Your name for this environment, for example dev or prod.")
@click.option(
    "--watch",
    multiple=True,
    metavar="FOLDER",
    help="Look at files that native code opens below this folder, too.",
)
@click.option(
    "--env",
    multiple=True,
    metavar="NAME",
    help="Record this variable's value too; secrets are still left out.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    output: str,
    label: str | None,
    watch: tuple[str, ...],
    env: tuple[str, ...],
    command: tuple[str, ...],
) -> int:
    """Run a command and describe it: the files it opened, the seeds it set, its environment.

    The script is not changed and its results are the same bits; the exit code is the command's.
    """
    from envsnap.model import codec, storage

    storage.require_place(output)
    found = api.observe_command(
        command, label=label, env=env, watch=watch, progress=captured.progress
    )
    outputs.write(codec.encode(found.manifest), output, 0o600)
    captured.say(f"wrote {output}: {_summary(found.manifest)}")
    for note in found.notes:
        captured.say(note)
    if found.code:
        captured.say(f"the command ended with exit code {found.code}")
    return found.code


def _summary(manifest: Manifest) -> str:
    """What was seen, in one line."""
    from msgspec import UNSET

    sections = manifest.sections
    parts = []
    if sections.process is not UNSET and isinstance(sections.process.observed, int):
        parts.append(_many(sections.process.observed, "Python process", "es"))
    for section, word in ((sections.weights, "weight file"), (sections.configs, "config")):
        if section is not UNSET and section.entries is not UNSET:
            parts.append(_many(len(section.entries), word))
    if sections.files is not UNSET and sections.files.entries is not UNSET:
        parts.append(_many(len(sections.files.entries), "data file"))
    if sections.seeds is not UNSET and sections.seeds.calls is not UNSET:
        parts.append(_many(len(sections.seeds.calls), "seed call"))
    return ", ".join(parts)


def _many(count: int, word: str, ending: str = "s") -> str:
    return f"{count or 'no'} {word}{'' if count == 1 else ending}"
