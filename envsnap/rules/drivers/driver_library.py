"""A library of the driver is found and cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class DriverLibrary(Rule):
    """A file of the NVIDIA driver is not a usable library: it is empty, truncated, or a dead link.

    The loader takes the first file of that name and stops there ("file too short", "invalid ELF
    header", "cannot open shared object file"). Three things leave empty files and dead links: a
    container runtime that could not mount the driver, an image that was built with the driver
    mounted, and a driver that was upgraded under a running container.

    Fix: remove the file, or recreate the container, so that the runtime mounts the host's file.
    """

    id = "driver-library"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a library."""
        for name, why in (stated(manifest, "driver", "unloadable") or {}).items():
            path, _, reason = why.rpartition(": ")
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR,
                effect=Effect.CRASH,
                confidence=Confidence.CERTAIN,
                path=("driver", "unloadable", name),
                message=f"{name} cannot be loaded: {reason}",
                why=f"The loader takes {path} and stops there.",
                fix="Remove the file, or recreate the container with the NVIDIA runtime.",
                source="read in the file",
                cites=(("driver", "version"), ("system", "container")),
            )
