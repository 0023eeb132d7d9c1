"""devcontainer.json: the same image as a place to work in."""

from __future__ import annotations

import json
from typing import Any

from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile
from envsnap.image.writing.forms import shared

FILE = "devcontainer.json"


def render(plan: Plan, image: str) -> str:
    """Write a dev container that is built from this context."""
    tree: dict[str, Any] = {
        "name": image,
        "build": {"dockerfile": "Dockerfile", "context": "."},
        "overrideCommand": True,
        "customizations": {
            "vscode": {
                "settings": {"python.defaultInterpreterPath": dockerfile.VENV_PYTHON},
                "extensions": ["ms-python.python"],
            }
        },
    }
    if plan.ports:
        tree["forwardPorts"] = list(plan.ports)
    if shared.wants_gpu(plan):
        tree["hostRequirements"] = {"gpu": True}
        tree["runArgs"] = ["--gpus", "all"]
    return json.dumps(tree, indent=2) + "\n"
