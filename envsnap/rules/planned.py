"""What a lock or a requirements file would give, judged as if it were installed.

Rules look at what is installed. A file states no more than its exact pins: a range, and what only
one platform, an extra or a group asks for, may become anything. So only pins that hold everywhere
are judged, and findings point to the lines of the file.
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.python import Package, Packages
from envsnap.model.reading import entries, packages
from envsnap.model.wanted import Requirement
from envsnap.rules.finding import Finding


def as_installed(manifest: Manifest) -> Manifest:
    """Return a manifest with a file's pins as its packages; any other manifest as it is."""
    if packages(manifest) or not entries(manifest, "wanted"):
        return manifest
    pinned = {
        name: Package(version=requirement.version)
        for name, requirement in entries(manifest, "wanted").items()
        if _is_pinned(requirement)
    }
    if not pinned:
        return manifest
    made = Packages(complete=False, entries=pinned)
    return replace(manifest, sections=replace(manifest.sections, packages=made))


def of_the_file(finding: Finding) -> Finding:
    """Point a finding about a pin to what the file asks for."""
    return replace(
        finding,
        path=_asked(finding.path),
        cites=tuple(dict.fromkeys(_asked(path) for path in finding.cites)),
    )


def _is_pinned(requirement: Requirement) -> bool:
    elsewhere = (
        requirement.alternatives,
        requirement.marker,
        requirement.groups,
        requirement.manager,
    )
    return isinstance(requirement.version, str) and all(item is UNSET for item in elsewhere)


def _asked(path: Path) -> Path:
    return ("wanted", path[1], "version") if path[0] == "packages" and len(path) > 1 else path
