"""compose.yaml: the image, built from this context, with its ports, its health and its GPUs."""

from __future__ import annotations

from typing import Any

from envsnap.image.records import Plan
from envsnap.image.writing.forms import shared

FILE = "compose.yaml"


def render(plan: Plan, image: str) -> str:
    """Write a compose file (compose-spec) for an image of this name."""
    import yaml

    service: dict[str, Any] = {
        "image": image,
        "build": {"context": ".", "platforms": [plan.base.platform]},
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }
    if plan.ports:
        service["ports"] = [f"{port}:{port}" for port in plan.ports]
    if plan.healthcheck:
        service["healthcheck"] = {"test": ["CMD", *plan.healthcheck], "interval": "30s"}
    if shared.wants_gpu(plan):
        device = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    head = "# Written by envsnap from dockerfile.json.\n"
    head += "".join(f"# Not in the image, to be mounted: {path}\n" for path in shared.mounts(plan))
    return head + yaml.safe_dump({"services": {shared.NAME: service}}, sort_keys=False)
