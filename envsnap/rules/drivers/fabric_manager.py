"""An NVSwitch machine lacks its fabric manager."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class FabricManager(Rule):
    """The machine has NVSwitches, and no fabric manager of the driver's version runs.

    HGX and DGX machines connect their GPUs through NVSwitches, which the fabric manager sets up.
    Without it CUDA does not start: error 802, "system not yet initialized". Its version must equal
    the driver's.

    Fix: install the fabric manager of the driver's version and start its service.
    """

    id = "fabric-manager"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        switches = stated(manifest, "driver", "nvswitches")
        running = stated(manifest, "driver", "fabric_manager_running")
        installed = stated(manifest, "driver", "fabric_manager")
        driver = stated(manifest, "driver", "version")
        stale = installed is not None and driver is not None and installed != driver
        if not switches or (running is not False and not stale):
            return
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("driver", "fabric_manager" if stale else "fabric_manager_running"),
            message=(
                f"fabric manager {installed} does not belong to driver {driver}"
                if stale
                else f"{switches} NVSwitches, and no fabric manager runs"
            ),
            why='CUDA does not start without it: "system not yet initialized".',
            fix=f"Start the fabric manager of driver {driver or 'the same version'}.",
            source="libcudart's text of error 802; pytorch/pytorch#35710",
            cites=(("driver", "nvswitches"), ("driver", "version")),
        )
