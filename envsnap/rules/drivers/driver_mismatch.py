"""Kernel module and user-space libraries of the driver disagree."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from envsnap.model.manifest import Manifest
from envsnap.rules.drivers.driver_minimum import is_driver
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class DriverMismatch(Rule):
    """The loaded kernel module and the driver's libraries have different versions.

    Happens after an unattended upgrade of the driver's packages without a reboot, and in
    containers that bring their own libcuda. NVML then refuses with "Driver/library version
    mismatch" and CUDA does not start.

    Fix: reboot, or reload the nvidia kernel modules; in a container, remove its own copies of
    libcuda and libnvidia-ml so that the container toolkit mounts the host's.
    """

    id = "driver-mismatch"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare the kernel module with the library files."""
        driver = manifest.sections.driver
        if driver is UNSET or not isinstance(driver.kernel_module, str):
            return
        if not is_driver(driver.kernel_module):
            return
        for key in ("libnvidia_ml", "libcuda"):
            version = getattr(driver, key)
            if key == "libcuda" and driver.libcuda_is_compat is True:
                continue  # forward compatibility: it is meant to be newer
            if not isinstance(version, str) or not is_driver(version):
                continue
            # Debian's packages write 525.85.12-1.
            if version.partition("-")[0] != driver.kernel_module.partition("-")[0]:
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("driver", key),
                    message=f"kernel module {driver.kernel_module}, {key} {version}",
                    why="The driver's libraries refuse to work with another version's kernel module.",
                    fix="Reboot, or reload the kernel modules; in a container remove its own copies.",
                    reference=driver.kernel_module,
                    other=version,
                )
