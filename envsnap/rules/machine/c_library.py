"""C libraries differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.versions import numbers


class CLibrary(Rule):
    """glibc, musl or libstdc++ differ.

    A program built against a newer glibc or libstdc++ does not start on an older one
    ("version `GLIBC_2.32' not found"). The other way round works. musl and glibc take other
    wheels altogether. glibc's math functions change their last bit between releases.

    Fix: build on the oldest system that must run it, or use the same base image.
    """

    id = "c-library"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a library."""
        for key, name in (("glibc", "glibc"), ("libstdcxx", "libstdc++"), ("musl", "musl")):
            change = comparison.at("system", key)
            if change is None:
                continue
            left, right = str(change.left or "none"), str(change.right or "none")
            kind = change.left is None or change.right is None
            older = numbers(right.rpartition("_")[2]) < numbers(left.rpartition("_")[2])
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING if kind or older else Severity.INFO,
                effect=Effect.CRASH if kind or older else Effect.NONE,
                confidence=Confidence.POSSIBLE,
                path=change.path,
                message=f"{name} {left} -> {right}",
                why=(
                    "Programs built on the newer system may not start on the older one."
                    if older
                    else "Another C library takes other wheels."
                    if kind
                    else "A newer one runs what was built for the older."
                ),
                fix="Use the same base system, or build on the older one." if kind or older else "",
                left=change.left,
                right=change.right,
                changes=(change.path,),
            )
