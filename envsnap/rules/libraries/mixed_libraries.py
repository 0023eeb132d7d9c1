"""Several versions of one library are in one process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.model.compute import Library
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

SONAME = re.compile(r"(lib[\w+-]+?)(?:-[0-9a-f]{8})?\.so(?:\.([\d.]+))?")
MAJORS = (
    "libcudart",
    "libcublas",
    "libcublasLt",
    "libcudnn",
    "libnccl",
    "libcusparse",
    "libcufft",
    "libnvrtc",
)
OPENMP = ("libgomp", "libiomp5", "libomp")


COPIES = {"OpenBLAS": re.compile(r"lib(?:scipy_)?openblas"), "OpenMP": re.compile(r"lib[gi]?omp")}
COPY = re.compile(r"#\d+$")


class MixedLibraries(Rule):
    """A process has two major releases of a CUDA library, or several OpenMP or OpenBLAS copies.

    Two CUDA runtimes, cuDNNs or NCCLs in one process do not see each other's contexts; the
    second package to use the GPU fails or computes wrong. Two OpenMP runtimes (Intel's and
    GNU's) start twice the threads and may deadlock. Wheels of numpy, scipy and OpenCV each bring an
    OpenBLAS along: each has its own threads, and what sets the threads of one leaves the others.

    Fix: install the packages for one CUDA release; have one OpenMP runtime.
    """

    id = "mixed-libraries"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Look at what each framework maps, and at what the process has mapped."""
        places: dict[tuple[str, ...], Any] = {
            ("frameworks", name, "mapped_on_import"): framework.mapped_on_import
            for name, framework in frameworks(manifest).items()
        }
        places[("process", "loaded")] = stated(manifest, "process", "loaded")
        for place, libraries in places.items():
            if isinstance(libraries, dict):
                yield from self._mapped(place, libraries)

    def _mapped(self, place: tuple[str, ...], libraries: dict[str, Library]) -> Iterator[Finding]:
        majors: dict[str, set[str]] = {}
        for soname in libraries:
            match = SONAME.fullmatch(soname)
            if match and match[1] in MAJORS and match[2]:
                majors.setdefault(match[1], set()).add(match[2].partition(".")[0])
        for name, found in sorted(majors.items()):
            if len(found) > 1:
                yield self._finding(
                    place,
                    f"{name} is loaded in releases {' and '.join(sorted(found))}",
                    Effect.CRASH,
                )
        yield from self._copies(place, libraries)
        present = {match[1] for soname in libraries if (match := SONAME.fullmatch(soname))}
        runtimes = sorted(present & set(OPENMP))
        if "libgomp" in runtimes and len(runtimes) > 1:
            yield self._finding(
                place,
                f"OpenMP runtimes {' and '.join(runtimes)} are in one process",
                Effect.PERFORMANCE,
            )

    def _copies(self, place: tuple[str, ...], libraries: dict[str, Library]) -> Iterator[Finding]:
        """Count the copies of a library that has threads of its own."""
        for name, pattern in COPIES.items():
            found = sorted(soname for soname in libraries if pattern.match(soname))
            same = len({COPY.sub("", soname) for soname in found}) < len(found)
            if len(found) > 1 and (same or name == "OpenBLAS"):
                told = f"{len(found)} copies of {name} are in one process"
                yield self._finding(place, told, Effect.PERFORMANCE)

    def _finding(self, place: tuple[str, ...], message: str, effect: Effect) -> Finding:
        crash = effect is Effect.CRASH
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if crash else Severity.INFO,
            effect=effect,
            confidence=Confidence.LIKELY if crash else Confidence.POSSIBLE,
            path=place,
            message=message,
            why="Each has its own state; what one sets up the other does not see.",
            fix="Install the packages for one release of it.",
        )
