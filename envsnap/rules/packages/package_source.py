"""A package comes from conda on one side and from a wheel on the other."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.roles import role
from envsnap.model.python import Package
from envsnap.model.reading import entries, given, packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

CODECS = {"pillow": "pillow", "opencv-python": "opencv", "opencv-python-headless": "opencv"}


class PackageSource(Rule):
    """A package that computes comes from conda on one side and from a wheel on the other.

    One version is not one build. conda links against its own BLAS, MKL, codecs and C++ library.
    Wheels bring theirs. From a wheel, numpy computes with OpenBLAS; from conda, often with MKL.
    Pillow decodes JPEG with another library.

    Fix: install it from the same place on both sides.
    """

    id = "package-source"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution of equal version whose origins differ in kind."""
        other = packages(comparison.other)
        for name, mine in packages(comparison.reference).items():
            theirs = other.get(name)
            if theirs is None or mine.version != theirs.version:
                continue
            sources = source(mine), source(theirs)
            if None in sources or sources[0] == sources[1] or role(name) != "numerics":
                continue
            if _codecs_known(comparison, name):
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.POSSIBLE,
                path=("packages", name, "installer"),
                message=f"{name} {mine.version} comes from {sources[0]} -> {sources[1]}",
                why="One version, linked with other libraries (BLAS, MKL, codecs).",
                fix=f"Install {name} from {sources[0]} on both sides.",
                changes=tuple(change.path for change in comparison.under("packages", name)),
            )


def source(package: Package) -> str | None:
    """Conda, or a wheel; None where that is not known."""
    if given(package.conda) is not None or package.format == "conda":
        return "conda"
    installer = package.installer
    if isinstance(installer, str):
        return "conda" if installer.startswith(("conda", "mamba")) else "a wheel"
    return None


def _codecs_known(comparison: Comparison, name: str) -> bool:
    """Where both sides' codecs were captured, they speak for themselves."""
    return name in CODECS and all(
        CODECS[name] in entries(side, "codecs") for side in (comparison.reference, comparison.other)
    )
