"""CUDA_VISIBLE_DEVICES hides every GPU."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, is_known, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Rule

HIDING = ("", "-1", "none", "void", "NoDevFiles")


class HiddenGpus(Rule):
    """A variable hides all GPUs from CUDA.

    CUDA_VISIBLE_DEVICES lists the GPUs that a program may see; an empty list, -1 or none hides
    all of them. Programs then compute on the CPU, or fail where they ask for a GPU.
    NVIDIA_VISIBLE_DEVICES tells the container runtime which GPUs to put in; it counts where a
    CUDA build finds none.

    Fix: unset the variable, or name the GPUs.
    """

    id = "hidden-gpus"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        for name in ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
            value = variable(manifest, name)
            if value is None or value.strip() not in HIDING:
                continue
            # The container runtime alone reads NVIDIA_VISIBLE_DEVICES, and only when it starts one.
            if name != "NVIDIA_VISIBLE_DEVICES" or _lacks_gpus(manifest):
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("env_vars", name),
                    message=f"{name}={value!r} hides every GPU",
                    why="Programs compute on the CPU, or fail where they ask for a GPU.",
                    fix=f"Unset {name}, or name the GPUs.",
                    remedy=Remedy(unset=(name,)),
                    source="https://docs.pytorch.org/docs/stable/notes/cuda.html",
                )


def _lacks_gpus(manifest: Manifest) -> bool:
    """A CUDA build, and no GPU that answers."""
    built = any(isinstance(item.cuda, str) for item in frameworks(manifest).values())
    return built and is_known(manifest, "gpus") and not gpus(manifest)
