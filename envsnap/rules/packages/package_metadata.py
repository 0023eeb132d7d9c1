"""Packages shadow each other, or their metadata is broken."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.roles import role
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class PackageMetadata(Rule):
    """Two distributions of one name are on sys.path, or one's metadata is broken.

    Python imports the first one it finds. `pip list` may show another version than the one that is
    imported. Interrupted installs leave broken metadata, and pip may fail on it.

    Fix: uninstall the name until none is left, then install the wanted version once.
    """

    id = "package-metadata"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a shadowed distribution, and one a defect."""
        for name, package in packages(manifest).items():
            if package.shadowed:
                versions = ", ".join(str(other.version) for other in package.shadowed)
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING if role(name) != "tooling" else Severity.INFO,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.CERTAIN,
                    path=("packages", name, "shadowed"),
                    message=f"{name} {package.version} hides {versions}",
                    why="Python imports the first on sys.path; other tools may report the "
                    "hidden one.",
                    fix=f"Uninstall {name} until none is left, then install one version.",
                )
            if isinstance(package.defects, tuple):
                yield Finding(
                    rule=self.id,
                    severity=Severity.INFO,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.CERTAIN,
                    path=("packages", name, "defects"),
                    message=f"the metadata of {name} is broken: {package.defects[0]}",
                    why="An interrupted install leaves such metadata; pip may fail on it.",
                    fix=f"Reinstall {name}.",
                )
