"""From a plan to an image: build, take the build's traces out of it, name it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from envsnap.errors import BuildError
from envsnap.image.building import build, failures, normal
from envsnap.image.locking import digests
from envsnap.image.records import BaseSettings, Plan
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
    import docker

    base = _base(client, plan, tell)
    made = build.build(
        client,
        files,
        builder=_builder(plan, switches),
        no_cache=switches.no_cache,
        platform=_foreign(client, plan.base.platform),
        tell=tell,
    )
    below = list(base.attrs["RootFS"]["Layers"])
    if client.images.get(made).attrs["RootFS"]["Layers"][: len(below)] != below:
        raise BuildError(f"the image is not based on {plan.base.reference} as the engine has it")
    if not switches.reproducible:
        return made
    beneath = normal.Below(layers=len(below), history=len(base.history()))
    normalised = normal.normalise(client, made, beneath, created)
    if normalised != made:
        with contextlib.suppress(docker.errors.DockerException):
            client.images.remove(made, noprune=True)  # its steps stay, for the next build
    return normalised


def _names(plan: Plan) -> list[str]:
    """Name the base as the engine may know it: by digest, by tag."""
    base = plan.base
    named = [f"{digests.repository(base.reference)}@{base.digest}"] if base.digest else []
    return [*named, base.reference]


def _base(client: DockerClient, plan: Plan, tell: build.Tell) -> Any:
    """Return the base image, pulled if need be: BuildKit alone would not keep it."""
    import docker

    found = known_base(client, plan)
    if found is not None:
        return found
    name = _names(plan)[0]
    tell(0, 0, f"pulling {name}")
    try:
        return client.images.pull(name, platform=_foreign(client, plan.base.platform))
    except docker.errors.DockerException as error:
        said = engine.reason(error)
        kind, advice = failures.classify([said])
        raise BuildError(f"{name} cannot be pulled ({kind}): {advice}\n  | {said}") from None


def known_base(client: DockerClient, plan: Plan) -> Any:
    """Return the base image as the engine has it, or None."""
    import docker

    for name in _names(plan):
        try:
            return client.images.get(name)
        except docker.errors.DockerException:
            continue
    return None


def _builder(plan: Plan, switches: Switches) -> build.Builder:
    """Leave images that only an ID names to the classic builder: BuildKit looks for them outside."""
    by_id = any(
        name is not None and name.startswith("sha256:")
        for name in (
            plan.base.reference,
            plan.python.image,
            plan.conda.image if plan.conda else None,
        )
    )
    return "classic" if by_id and switches.builder == "auto" else switches.builder


def _foreign(client: DockerClient, platform: str) -> str | None:
    """Name the platform only where it is not the engine's own: old engines know no others."""
    version = client.api.version()
    return None if platform == f"{version.get('Os')}/{version.get('Arch')}" else platform


def with_base(client: DockerClient, plan: Plan, tell: build.Tell) -> Plan:
    """Add to a plan what its base image hands down. Raises BuildError where there is none."""
    from envsnap.image.proving import held

    base = _base(client, plan, tell)
    known = replace(
        plan.base,
        settings=held.settings_of(base),
        layers=tuple(held.layers(base)),
        steps=len(base.history()),
    )
    return replace(plan, base=known)


def base_settings(client: DockerClient, plan: Plan) -> BaseSettings | None:
    """Return what the base image hands down, as the plan or else the engine knows it."""
    from envsnap.image.proving import held

    if plan.base.settings is not None:
        return plan.base.settings
    base = known_base(client, plan)
    return None if base is None else held.settings_of(base)


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
