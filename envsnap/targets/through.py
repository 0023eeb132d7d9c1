"""A Python that a client program starts elsewhere: over ssh, on a Slurm node, in a Kubernetes pod."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from envsnap.errors import InputError, TargetError
from envsnap.probe import packing
from envsnap.targets import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envsnap.model.manifest import Target
    from envsnap.targets.target import Started

# What a node, a pod, a container or a namespace can be called; nothing that reads as an option.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


class Through:
    """A Python behind a client program, which carries standard input, output and error."""

    def __init__(
        self,
        kind: str,
        name: str,
        client: Sequence[str],
        python: str | None,
        image: str | None = None,
    ) -> None:
        found = shutil.which(client[0])
        if found is None:
            raise TargetError(f"{client[0]} is not installed here, or not on PATH")
        self._client = [found, *client[1:]]
        self._kind, self._name = kind, name if image is None else f"{name} of {image}"
        self.python = python or "python3"

    def command(self) -> list[str]:
        """The client, and what it starts; no shell reads it."""
        return [*self._client, self.python, *packing.READ_STDIN]

    def environment(self) -> dict[str, str] | None:
        """Ours, in which the client finds its settings; the far side has its own."""
        return dict(os.environ)

    def folder(self) -> str | None:
        """Ours; the far side decides its own."""
        return None

    def options(self) -> dict[str, object]:
        """Nothing special."""
        return {}

    def identity(self) -> tuple[int, int, list[int]] | None:
        """Ours."""
        return None

    def start(self) -> Started:
        """Start the client."""
        return local.start(self)

    def describe(self) -> Target:
        """The host, node or pod."""
        from envsnap.model.manifest import Target

        return Target(kind=self._kind, name=self._name)

    def shares_files(self) -> bool:
        """Paths are those of the far side."""
        return False


def slurm(node: str, python: str | None = None) -> Through:
    """A node of the allocation that this process runs in, beside what runs there."""
    _require_name(node)
    client = ["srun", "--quiet", "--overlap", "--nodes=1", "--ntasks=1", f"--nodelist={node}"]
    return Through("slurm", node, client, python)


def pod(
    name: str,
    *,
    namespace: str | None = None,
    container: str | None = None,
    python: str | None = None,
    image: str | None = None,
) -> Through:
    """A container of a running pod, as kubectl reaches it with the user's own configuration.

    `image` is what it is known to run, and is told with its name.
    """
    client = ["kubectl", "exec", "-i"]
    for option, value in (("-n", namespace), ("-c", container)):
        if value is not None:
            client += [option, _require_name(value)]
    return Through("pod", name, [*client, _require_name(name), "--"], python, image)


def _require_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise InputError(f"{name[:60]}: not the name of a node, pod, container or namespace")
    return name
