"""What every form asks of a plan."""

from __future__ import annotations

from envsnap.image.records import Plan

NAME = "app"


def wants_gpu(plan: Plan) -> bool:
    """Tell whether the image asks for a GPU."""
    return plan.base.kind == "cuda" or "NVIDIA_REQUIRE_CUDA" in plan.environment


def command(plan: Plan) -> list[str]:
    """Return what a container runs."""
    return list(plan.command) or ["python"]


def mounts(plan: Plan) -> list[str]:
    """Name the captured files that the image does not carry, in order."""
    found = (item.path for item in plan.not_carried)
    return [path for path in found if path.startswith(("configs", "weights"))]
