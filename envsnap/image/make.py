"""From a plan to an image: build, take the build's traces out of it, name it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from envsnap.errors import BuildError
from envsnap.image import build, normal
from envsnap.image.records import Plan
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient


class Switches(Struct, frozen=True, kw_only=True):
    """How to build."""

    builder: build.Builder = "auto"
    no_cache: bool = False
    reproducible: bool = False


def image(
    client: DockerClient,
    plan: Plan,
    files: Mapping[str, bytes | Path],
    switches: Switches,
    created: str | None,
    tell: build.Tell,
) -> str:
    """Build the image of a plan, without a name, and return its ID. Raises BuildError."""
    made = build.build(
        client,
        files,
        builder=_builder(plan, switches),
        no_cache=switches.no_cache,
        platform=_foreign(client, plan.base.platform),
        tell=tell,
    )
    found = client.images.get(made)
    below = _base_layers(client, plan)
    if found.attrs["RootFS"]["Layers"][: len(below)] != below:
        raise BuildError(f"the image does not stand on {plan.base.reference} as the engine has it")
    if not switches.reproducible:
        return made
    return normal.normalise(client, made, len(below), created)


def _builder(plan: Plan, switches: Switches) -> build.Builder:
    """Leave images that only an ID names to the classic builder: BuildKit looks for them outside."""
    by_id = any(
        name is not None and name.startswith("sha256:")
        for name in (plan.base.reference, plan.python.image)
    )
    return "classic" if by_id and switches.builder == "auto" else switches.builder


def _foreign(client: DockerClient, platform: str) -> str | None:
    """Name the platform only where it is not the engine's own: old engines know no others."""
    version = client.api.version()
    return None if platform == f"{version.get('Os')}/{version.get('Arch')}" else platform


def _base_layers(client: DockerClient, plan: Plan) -> list[str]:
    """The layers of the base; BuildKit pulls without keeping the image, then none are known."""
    import docker

    try:
        base = client.images.get(plan.base.reference)
    except docker.errors.DockerException:
        return []
    return list(base.attrs["RootFS"]["Layers"])


def base_variables(client: DockerClient, plan: Plan) -> tuple[str, ...]:
    """Name the variables that the base image sets."""
    import docker

    try:
        base = client.images.get(plan.base.reference)
    except docker.errors.DockerException:
        return ()
    return tuple(item.partition("=")[0] for item in base.attrs["Config"].get("Env") or ())


def tag(client: DockerClient, made: str, name: str) -> None:
    """Give an image a name. Raises BuildError."""
    import docker

    repository, colon, version = name.rpartition(":")
    if not colon or "/" in version:
        repository, version = name, "latest"
    try:
        client.images.get(made).tag(repository, version)
    except docker.errors.DockerException as error:
        raise BuildError(f"{made} cannot be called {name}: {engine.reason(error)}") from None
