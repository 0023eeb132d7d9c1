"""ONNX Runtime does not find the CUDA and cuDNN that it was built for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import is_trusted, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import gpus, is_complete, is_known, packages, stated, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

REFERENCE = "https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html"
SYSTEM = ("cuda", "toolkit")


class OnnxruntimeCuda(Rule):
    """ONNX Runtime's CUDA provider cannot load, and sessions silently run on the CPU.

    onnxruntime-gpu is built for one CUDA and one cuDNN major release. Where they are not found,
    sessions still run, on the CPU; get_device() still says GPU. Only a session's get_providers()
    tells. The plain onnxruntime has no CUDA provider at all.

    Fix: install the CUDA and cuDNN of its build (the extras cuda and cudnn bring them), or the
    release built for the CUDA that is here.
    """

    id = "onnxruntime-cuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against what is installed; one finding for all that does not fit."""
        gpu = version(manifest, "onnxruntime-gpu")
        if gpu is None:
            if version(manifest, "onnxruntime") and gpus(manifest):
                yield self._cpu(version(manifest, "onnxruntime") or "")
            return
        row = build(gpu)
        if row is None or (is_known(manifest, "gpus") and not gpus(manifest)):
            return  # without a GPU nothing is lost
        have = here(manifest)
        builds = [row, *([row["other"]] if "other" in row else [])]
        wrong = [list(_mismatches(official, have)) for official in builds]
        if all(wrong):
            want, found = (
                " and ".join(item[0] for item in wrong[0]),
                " and ".join(item[1] for item in wrong[0]),
            )
            yield self._finding(row, gpu, want, found, have["from"])
        elif not have["cuda"] and gpus(manifest) and _complete(manifest):
            yield self._finding(
                row, gpu, f"CUDA {numbers(row['cuda'])[0]}", "no CUDA library", SYSTEM
            )

    def _finding(
        self, row: dict[str, Any], installed: str, want: str, have: str, path: tuple[str, ...]
    ) -> Finding:
        sure = is_trusted(row["basis"])
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
            source=REFERENCE,
            expected=want,
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
            source=REFERENCE,
        )


def here(manifest: Manifest) -> dict[str, Any]:
    """The CUDA and cuDNN that are installed: as wheels, else as a toolkit."""
    found: dict[str, Any] = {"cuda": None, "cudnn": None, "from": SYSTEM}
    for name in packages(manifest):
        installed = version(manifest, name)
        if installed and name.startswith("nvidia-cuda-runtime"):
            found |= {"cuda": installed, "from": ("packages", name)}
        elif installed and name.startswith("nvidia-cudnn"):
            found |= {"cudnn": installed, "from": ("packages", name)}
    toolkit = stated(manifest, *SYSTEM)
    if found["cuda"] is None and isinstance(toolkit, str):
        found["cuda"] = toolkit
    return found


def _mismatches(official: dict[str, Any], have: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a build wants and what is here instead."""
    want = numbers(official["cuda"])
    if have["cuda"] and numbers(have["cuda"])[:1] != want[:1]:
        yield f"CUDA {want[0]}", f"CUDA {have['cuda']}"
    if have["cudnn"] and numbers(have["cudnn"])[:1] != (official["cudnn_major"],):
        yield f"cuDNN {official['cudnn_major']}", f"cuDNN {have['cudnn']}"


def _complete(manifest: Manifest) -> bool:
    """Whether all distributions are known, and the toolkit was looked for."""
    return is_complete(manifest, "packages") and stated(manifest, *SYSTEM) is None


def build(installed: str) -> dict[str, Any] | None:
    """The row of a release, as the Python index has it."""
    have = numbers(installed)
    for row in table("onnxruntime_builds")["rows"]:
        first, last = numbers(row["first"]), row["last"] and numbers(row["last"])
        if have[: len(first)] >= first and (last is None or have[: len(last)] <= last):
            found: dict[str, Any] = row
            return found
    return None
