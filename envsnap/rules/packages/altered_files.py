"""Files of an installed package were changed."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import edited, packages, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class AlteredFiles(Rule):
    """Installed files no longer match the distribution's RECORD.

    RECORD lists the SHA-256 of every file that an installer wrote. Files that were edited in
    place ("just this one line"), half-overwritten by another package or lost are not what the
    version says. The facts come from `capture --verify-files`.

    Fix: install the distribution anew (pip install --force-reinstall --no-deps).
    """

    id = "altered-files"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution that is edited on the reference, maybe here, too.

        A manifest names edited files and has no digest of them: whether two edits are one is not known.
        """
        if stated(comparison.other, "packages", "verified") is not True:
            return
        theirs = packages(comparison.other)
        for name, package in packages(comparison.reference).items():
            files = edited(package)
            if not files or name not in theirs:
                continue
            both = edited(theirs[name])
            where = "on both sides, maybe not in the same way" if both else "on the reference only"
            yield Finding(
                rule=self.id,
                severity=Severity.INFO if both else Severity.WARNING,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE if both else Confidence.CERTAIN,
                path=("packages", name, "altered" if package.altered else "missing"),
                message=f"files of {name} are not what was installed, {where} ({files[0]})",
                why="The code that runs is not the one that this version stands for.",
                fix="Carry the edit over as a patch or a release of its own, or install both sides anew.",
            )

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a distribution."""
        for name, package in packages(manifest).items():
            altered = package.altered if isinstance(package.altered, tuple) else ()
            missing = package.missing if isinstance(package.missing, tuple) else ()
            if not altered and not missing:
                continue
            parts = (
                [f"{package.altered_count or len(altered)} changed ({altered[0]})"]
                if altered
                else []
            )
            parts += (
                [f"{package.missing_count or len(missing)} missing ({missing[0]})"]
                if missing
                else []
            )
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.CERTAIN,
                path=("packages", name, "altered" if altered else "missing"),
                message=f"files of {name} are not what was installed: {', '.join(parts)}",
                why="The code that runs is not the one that this version stands for.",
                fix=f"pip install --force-reinstall --no-deps {name}=={package.version}",
            )
