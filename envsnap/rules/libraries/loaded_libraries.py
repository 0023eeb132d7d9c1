"""Libraries that are really loaded differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

DECISIVE = (
    "libcu",
    "libnccl",
    "libnv",
    "libcudnn",
    "libopenblas",
    "libscipy_openblas",
    "libmkl",
    "libdnnl",
    "libjpeg",
    "libturbojpeg",
    "libgomp",
    "libiomp",
    "libomp",
)


class LoadedLibraries(Rule):
    """A framework, or the running process, has mapped other shared libraries.

    What is installed is not always what is loaded: LD_LIBRARY_PATH, a system copy or another
    wheel can come first. Version and build id are read from the mapped files.

    Fix: take the other copy out of LD_LIBRARY_PATH, or install the reference's wheel.
    """

    id = "loaded-libraries"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for each place that loads libraries."""
        groups: dict[tuple[str, ...], list[Change]] = {}
        for change in comparison.under("frameworks"):
            if len(change.path) > 3 and change.path[2] == "mapped_on_import":
                groups.setdefault(change.path[:2], []).append(change)
        for change in comparison.under("process", "loaded"):
            if len(change.path) == 2:
                continue  # one side tells of no libraries at all
            groups.setdefault(("process",), []).append(change)
        for place, found in groups.items():
            yield self._finding(place, found)

    def _finding(self, place: tuple[str, ...], found: list[Change]) -> Finding:
        at = 2 if place == ("process",) else 3
        names = sorted({change.path[at] for change in found})
        matters = any(name.startswith(DECISIVE) for name in names)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters else Severity.INFO,
            effect=Effect.NUMERICS if matters else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=found[0].path[: at + 1],
            message=f"{place[-1]} loads other libraries: {', '.join(names[:3])}{more}",
            why="What is loaded computes, whatever is installed.",
            fix="Look for another copy that comes first (LD_LIBRARY_PATH, system, another wheel).",
            changes=tuple(change.path for change in found),
        )
