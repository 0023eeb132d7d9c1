"""Commands that have to pass in an image before it is called proven."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from envsnap.errors import CommandError, InputError

if TYPE_CHECKING:
    from envsnap.image.proving.fact import Fact
    from envsnap.image.records import Plan
    from envsnap.replay.esr.archive import Recording
    from envsnap.targets.container import Image
    from envsnap.targets.target import Place

SECONDS = 600.0
READABLE, WRITABLE = 0o755, 0o777


class Trial(Struct, frozen=True, kw_only=True):
    """What to run: a command (the image's own, where none is named), and what it must agree with."""

    command: tuple[str, ...] = ()
    golden: str | None = None  # a recording
    network: bool = False
    seconds: float = SECONDS


def run(target: Place | None, plan: Plan, trial: Trial) -> tuple[Fact, ...]:
    """Run a trial in an image; returns the differences. Raises InputError for another target."""
    from envsnap.image.proving import smoke
    from envsnap.targets.container import Image

    if not isinstance(target, Image):
        raise InputError(
            "--smoke and --golden-run run a command in an image; name one with --image"
        )
    command = trial.command or plan.command
    if not command:
        raise InputError("--golden-run: the image runs no program; name its command with --smoke")
    if trial.golden is not None:
        return _compared(target, command, trial, trial.golden)
    ended = smoke.run(
        target.client, str(target.image.id), command, network=trial.network, seconds=trial.seconds
    )
    found = smoke.fact(command, ended)
    return () if found is None else (found,)


def _compared(image: Image, command: Sequence[str], trial: Trial, path: str) -> tuple[Fact, ...]:
    """Record the command in the image, and compare with the golden recording."""
    from envsnap.changes.change import ChangeKind
    from envsnap.image.proving import smoke
    from envsnap.image.proving.fact import Fact
    from envsnap.replay.esr import archive

    golden = archive.read(path)
    try:
        outcome, cause = _verdict(image, command, trial, golden)
    except CommandError as error:
        outcome, cause = "failed", str(error)
    if outcome in ("same", "equivalent"):
        return ()
    return (
        Fact(
            path="golden_run",
            kind=ChangeKind.CHANGED,
            captured="same",
            inside=outcome,
            reason=f"{smoke.shown(command)}: {cause}",
        ),
    )


def _verdict(
    image: Image, command: Sequence[str], trial: Trial, golden: Recording
) -> tuple[str, str]:
    import shutil
    import tempfile

    from envsnap.api import runs
    from envsnap.replay.compare import ladder
    from envsnap.replay.esr import archive
    from envsnap.replay.recorder import launch, spooled
    from envsnap.replay.recorder.wanted import Wanted

    wanted = Wanted(text=True)
    tails: list[str] = []

    with tempfile.TemporaryDirectory(prefix="envsnap-") as kept, ExitStack() as stack:
        copy = os.path.join(kept, "golden.esr")
        shutil.copyfile(golden.name, copy)  # recordings are private: the image's user reads a copy
        os.chmod(copy, 0o644)

        def inside(words: Sequence[str], folder: str, variables: Mapping[str, str]) -> int:
            return _inside(image, words, folder, variables, (trial, copy), tails)

        task = archive.as_task(golden, copy)
        ended = stack.enter_context(
            launch.recorded(
                command, wanted=wanted, task=task, probe=runs.portable_probe(here=False), run=inside
            )
        )
        if ended.chosen is None:
            said = tails[-1] if tails else "it said nothing"
            return "failed", f"exit code {ended.code}, and no model was reached: {said}"
        place = os.path.join(kept, "inside.esr")
        spooled.save(place, ended.chosen, None, "inside", ended.notes(), ended.ending)
        here = archive.read(place)
        verdict = runs.compare(golden, here)
        if ended.code != golden.record.exit_code:
            verdict = ladder.of_command(verdict, ended.code, command[0], golden, here)
        return verdict.outcome, verdict.cause or "the outputs differ"


def _inside(
    image: Image,
    words: Sequence[str],
    folder: str,
    variables: Mapping[str, str],
    what: tuple[Trial, str],
    tails: list[str],
) -> int:
    """Run the command in the image, with the recorder's folders at their own places."""
    from envsnap.image.proving import smoke
    from envsnap.observe import launch as observing
    from envsnap.replay.recorder import launch

    for root, folders, files in os.walk(folder):
        for name in files:
            os.chmod(os.path.join(root, name), READABLE)
        for name in folders:
            os.chmod(os.path.join(root, name), WRITABLE)
    os.chmod(folder, READABLE)
    trial, golden = what
    places = (observing.SITE, observing.INSIDE, launch.INSIDE, golden)
    ended = smoke.run(
        image.client,
        str(image.image.id),
        words,
        network=trial.network,
        seconds=trial.seconds,
        mounts={folder: "rw", **dict.fromkeys(places, "ro")},
        variables=variables,
    )
    tails.extend(ended.tail)
    return ended.code
