"""A forward-compatibility libcuda is used where NVIDIA does not allow it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import gpus, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

# Consumer cards: forward compatibility is for data-center GPUs, some RTX server cards and Jetson.
CONSUMER = re.compile(r"GeForce|TITAN|GTX|(?<!Quadro )RTX \d0[5-9]0")
REFERENCE = "https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html"


class ForwardCompatibility(Rule):
    """A forward-compatibility libcuda is loaded on a GPU that does not allow it.

    The cuda-compat packages put a newer libcuda before the driver's own, so that a program for a
    newer CUDA major release runs on an older driver. NVIDIA supports that on data-center GPUs,
    some RTX server cards and Jetson only; on others the start fails with error 804, "forward
    compatibility was attempted on non supported HW".

    Fix: take the compat folder out of the library path, and update the driver instead.
    """

    id = "forward-compatibility"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        if stated(manifest, "driver", "libcuda_is_compat") is not True:
            return
        names = [gpu.name for gpu in gpus(manifest).values() if isinstance(gpu.name, str)]
        consumer = next((name for name in names if CONSUMER.search(name)), None)
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR if consumer else Severity.INFO,
            effect=Effect.CRASH if consumer else Effect.NONE,
            confidence=Confidence.LIKELY,
            path=("driver", "libcuda_is_compat"),
            message=(
                f"a forward-compatibility libcuda is found first, which the {consumer} refuses"
                if consumer
                else "a forward-compatibility libcuda is used instead of the driver's own"
            ),
            why="It is made for data-center GPUs. The CUDA version that the driver reports is "
            "then that of this library.",
            fix="Take the compat folder out of the library path, or update the driver.",
            source=REFERENCE,
            cites=(("driver", "libcuda_path"),),
        )
