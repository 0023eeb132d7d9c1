"""The Docker Engine that DOCKER_HOST names, or Podman's socket that speaks its language."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from envsnap.errors import TargetError

if TYPE_CHECKING:
    from docker import DockerClient

TIMEOUT = 600  # a build can be silent for long


def connect() -> DockerClient:
    """Return a client of an engine that answers. Raises TargetError."""
    import docker

    where = os.environ.get("DOCKER_HOST") or "the default socket"
    try:
        client = docker.from_env(timeout=TIMEOUT)
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise TargetError(
            f"no Docker Engine answers at {where} ({reason(error)}); start one, or name it with"
            " DOCKER_HOST"
        ) from None
    return client


def image(client: DockerClient, reference: str) -> Any:
    """Return an image that the engine has; nothing is pulled. Raises TargetError."""
    import docker

    try:
        return client.images.get(reference)
    except docker.errors.ImageNotFound:
        raise TargetError(
            f"{reference}: the engine has no such image; docker pull {reference}"
        ) from None
    except docker.errors.DockerException as error:
        raise TargetError(f"{reference}: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """Say in one line what the engine said."""
    said = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())[:300]
