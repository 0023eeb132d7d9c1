"""Driver versions differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.versions import numbers
from envsnap.model.paths import Path
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

FOLLOW = (
    ("driver", "kernel_module"),
    ("driver", "nvml"),
    ("driver", "libcuda"),
    ("driver", "libnvidia_ml"),
    ("cuda", "driver"),
)


class DriverVersion(Rule):
    """The NVIDIA driver's version differs.

    The driver compiles PTX, schedules kernels and decides which CUDA can run at all; the rule
    driver-minimum says whether it is too old for a framework. Drivers of one branch differ by fixes
    only; another branch has another PTX compiler.

    Fix: use the reference's branch where PTX is compiled at run time (Triton, torch.compile).
    """

    id = "driver-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for all the driver's version facts."""
        change = comparison.at("driver", "version")
        follow = [found.path for path in FOLLOW if (found := comparison.at(*path))]
        if change is None and not follow:
            return
        first = change or comparison.at(*follow[0])
        assert first is not None
        changes = ((change.path,) if change else ()) + tuple(follow)
        yield (
            self._absent(first, changes)
            if None
            in (
                first.reference,
                first.other,
            )
            else self._differs(first, changes)
        )

    def _absent(self, first: Change, changes: tuple[Path, ...]) -> Finding:
        where = "the other side" if first.other is None else "the reference"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=f"there is no NVIDIA driver on {where}",
            why="Without a driver everything runs on the CPU.",
            fix="Give both sides a GPU and a driver, or compare outputs with a tolerance.",
            changes=changes,
        )

    def _differs(self, first: Change, changes: tuple[Path, ...]) -> Finding:
        reference, other = str(first.reference), str(first.other)
        # What is no number (a release channel) names no branch: it cannot be called the same one.
        branch = numbers(reference)[:1] != numbers(other)[:1] or not numbers(reference)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if branch else Severity.INFO,
            effect=Effect.BEHAVIOR if branch else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=f"NVIDIA driver {reference} -> {other}",
            why=(
                "Another branch has another PTX compiler, and another newest CUDA."
                if branch
                else "Releases of one branch differ by fixes only."
            ),
            fix=_fix(reference, other) if branch else "",
            changes=changes,
        )


def _fix(reference: str, other: str) -> str:
    branch = reference.partition(".")[0]
    if numbers(other) > numbers(reference):
        return f"If it began with the newer driver, go back to branch {branch}."
    return f"Use driver branch {branch}, or a newer one."
