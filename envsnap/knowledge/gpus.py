"""GPUs by compute capability or model: the architecture, and the CUDA releases that know it."""

from __future__ import annotations

import re
from typing import Any

from envsnap.knowledge.tables import table


def architecture(capability: object, name: object) -> dict[str, Any] | None:
    """The row of a GPU: by its compute capability, else by a model that names only one.

    What is not text is not known. A row has `compute_capability`, `architecture`, `first_cuda`, maybe `last_cuda`, and `gpus`.
    """
    rows: list[dict[str, Any]] = table("gpu_architectures")["rows"]
    if isinstance(capability, str):
        return next((row for row in rows if row["compute_capability"] == capability), None)
    if not isinstance(name, str):
        return None
    named = [(len(model), row) for row in rows for model in row["gpus"] if _is_model(model, name)]
    longest = max((length for length, _ in named), default=0)
    found = [row for length, row in named if length == longest]
    return found[0] if found and all(row is found[0] for row in found) else None


def compute_capability(capability: object, name: object) -> str | None:
    """A GPU's compute capability, as it is stated, or known from its model's name."""
    if isinstance(capability, str):
        return capability
    row = architecture(capability, name)
    return None if row is None else str(row["compute_capability"])


def _is_model(model: str, name: str) -> bool:
    """Whether a name is of a model, or of a variant of it: V100S, A10G, A100X, RTX 4090D, RTX 3080Ti."""
    pattern = re.escape(model).replace("xx", r"\d\d")
    variant = "(?:S|G|X|D|Ti)?"
    found = re.search(rf"(?<![A-Z0-9]){pattern}{variant}(?![0-9A-Z])", name[:200], re.IGNORECASE)
    return found is not None
