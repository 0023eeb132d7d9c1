"""`envsnap run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap import api
from envsnap.cli import captured, declared, inputs, outputs
from envsnap.errors import EnvsnapError
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.model.manifest import Manifest


@declared.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@declared.option("-o", "--output", required=True, metavar="FILE", help="Write the manifest here.")
@declared.option("--label", help="Your name for this environment, for example dev or prod.")
@declared.option(
    "--watch",
    multiple=True,
    metavar="FOLDER",
    help="Also watch this folder for files that native code opens.",
)
@declared.option(
    "--env",
    multiple=True,
    metavar="NAME",
    help="Record the value of this environment variable too; secrets are still left out.",
)
@declared.argument("command", nargs=-1, required=True, type=declared.Words())
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
        command,
        label=label,
        env=inputs.variable_names(env, "--env"),
        watch=watch,
        progress=captured.progress,
    )
    try:
        outputs.write(codec.encode(found.manifest), output, 0o600)
    except EnvsnapError as error:
        if not found.code:
            raise
        captured.say(f"error: {error}")  # how the command ended is told in any case
        return found.code
    captured.say(f"wrote {output}: {_summary(found.manifest)}")
    captured.tell_label(label, found.manifest.label)
    for note in found.notes:
        captured.say(note)
    if found.code:
        captured.say(f"the command ended with exit code {found.code}")
    return found.code


def _summary(manifest: Manifest) -> str:
    """What was seen, in one line."""
    from envsnap.model.reading import entries, is_known, stated

    parts = []
    observed = stated(manifest, "process", "observed")
    if observed is not None:
        parts.append(_many(observed, "Python process", "es"))
    for section, word in (
        ("weights", "weight file"),
        ("configs", "config"),
        ("files", "data file"),
    ):
        if is_known(manifest, section):
            parts.append(_many(len(entries(manifest, section)), word))
    calls = stated(manifest, "seeds", "calls")
    if calls is not None:
        parts.append(_many(len(calls), "seed call"))
    return ", ".join(parts)


def _many(count: int, word: str, ending: str = "s") -> str:
    return counted(count, word, ending) if count else f"no {word}{ending}"
