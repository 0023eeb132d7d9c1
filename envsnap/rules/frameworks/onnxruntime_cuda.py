"""ONNX Runtime does not find the CUDA and cuDNN that it was built for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, fact, gpus, packages, version
from envsnap.rules.versions import numbers

REFERENCE = "https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html"
SYSTEM = ("cuda", "toolkit")


class OnnxruntimeCuda(Rule):
    """ONNX Runtime's CUDA provider cannot load, and the CPU computes in silence.

    onnxruntime-gpu is built for one CUDA and one cuDNN major release. Where they are not found,
    sessions still run, on the CPU; get_device() still says GPU. Only a session's
    get_providers() tells. The plain onnxruntime has no CUDA provider at all.

    Fix: install the CUDA and cuDNN of its build (the extras cuda and cudnn bring them), or the
    release built for the CUDA that is here.
    """

    id = "onnxruntime-cuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against what is installed."""
        gpu = version(manifest, "onnxruntime-gpu")
        if gpu is None:
            if version(manifest, "onnxruntime") and gpus(manifest):
                yield self._cpu(version(manifest, "onnxruntime") or "")
            return
        row = build(gpu)
        if row is None:
            return
        for what, want, have, path in self._mismatches(manifest, row):
            yield self._finding(row, gpu, f"{what} {want}", f"{what} {have}", path)

    def _mismatches(
        self, manifest: Manifest, row: dict[str, Any]
    ) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
        cuda, cudnn = numbers(row["cuda"])[0], row["cudnn_major"]
        wheels = {
            kind: [name for name in packages(manifest) if name.startswith(f"nvidia-{kind}-cu")]
            for kind in ("cuda-runtime", "cudnn")
        }
        toolkit = fact(manifest, *SYSTEM)
        if wheels["cuda-runtime"]:
            if not any(name.endswith(f"cu{cuda}") for name in wheels["cuda-runtime"]):
                yield (
                    "CUDA",
                    str(cuda),
                    wheels["cuda-runtime"][0].rpartition("cu")[2],
                    ("packages", wheels["cuda-runtime"][0]),
                )
        elif isinstance(toolkit, str) and numbers(toolkit)[:1] != (cuda,):
            yield "CUDA", str(cuda), toolkit, SYSTEM
        for name in wheels["cudnn"]:
            installed = version(manifest, name)
            if installed and numbers(installed)[:1] != (cudnn,):
                yield "cuDNN", str(cudnn), installed, ("packages", name, "version")

    def _finding(
        self, row: dict[str, Any], installed: str, want: str, have: str, path: tuple[str, ...]
    ) -> Finding:
        sure = is_trusted(row["confidence"])
        return Finding(
            rule=self.id,
            # The toolkit on PATH need not be the only one on the machine; wheels are what is loaded.
            severity=Severity.ERROR if sure and path != SYSTEM else Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=("packages", "onnxruntime-gpu", "version"),
            message=f"onnxruntime-gpu {installed} is built for {want}, and here is {have}",
            why="Its CUDA provider does not load, and sessions run on the CPU without an error.",
            fix="Install the CUDA and cuDNN of its build, or the release built for this CUDA.",
            reference=REFERENCE,
            left=want,
            right=have,
            cites=(path,),
        )

    def _cpu(self, installed: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.PERFORMANCE,
            confidence=Confidence.POSSIBLE,
            path=("packages", "onnxruntime", "version"),
            message=f"onnxruntime {installed} is the build without CUDA, on a machine with a GPU",
            why="Its sessions run on the CPU.",
            fix="Uninstall it and install onnxruntime-gpu, if the GPU is meant to be used.",
            reference=REFERENCE,
        )


def build(installed: str) -> dict[str, Any] | None:
    """The row of a release, as the Python index has it."""
    have = numbers(installed)
    for row in table("onnxruntime_builds")["rows"]:
        first, last = numbers(row["first"]), row["last"] and numbers(row["last"])
        if have[: len(first)] >= first and (last is None or have[: len(last)] <= last):
            found: dict[str, Any] = row
            return found
    return None
