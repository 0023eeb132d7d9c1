"""TensorFlow finds another CUDA or cuDNN than it was built and tested with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, is_complete, packages, stated, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.libraries.cudnn_version import parts
from envsnap.rules.rule import Rule

REFERENCE = "https://www.tensorflow.org/install/source#gpu"
FIRST_EXTRA = (2, 14)  # the first release with the extra and-cuda
NAMES = ("tensorflow", "tensorflow-gpu")


class TensorflowCuda(Rule):
    """TensorFlow does not find the CUDA or cuDNN of its tested builds.

    A plain TensorFlow brings no CUDA libraries. Those of the system have to be of the major
    release that it was built with, and cuDNN at least of that minor one. Otherwise it says "Could
    not load dynamic library", and computes on the CPU. tensorflow[and-cuda] brings them.

    Fix: install tensorflow[and-cuda], or the CUDA and cuDNN of the table of tested builds.
    """

    id = "tensorflow-cuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against the toolkit and the cuDNN, where nothing is bundled."""
        name = next((name for name in NAMES if version(manifest, name)), None)
        row = tested(version(manifest, name) or "") if name else None
        if name is None or row is None:
            return
        loaded = frameworks(manifest).get("tensorflow")
        cudnn = loaded.cudnn_loaded if loaded is not None else None
        if isinstance(cudnn, str):
            yield from self._cudnn(name, row, cudnn)
        toolkit = stated(manifest, "cuda", "toolkit")
        bundled = any(item.startswith("nvidia-cuda-runtime") for item in packages(manifest))
        if isinstance(toolkit, str) and not bundled:
            yield from self._toolkit(name, row, toolkit)
        yield from self._wheels(manifest, name, row)
        listed = is_complete(manifest, "packages")
        if gpus(manifest) and not bundled and toolkit is None and listed:
            yield self._finding(
                ("packages", name),
                f"{name} {row['tensorflow']} brings no CUDA, and none is installed beside a GPU",
                f"CUDA {row['cuda']}",
                row,
            )

    def _wheels(self, manifest: Manifest, name: str, row: dict[str, Any]) -> Iterator[Finding]:
        for wheel in packages(manifest):
            cudnn = version(manifest, wheel) if wheel.startswith("nvidia-cudnn-cu") else None
            if cudnn and numbers(cudnn)[:1] != numbers(row["cudnn"])[:1]:
                yield self._finding(
                    ("packages", wheel, "version"),
                    f"{name} {row['tensorflow']} was built with cuDNN {row['cudnn']}, and {cudnn} is installed",
                    f"cuDNN {row['cudnn']}",
                    row,
                )

    def _cudnn(self, name: str, row: dict[str, Any], cudnn: str) -> Iterator[Finding]:
        have, want = parts(cudnn), parts(row["cudnn"])
        if not have or (have[0] == want[0] and have[1:2] >= want[1:2]):
            return
        yield self._finding(
            ("frameworks", "tensorflow", "cudnn_loaded"),
            f"{name} {row['tensorflow']} was built with cuDNN {row['cudnn']}, and {cudnn} is loaded",
            f"cuDNN {row['cudnn']}",
            row,
        )

    def _toolkit(self, name: str, row: dict[str, Any], toolkit: str) -> Iterator[Finding]:
        if numbers(toolkit)[:1] == numbers(row["cuda"])[:1]:
            return
        yield self._finding(
            ("cuda", "toolkit"),
            f"{name} {row['tensorflow']} was built with CUDA {row['cuda']}, and the system's is {toolkit}",
            f"CUDA {row['cuda']}",
            row,
        )

    def _finding(
        self, path: tuple[str, ...], message: str, expected: str, row: dict[str, Any]
    ) -> Finding:
        extra = numbers(row["tensorflow"]) >= FIRST_EXTRA
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=path,
            message=message,
            why="It does not find the libraries that it was linked with, and computes on the CPU.",
            fix=f"Install {'tensorflow[and-cuda], or ' if extra else ''}CUDA {row['cuda']} and cuDNN {row['cudnn']}.",
            source=REFERENCE,
            expected=expected,
        )


def tested(installed: str) -> dict[str, Any] | None:
    """The row of a release's minor version."""
    return next(
        (
            row
            for row in table("tensorflow_builds")["rows"]
            if numbers(installed)[:2] == numbers(row["tensorflow"])
        ),
        None,
    )
