"""A TensorRT engine was built by another TensorRT, or on another GPU."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries, gpus, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

REFERENCE = "https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/version-compatibility.html"
ENDINGS = (".engine", ".plan", ".trt")


class TensorrtEngine(Rule):
    """A TensorRT engine was built for another TensorRT release or GPU architecture.

    A serialized engine loads only in the TensorRT release that built it. One that was built version
    compatible also loads in newer ones of the major release. It loads only on the architecture that
    it was built for, unless it was built with hardware compatibility ("engine plan file is
    generated on an incompatible device"). Kernels are chosen by timing, so a rebuilt engine can
    differ in the last bits.

    Fix: build the engine on the machine that runs it, or with the compatibility flags.
    """

    id = "tensorrt-engine"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield a finding for TensorRT's release, and one for the GPU, where both sides know them."""
        engines = [name for name in _weights(comparison.other) if name.endswith(ENDINGS)]
        known = [version(side, "tensorrt") for side in (comparison.reference, comparison.other)]
        if not all(known):
            return
        sure = Confidence.LIKELY if engines else Confidence.POSSIBLE
        severity = Severity.ERROR if engines else Severity.INFO
        what = engines[0] if engines else "a TensorRT engine"
        change = comparison.at("packages", "tensorrt", "version")
        if change is not None:
            yield self._finding(
                change.path,
                f"{what} of TensorRT {known[0]} does not load in {known[1]}",
                severity,
                sure,
            )
        capabilities = [
            next((gpu.compute_capability for gpu in gpus(side).values()), None)
            for side in (comparison.reference, comparison.other)
        ]
        if (
            all(isinstance(item, str) for item in capabilities)
            and capabilities[0] != capabilities[1]
        ):
            index = next(iter(gpus(comparison.other)))
            path = ("gpus", index, "compute_capability")
            yield self._finding(
                path,
                f"{what} built for compute capability {capabilities[0]} does not load on "
                f"{capabilities[1]}",
                severity,
                sure,
            )

    def _finding(
        self, path: tuple[str, ...], message: str, severity: Severity, confidence: Confidence
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.CRASH,
            confidence=confidence,
            path=path,
            message=message,
            why="Engines are bound to the release and the architecture that they were built for.",
            fix="Build the engine on the machine that runs it, or with the compatibility flags.",
            source=REFERENCE,
            changes=(path,),
        )


def _weights(manifest: Manifest) -> tuple[str, ...]:
    return tuple(entries(manifest, "weights"))
