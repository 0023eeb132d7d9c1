"""Triton inference server's image and the host's driver do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import drivers
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

VARIABLE = "NVIDIA_TRITON_SERVER_VERSION"


class TritonServer(Rule):
    """The driver is older than the CUDA of this Triton inference server release.

    Each monthly release of the server is built with one CUDA. From the exact driver of that CUDA
    on everything works. From the floor of its major release on it runs in minor-version mode.
    Below that floor it does not start; data-center GPUs may use the forward-compatibility
    libraries that the image brings.

    Fix: update the driver, or use an older release of the image.
    """

    id = "triton-server"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table of releases against the driver."""
        compat = stated(manifest, "driver", "libcuda_is_compat") is True
        release = variable(manifest, VARIABLE)
        driver = stated(manifest, "driver", "libcuda" if compat else "version")
        row = drivers.of_triton_server(release) if release else None
        if row is None or not isinstance(driver, str) or not drivers.is_driver(driver):
            return
        if numbers(driver) >= numbers(row["driver"]):
            return
        needed = drivers.needed_by(row["cuda"])
        floor = needed.floor if needed and needed.has_minor_mode else row["driver"]
        runs = numbers(driver) >= numbers(floor)
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING if runs else Severity.ERROR,
            effect=Effect.BEHAVIOR if runs else Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("driver", "version"),
            message=f"Triton server {row['release']} (CUDA {row['cuda']}) comes with driver "
            f"{row['driver']}; here is {driver}",
            why=(
                f"From {floor} on it runs in minor-version mode: no PTX can be compiled."
                if runs
                else f"Below {floor} it starts only with the image's forward-compatibility "
                "libraries, which need a data-center GPU."
            ),
            fix="Update the driver, or use an older release of the image.",
            source="triton-inference-server/server docs/introduction/compatibility.md",
            expected=f"driver {row['driver']}",
            cites=(("env_vars", VARIABLE),),
        )
