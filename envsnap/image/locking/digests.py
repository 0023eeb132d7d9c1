"""Names the base image for good: by the digest that a registry, or a pull before, states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from envsnap.errors import TargetError
from envsnap.image.records import Decision, Plan
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NO_DIGEST = "a tag can be moved"


def pin(plan: Plan) -> Plan:
    """Add digests to the images of a plan; where none is to be had, the plan says so."""
    decisions = list(plan.decisions)
    try:
        client = engine.connect()
    except TargetError as error:
        why = f"{NO_DIGEST}, and no digest could be asked for: {error}"
        return replace(plan, decisions=(*decisions, _unknown(plan.base.reference, why)))
    try:
        base, python = plan.base, plan.python
        digest, decision = _ask(client, base.reference)
        decisions.append(decision)
        if python.image is not None:
            found, decision = _ask(client, python.image)
            decisions.append(decision)
            if found is not None:
                python = replace(python, image=f"{python.image}@{found}")
        return replace(
            plan,
            base=replace(base, digest=digest),
            python=python,
            decisions=tuple(decisions),
        )
    finally:
        client.close()


def _ask(client: DockerClient, reference: str) -> tuple[str | None, Decision]:
    """Ask what the engine has, then the registry; nothing is pulled."""
    import docker

    if "@" in reference or reference.startswith("sha256:"):
        decision = Decision(
            subject="base.digest", choice=reference, why="named by its digest", certainty="exact"
        )
        return None, decision
    try:
        local = client.images.get(reference)
    except docker.errors.DockerException:
        return _ask_registry(client, reference)
    own = repository(reference)
    for known in local.attrs.get("RepoDigests") or ():
        name, _, digest = known.rpartition("@")
        if name == own and DIGEST.fullmatch(digest):
            return digest, _exact(reference, digest, "the digest by which the engine pulled it")
    why = f"{NO_DIGEST}; the engine made this image itself and has it as {local.id}"
    return None, _unknown(reference, why)


def _ask_registry(client: DockerClient, reference: str) -> tuple[str | None, Decision]:
    import docker

    try:
        answer = client.api.inspect_distribution(reference)
    except (docker.errors.DockerException, OSError) as error:
        why = f"{NO_DIGEST}, and its registry states no digest: {engine.reason(error)}"
        return None, _unknown(reference, why)
    digest = str((answer.get("Descriptor") or {}).get("digest"))
    if not DIGEST.fullmatch(digest):
        return None, _unknown(reference, f"{NO_DIGEST}, and its registry states no digest")
    return digest, _exact(reference, digest, "its registry states this digest")


def repository(reference: str) -> str:
    """Take the tag off a reference; a port's colon stays."""
    name, colon, tag = reference.rpartition(":")
    return name if colon and "/" not in tag else reference


def _exact(reference: str, digest: str, why: str) -> Decision:
    return Decision(
        subject="base.digest", choice=f"{reference}@{digest}", why=why, certainty="exact"
    )


def _unknown(reference: str, why: str) -> Decision:
    return Decision(subject="base.digest", choice=reference, why=why, certainty="unknown")
