"""CUDA_VISIBLE_DEVICES hides every GPU."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

HIDING = ("", "-1", "none", "void", "NoDevFiles")


class HiddenGpus(Rule):
    """A variable hides all GPUs from CUDA.

    CUDA_VISIBLE_DEVICES lists the GPUs that a program may see; an empty list, or one that starts
    with an index that does not exist, hides all of them. Programs then compute on the CPU, or
    fail where they ask for a GPU.

    Fix: unset the variable, or name the GPUs.
    """

    id = "hidden-gpus"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        section = manifest.sections.env_vars
        if section is UNSET or section.entries is UNSET:
            return
        for name in ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
            value = section.entries.get(name)
            if value is not None and value.strip() in HIDING:
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("env_vars", name),
                    message=f"{name}={value!r} hides every GPU",
                    why="Programs compute on the CPU, or fail where they ask for a GPU.",
                    fix=f"Unset {name}, or name the GPUs.",
                    reference="https://docs.pytorch.org/docs/stable/notes/cuda.html",
                    right=value,
                )
