"""Driver versions differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.versions import numbers
from envsnap.model.paths import Path
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES"
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
        if None not in (first.reference, first.other):
            yield self._differs(first, changes)
        elif change is None and _has_driver(comparison):
            yield self._hidden(comparison, first, changes)
        else:
            yield self._absent(first, changes)

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

    def _hidden(self, comparison: Comparison, first: Change, changes: tuple[Path, ...]) -> Finding:
        """A driver is on both sides, and one of its libraries on one only: a container may leave it out."""
        gone = first.other is None
        here, there = ("other side", "reference") if gone else ("reference", "other side")
        chosen = comparison.at("env_vars", CAPABILITIES) if gone else None
        told = f"the {here} has a driver, and no {first.path[-1]}"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if gone else Severity.INFO,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY if chosen else Confidence.POSSIBLE,
            path=chosen.path if chosen else first.path,
            message=(
                f"{CAPABILITIES}: {_told(chosen.reference)} -> {_told(chosen.other)}: {told}"
                if chosen
                else f"{told}; the {there} has both"
            ),
            why="Without the driver's CUDA library everything runs on the CPU. A container gets it"
            f" where {CAPABILITIES} holds compute.",
            fix=f"Start the container with {CAPABILITIES}=compute,utility." if gone else "",
            source="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
            changes=(*changes, chosen.path) if chosen else changes,
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


def _has_driver(comparison: Comparison) -> bool:
    """Whether both sides state a driver's version."""
    return all(
        stated(side, "driver", "version") for side in (comparison.reference, comparison.other)
    )


def _told(value: object) -> str:
    return "not set" if value is None else str(value)


def _fix(reference: str, other: str) -> str:
    branch = reference.partition(".")[0]
    if numbers(other) > numbers(reference):
        return f"If it began with the newer driver, go back to branch {branch}."
    return f"Use driver branch {branch}, or a newer one."
