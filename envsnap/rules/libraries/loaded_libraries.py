"""Libraries that are really loaded differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envsnap.changes.change import Change
from envsnap.model.paths import Path
from envsnap.model.reading import fact
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.symptoms import owners
from envsnap.wording import few

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
            yield self._finding(comparison, place, found)

    def _finding(
        self, comparison: Comparison, place: tuple[str, ...], found: list[Change]
    ) -> Finding:
        at = 2 if place == ("process",) else 3
        names = sorted({change.path[at] for change in found})
        decisive = {
            change.path[: at + 1] for change in found if change.path[at].startswith(DECISIVE)
        }
        brought = {path: _brought_by(comparison, path) for path in decisive}
        matters = not all(brought.values())
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters else Severity.INFO,
            effect=Effect.NUMERICS if matters else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=found[0].path[: at + 1],
            message=f"{place[-1]} loads other libraries: {few(names, 3)}",
            why="What is loaded computes, whatever is installed." + _told(brought.values()),
            fix="Look for another copy that comes first (LD_LIBRARY_PATH, system, another wheel).",
            changes=tuple(change.path for change in found),
        )


def _brought_by(comparison: Comparison, path: Path) -> str | None:
    """The distribution that has another version and installed a loaded library; else None.

    Its own finding says more: another OpenBLAS is what another NumPy brings.
    """
    owner: str | None = None
    for side in (comparison.other, comparison.reference):
        where = fact(side, (*path, "path")).value
        owner = owners.file(where, side) if isinstance(where, str) else None
        if owner is None or comparison.at("packages", owner, "version") is None:
            return None
    return owner


def _told(brought: Iterable[str | None]) -> str:
    names = sorted({name for name in brought if name})
    return f" They came with {', '.join(names)}." if names else ""
