"""Kernel module and user-space libraries of the driver disagree."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.drivers import is_driver
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class DriverMismatch(Rule):
    """The loaded kernel module and the driver's libraries have different versions.

    This happens after an unattended upgrade of the driver's packages without a reboot, and in
    containers that bring their own libcuda. NVML then refuses with "Driver/library version
    mismatch" and CUDA does not start.

    Fix: reboot, or reload the nvidia kernel modules; in a container, remove its own copies of
    libcuda and libnvidia-ml so that the container toolkit mounts the host's.
    """

    id = "driver-mismatch"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare the kernel module with the library files."""
        module = stated(manifest, "driver", "kernel_module")
        if module is None or not is_driver(module):
            return
        for key in ("libnvidia_ml", "libcuda"):
            version = stated(manifest, "driver", key)
            if key == "libcuda" and stated(manifest, "driver", "libcuda_is_compat") is True:
                continue  # forward compatibility: it is meant to be newer
            if not isinstance(version, str) or not is_driver(version):
                continue
            # Debian's packages write 525.85.12-1.
            if version.partition("-")[0] != module.partition("-")[0]:
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("driver", key),
                    message=f"kernel module {module}, {key} {version}",
                    why="The driver's libraries refuse to work with another version's kernel "
                    "module.",
                    fix="Reboot, or reload the kernel modules; in a container remove its own "
                    "copies.",
                    cites=(("driver", "kernel_module"),),
                )
