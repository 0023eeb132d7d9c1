"""A compiled extension asks torch for symbols that the installed torch does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.python import Package
from envsnap.model.reading import given, gpus, packages, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

MOST_TOLD = 2
BUILT_HERE = (
    "Install a wheel for this system or build it here; or use an image with a newer system."
)
CUDA_WHEELS = "Install NVIDIA's wheels for that CUDA, or a build for the CUDA that is here."


class LinkCheck(Rule):
    """An extension's files do not match the installed torch, as read from the files.

    Extensions of torch name what they need of it by C++ symbols. The probe reads those names in the
    extension's files and looks each up in torch's libraries; nothing is imported. A missing symbol
    fails at import, or at the first call ("undefined symbol"). A build for CUDA beside a CPU torch
    needs libraries that are not there at all. Files that were compiled on another host may need
    versions of the C and C++ libraries that this one does not define ("version `GLIBCXX_3.4.32' not
    found"). Files that use CUDA need its libraries of one major release, and perhaps neither the
    system nor a wheel brings them. So the rule also finds mismatches that no table lists.

    Fix: install the release and build of the extension that belongs to this torch, or build it
    here.
    """

    id = "link-check"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding an extension that misses something."""
        torch = version(manifest, "torch") or "the installed torch"
        for name, package in packages(manifest).items():
            symbols = given(package.missing_symbols) or ()
            libraries = given(package.missing_libraries) or ()
            if symbols or libraries:
                yield self._finding(name, package, torch)
            yield from self._of_the_system(name, package, has_gpu=bool(gpus(manifest)))

    def _of_the_system(self, name: str, package: Package, *, has_gpu: bool) -> Iterator[Finding]:
        """What files need of the C and C++ libraries, and of CUDA's."""
        for field, severity, wanted, fix in (
            (
                "missing_versions",
                Severity.ERROR,
                "its C or C++ library does not define",
                BUILT_HERE,
            ),
            (
                "missing_cuda_libraries",
                Severity.WARNING if has_gpu else Severity.INFO,
                "nothing in this environment has",
                CUDA_WHEELS,
            ),
        ):
            missing = given(getattr(package, field)) or ()
            if missing:
                yield Finding(
                    rule=self.id,
                    severity=severity,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("packages", name, field),
                    message=f"{name} {given(package.version)} needs {', '.join(missing)}, which "
                    f"{wanted}",
                    why="Its import fails, or the part of it that needs them does not load.",
                    fix=fix,
                    source="read in the files",
                    cites=(("packages", name), ("system", "glibc"), ("system", "libstdcxx")),
                )

    def _finding(self, name: str, package: Package, torch: str) -> Finding:
        libraries = given(package.missing_libraries) or ()
        symbols = _demangled(given(package.missing_symbols) or ())
        count = given(package.missing_symbols_count) or len(symbols)
        missing = "missing_libraries" if libraries else "missing_symbols"
        label = given(package.build_label)
        built = f" (its build: {label})" if label else ""
        return Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=(
                f"{name} {given(package.version)}{built} needs {', '.join(libraries)},"
                f" which torch {torch} does not have"
                if libraries
                else f"{name} {given(package.version)}{built} needs {count} symbols that torch "
                f"{torch} does not have"
            ),
            why=(
                f"Missing: {', '.join(symbols[:MOST_TOLD])}"
                f"{f' and {count - MOST_TOLD} more' if count > MOST_TOLD else ''}. "
                if symbols
                else ""
            )
            + "Its import or its first call fails.",
            fix=f"Install the {name} that belongs to torch {torch}, from the same index, or "
            f"build it here.",
            source="read in the files of both",
            cites=(("packages", name, missing), ("packages", "torch")),
        )


def _demangled(symbols: Iterable[str]) -> list[str]:
    from envsnap.rules.symptoms.demangle import demangled  # loaded where there is something to say

    return [demangled(item) for item in symbols]
