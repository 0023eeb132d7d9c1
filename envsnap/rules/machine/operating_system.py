"""Operating systems, kernels or containers differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.versions import numbers
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

RELEASE = ("os", "os_id", "os_version")
HOST = ("kernel", "container")


OLDEST = (5, 5)
OLD_KERNEL = "Accelerate warns of kernels before 5.5: processes can hang there."


class OperatingSystem(Rule):
    """The operating system's release, the kernel or the kind of container differ.

    Seldom a cause by itself: what matters of it (the C library, the locale, shared libraries)
    has rules of its own.

    Fix: none is needed unless nothing else differs.
    """

    id = "operating-system"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the release, one for the host, and one for its pages."""
        pages = comparison.at("system", "transparent_hugepages")
        if pages is not None:
            yield Finding(
                rule=self.id,
                severity=Severity.INFO,
                effect=Effect.PERFORMANCE,
                confidence=Confidence.POSSIBLE,
                path=pages.path,
                message=f"transparent huge pages: {pages.told}",
                why="Where they are always used, allocators hold more memory, and pauses are longer.",
                fix=f"Write {pages.reference} to /sys/kernel/mm/transparent_hugepage/enabled."
                if pages.reference is not None
                else "",
                source="Linux, Documentation/admin-guide/mm/transhuge.rst",
                changes=(pages.path,),
            )
        for keys, what in ((RELEASE, "operating system"), (HOST, "host")):
            found = [change for key in keys if (change := comparison.at("system", key))]
            if not found:
                continue
            first = found[0]
            is_old = first.path[-1] == "kernel" and _is_old(first)
            yield Finding(
                rule=self.id,
                severity=Severity.INFO,
                effect=Effect.BEHAVIOR if is_old else Effect.NONE,
                confidence=Confidence.POSSIBLE,
                path=first.path,
                message=f"the {what} differs: {first.told}",
                why=OLD_KERNEL if is_old else "Seldom a cause by itself.",
                changes=tuple(change.path for change in found),
            )


def _is_old(change: Change) -> bool:
    """Whether the kernel fell below the oldest that accelerate trusts."""
    one, two = (numbers(str(side))[:2] for side in (change.reference, change.other))
    return bool(one and two) and two < OLDEST <= one
