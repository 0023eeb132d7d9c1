"""Pods that a selector finds, each through `kubectl exec`, with the user's own configuration."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from envsnap.errors import InputError, TargetError
from envsnap.fleet.engines.asked import Found, Probing, through
from envsnap.targets.through import pod

LIST_SECONDS = 30.0
LARGEST_LIST = 64 << 20


def found(
    selector: str, namespace: str | None, container: str | None, probing: Probing, seconds: float
) -> Found:
    """How each running pod is asked; one that does not run is unknown, with its phase."""
    asks = {}
    silent: dict[str, str] = {}
    for name, where, status in _pods(selector, namespace, min(seconds, LIST_SECONDS)):
        phase = _phase(status)
        if phase == "Running":
            place = pod(
                name, namespace=where, container=container, python=probing.python,
                image=_image(status, container),
            )  # fmt: skip
            asks[name] = through(place, name, probing)
        else:
            silent[name] = f"refused: the pod is {phase}"
    if not asks and not silent:
        raise InputError(f"--kubernetes {selector[:60]}: no pod has these labels")
    return Found(asks=asks, silent=silent)


def _pods(
    selector: str, namespace: str | None, seconds: float
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each pod's name, namespace and status."""
    client = shutil.which("kubectl")
    if client is None:
        raise TargetError("kubectl is not installed here, or not on PATH")
    where = ["-n", namespace] if namespace else []
    command = [client, "get", "pods", *where, f"--selector={selector}", "-o", "json"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TargetError(f"kubectl did not list pods within {seconds:g} s") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[-300:]
        raise TargetError(f"kubectl cannot list pods: {said}")
    try:
        tree: Any = json.loads(done.stdout[:LARGEST_LIST])
        for item in tree["items"]:
            meta = item["metadata"]
            status = item.get("status")
            told = status if isinstance(status, dict) else {}
            yield str(meta["name"]), str(meta["namespace"]), told
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TargetError("kubectl printed no list of pods") from None


def _phase(status: dict[str, Any]) -> str:
    """Running, or what keeps it from that, as kubectl names it."""
    for container in status.get("containerStatuses") or ():
        waiting = container.get("state", {}).get("waiting") if isinstance(container, dict) else None
        if waiting:
            return str(waiting.get("reason", "waiting"))[:60]
    return str(status.get("phase", "of no known phase"))[:60]


def _image(status: dict[str, Any], container: str | None) -> str | None:
    """The image by digest that the container runs, where its node has told it."""
    for item in status.get("containerStatuses") or ():
        if isinstance(item, dict) and container in (None, item.get("name")):
            found = str(item.get("imageID") or "").removeprefix("docker-pullable://")
            return found[:300] or None
    return None
