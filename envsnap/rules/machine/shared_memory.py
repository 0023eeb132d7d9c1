"""Shared memory is too small for loaders and NCCL."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, packages, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

SMALLEST = 64 << 20
USERS = {"torch", "vllm", "sglang", "ray", "deepspeed", "horovod", "nvidia-dali-cuda120"}


class SharedMemory(Rule):
    """Shared memory has the 64 MiB that container engines give by default.

    PyTorch's data loaders pass batches through shared memory, NCCL and vLLM use it between
    processes of one host. When it is full, workers die with "Bus error".

    Fix: start the container with --shm-size=8g or --ipc=host; in Kubernetes mount an emptyDir
    with medium Memory at /dev/shm.
    """

    id = "shared-memory"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        size = stated(manifest, "system", "shm_size")
        if not isinstance(size, int) or size > SMALLEST:
            return
        used = bool(gpus(manifest)) or bool(USERS & {*packages(manifest), *frameworks(manifest)})
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING if used else Severity.INFO,
            effect=Effect.CRASH,
            confidence=Confidence.POSSIBLE,
            path=("system", "shm_size"),
            message=f"shared memory (/dev/shm) has {size >> 20} MiB",
            why="Data loaders, NCCL and vLLM exchange data there; when it is full, they die.",
            fix="Start the container with --shm-size=8g or --ipc=host (Kubernetes: an emptyDir of medium"
            " Memory at /dev/shm).",
            source="https://docs.docker.com/engine/containers/run/ (64 MB by default)",
        )
