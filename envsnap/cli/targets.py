"""Which target a command describes: the options, and the choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from envsnap.cli import declared
from envsnap.cli.echo import echo

if TYPE_CHECKING:
    from envsnap.targets.target import Place

Command = TypeVar("Command", bound=Callable[..., object])


def options(command: Command) -> Command:
    """Add the options that name a target."""
    for option in (
        declared.option("--ssh", metavar="HOST", help="Capture a host that ssh reaches."),
        declared.option(
            "--image",
            metavar="REF",
            help="Capture an image, in a fresh container without network or writable disk.",
        ),
        declared.option(
            "--container", metavar="NAME", help="Capture a running container, from inside."
        ),
        declared.option(
            "--pid",
            type=declared.Number(1, whole=True),
            help="Capture the environment of this running process.",
        ),
        declared.option(
            "--python",
            metavar="PATH",
            help="Capture this interpreter (of the target, if one is named).",
        ),
    ):
        command = option(command)
    return command


def place(
    python: str | None,
    pid: int | None,
    container: str | None,
    image: str | None,
    ssh: str | None,
) -> Place:
    """Choose the target, and say which."""
    from envsnap.targets import interpreter

    if sum(item is not None for item in (pid, container, image, ssh)) > 1:
        raise declared.UsageError("name one of --pid, --container, --image and --ssh")
    if ssh is not None:
        from envsnap.targets.ssh import Ssh

        return Ssh(ssh, python)
    if container is not None or image is not None:
        from envsnap.targets.container import Container, Image

        return Container(container, python) if container is not None else Image(image or "", python)
    if pid is not None:
        from envsnap.targets.process import Process

        process = Process(pid, interpreter.named(python).path if python else None)
        _say(f"describing process {pid} with {process.python}")
        return process
    if python is not None:
        return interpreter.named(python)
    chosen, why = interpreter.active()
    _say(f"describing {chosen.path} ({why})")
    return chosen


def _say(text: str) -> None:
    echo(f"envsnap: {text}", err=True)
