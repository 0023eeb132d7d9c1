"""Runs a command in an image, as its containers run: the image's user, no network unless asked."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from envsnap.changes.change import ChangeKind
from envsnap.errors import TargetError
from envsnap.image.proving.fact import Fact
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

SECONDS = 600.0
PROCESSES = 4096
TAIL_LINES = 12
LONGEST_LINE = 300
LONGEST_SHOWN = 60
TIMED_OUT = 124  # as a shell's timeout says it


class Ended(Struct, frozen=True, kw_only=True):
    """How a command ended in an image, and the last lines of what it said."""

    code: int
    tail: tuple[str, ...]


def run(
    client: DockerClient,
    image: str,
    command: Sequence[str],
    *,
    network: bool = False,
    seconds: float = SECONDS,
    mounts: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Run a command to its end. Raises TargetError where the engine cannot start it.

    `mounts` are folders of this machine, at the same place inside: path to ro or rw.
    """
    import docker
    import requests

    container = None
    try:
        container = client.containers.create(
            image,
            list(command),
            entrypoint=[],
            network_disabled=not network,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=PROCESSES,
            environment=dict(variables or {}),
            volumes={path: {"bind": path, "mode": mode} for path, mode in (mounts or {}).items()},
        )
        container.start()
        try:
            code = int(container.wait(timeout=seconds)["StatusCode"])
        except (requests.exceptions.RequestException, docker.errors.DockerException):
            code = TIMED_OUT
        return Ended(code=code, tail=_tail(container))
    except docker.errors.DockerException as error:
        said = engine.reason(error)
        if "executable file not found" in said or "no such file" in said:
            return Ended(code=127, tail=(said,))
        raise TargetError(f"{image}: {said}") from None
    finally:
        if container is not None:
            with contextlib.suppress(docker.errors.DockerException):
                container.remove(force=True, v=True)


def _tail(container: Any) -> tuple[str, ...]:
    said = container.logs(tail=TAIL_LINES).decode("utf-8", "replace")
    return tuple(line[:LONGEST_LINE] for line in said.splitlines() if line.strip())


def shown(command: Sequence[str]) -> str:
    """Spell a command in one line that is not too long."""
    words = " ".join(" ".join(command).split())
    return words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]}..."


def fact(command: Sequence[str], ended: Ended) -> Fact | None:
    """Return what differs where the command failed; None where it passed."""
    if ended.code == 0:
        return None
    why = "did not end in time" if ended.code == TIMED_OUT else f"ended with exit code {ended.code}"
    said = f": {' / '.join(ended.tail[-3:])}" if ended.tail else ""
    return Fact(
        path="smoke",
        kind=ChangeKind.CHANGED,
        captured=0,
        inside=ended.code,
        reason=f"{shown(command)} {why}{said}",
    )
