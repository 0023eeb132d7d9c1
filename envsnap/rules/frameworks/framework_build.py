"""The same framework version, built differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import version as version_of
from envsnap.rules import built_here
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

ACCELERATORS = ("cuda", "rocm")


class FrameworkBuild(Rule):
    """A framework is built for another CUDA or ROCm, or for none.

    A build without CUDA computes on the CPU, silently. A build for another CUDA brings other
    cuBLAS and cuDNN releases, whose kernels sum in another order, and needs another driver.

    Fix: install the build with the reference's local label (for example +cu124).
    """

    id = "framework-build"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a framework whose accelerator build differs."""
        for change in list(comparison.under("frameworks")):
            if len(change.path) != 3 or change.path[2] not in ACCELERATORS:
                continue
            if change.reference is None and change.other is None:
                continue  # said to be none on one side, and not said on the other: no build differs
            pair = _vendors(comparison, change.path[1])
            if pair is not None:
                if change.path[2] == ACCELERATORS[0]:
                    yield self._other_vendor(comparison, change.path[1], pair)
                continue
            name, kind = change.path[1], change.path[2].upper().replace("ROCM", "ROCm")
            to_none = change.other is None
            from_none = change.reference is None
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if to_none else Severity.WARNING,
                effect=Effect.BEHAVIOR if to_none else Effect.NUMERICS,
                confidence=Confidence.CERTAIN if to_none or from_none else Confidence.LIKELY,
                path=change.path,
                message=(
                    f"{name} is built for {kind} {change.reference}, on the other side without {kind}"
                    if to_none
                    else f"{name} is built without {kind}, on the other side for {kind} {change.other}"
                    if from_none
                    else f"{name} is built for {kind} {change.reference}, on the other side for {change.other}"
                ),
                why=(
                    f"Without {kind} it computes on the CPU, or fails where a GPU is asked for."
                    if to_none
                    else "Other math libraries, other kernels, another order of sums; another driver is needed."
                ),
                fix=(
                    f"Install one build of {name} on both sides; the reference has the CPU build."
                    if from_none
                    else f"Install the build of {name} that the reference has."
                ),
                changes=(change.path, *_labels(comparison, name)),
            )
        yield from self._by_label(comparison)

    def _by_label(self, comparison: Comparison) -> Iterator[Finding]:
        """One finding for wheels whose labels name other builds, where no framework was asked."""
        found = _relabelled(comparison)
        if not found:
            return
        name = "torch" if "torch" in found else next(iter(found))
        change, (here, there) = found[name]
        lost = there == CPU
        others = [item for item in found if item != name and found[item][1] == (here, there)]
        beside = f" (and {', '.join(others)})" if others else ""
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR if lost else Severity.WARNING,
            effect=Effect.BEHAVIOR if lost else Effect.NUMERICS,
            confidence=Confidence.CERTAIN if lost else Confidence.LIKELY,
            path=change.path,
            message=f"{name}{beside} is built for {here}, on the other side for {there}",
            why=(
                "It computes on the CPU, or fails where a GPU is asked for."
                if lost
                else "Other math libraries, other kernels, another order of sums."
            ),
            fix=f"Install {name}=={change.reference}, from the index of that build.",
            changes=(
                change.path,
                *(found[item][0].path for item in others),
                *(_libraries(comparison) if name == "torch" else ()),
            ),
        )

    def _other_vendor(
        self, comparison: Comparison, name: str, pair: tuple[Change, Change]
    ) -> Finding:
        """Another vendor's GPUs altogether: neither side computes on the CPU."""
        cuda, rocm = pair
        is_cuda = cuda.reference is not None
        here = f"CUDA {cuda.reference}" if is_cuda else f"ROCm {rocm.reference}"
        there = f"ROCm {rocm.other}" if is_cuda else f"CUDA {cuda.other}"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.CERTAIN,
            path=cuda.path,
            message=f"{name} is built for {here}, on the other side for {there}",
            why="Other GPUs, other math libraries, other kernels: sums come in another order.",
            fix=_VENDOR_FIX,
            changes=(cuda.path, rocm.path, *_labels(comparison, name)),
        )


_VENDOR_FIX = (
    "Run on GPUs of one vendor with its build: a build for CUDA does not run on AMD's GPUs, nor one"
    " for ROCm on NVIDIA's."
)


ROCM = re.compile(r"rocm(\d[\d.]*)")
CPU = "the CPU"
RUNTIMES = ("nvidia-cuda-runtime", *(f"nvidia-cuda-runtime-cu{number}" for number in (13, 12, 11)))


def _relabelled(comparison: Comparison) -> dict[str, tuple[Change, tuple[str, str]]]:
    """Distributions whose labels name other builds, with those of both sides."""
    return {
        change.path[1]: (change, built)
        for change in comparison.under("packages")
        if len(change.path) == 3
        and change.path[2] == "version"
        and not any(comparison.at("frameworks", change.path[1], key) for key in ACCELERATORS)
        and (built := _labelled(comparison, change)) is not None
    }


def _labelled(comparison: Comparison, change: Change) -> tuple[str, str] | None:
    """What both sides' wheels are built for, where their labels say so and differ.

    The index's own wheel of torch has no label: the libraries of CUDA beside it tell.
    """
    here = _built_for(change.path[1], change.reference, comparison.reference)
    there = _built_for(change.path[1], change.other, comparison.other)
    return (here, there) if here and there and here != there else None


def _built_for(name: str, version: object, manifest: Manifest) -> str:
    """What a version's label says in words; empty where it says nothing of a build."""
    if not isinstance(version, str):
        return ""
    _, _, label = version.partition("+")
    if not label:
        return _beside(manifest) if name == "torch" else ""
    cuda, rocm = built_here.labelled(label), ROCM.fullmatch(label)
    if cuda:
        return f"CUDA {cuda}"
    if rocm:
        return f"ROCm {rocm[1]}"
    return {"cpu": CPU, "xpu": "Intel GPUs"}.get(label, "")


def _beside(manifest: Manifest) -> str:
    """The CUDA of the libraries that torch's wheel asks for."""
    found = next(filter(None, (version_of(manifest, name) for name in RUNTIMES)), "")
    return f"CUDA {'.'.join(found.split('.')[:2])}" if found else ""


def _vendors(comparison: Comparison, name: str) -> tuple[Change, Change] | None:
    """The changes of a framework that is built for CUDA on one side and for ROCm on the other."""
    cuda, rocm = (comparison.at("frameworks", name, key) for key in ACCELERATORS)
    if cuda is None or rocm is None:
        return None
    for_cuda, for_rocm = cuda.reference is not None, rocm.reference is not None
    swapped = for_cuda is not for_rocm and (cuda.other is None) is not (rocm.other is None)
    return (cuda, rocm) if swapped and for_cuda is (cuda.other is None) else None


def _labels(comparison: Comparison, name: str) -> tuple[Path, ...]:
    """Version strings that differ in the build's label alone, and the wheels that a build pins."""
    found = [
        change.path
        for path in (("frameworks", name, "version"), ("packages", name, "version"))
        if (change := comparison.at(*path))
        and distance(change.reference, change.other) is Distance.BUILD
    ]
    if name == "torch":
        found += _libraries(comparison)
        found += [
            change.path
            for key in ("cudnn", "cudnn_loaded", "nccl")
            if (change := comparison.at("frameworks", name, key))
        ]
    return tuple(found)


def _libraries(comparison: Comparison) -> tuple[Path, ...]:
    """The wheels of NVIDIA's libraries, which a build of torch pins."""
    return tuple(
        change.path
        for change in comparison.under("packages")
        if change.path[1].startswith("nvidia-")
    )
