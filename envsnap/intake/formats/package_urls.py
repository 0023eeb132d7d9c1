"""Package URLs (purl), as SBOMs name what they list: `pkg:pypi/torch@2.4.0`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from msgspec import UNSET, Struct

from envsnap.intake.formats import conda_names, names
from envsnap.intake.formats.draft import Draft
from envsnap.knowledge.names import canonical
from envsnap.model.host import System
from envsnap.model.python import Conda, Package

PURL = re.compile(
    r"pkg:/{0,2}(?P<kind>[A-Za-z][\w.+-]{0,20})/(?P<path>[^@?#\s]{1,300})(?:@(?P<version>[^?#\s]{1,200}))?"
    r"(?:\?(?P<more>[^#\s]{0,1000}))?(?:#\S*)?"
)
SYSTEM = ("deb", "rpm", "apk", "alpm")


class PackageUrl(Struct, frozen=True):
    """The parts of a package URL, decoded."""

    kind: str
    namespace: str
    name: str
    version: str
    qualifiers: dict[str, str]


def parse(text: str) -> PackageUrl | None:
    """Read a package URL; None for what is none."""
    found = PURL.fullmatch(text.strip())
    if found is None:
        return None
    namespace, _, name = found["path"].rpartition("/")
    pairs = (part.partition("=") for part in (found["more"] or "").split("&") if part)
    return PackageUrl(
        kind=found["kind"].lower(),
        namespace=unquote(namespace),
        name=unquote(name),
        version=unquote(found["version"] or ""),
        qualifiers={key: unquote(value) for key, _, value in pairs},
    )


def add(draft: Draft, found: PackageUrl) -> None:
    """Add what an SBOM lists: a distribution, a package of conda or of the system, or none of ours."""
    if found.kind == "pypi" and names.is_name(found.name):
        key = canonical(found.name)
        doubted = draft.doubt(key, found.version)
        draft.package(key, Package(version=UNSET if doubted else found.version or UNSET))
    elif found.kind == "conda":
        conda = Conda(
            version=found.version or UNSET,
            build=found.qualifiers.get("build", UNSET),
            channel=found.qualifiers.get("channel", UNSET),
        )
        conda_names.add(draft, found.name, conda)
    elif found.kind in SYSTEM and found.version:
        draft.add(System(complete=False, packages={found.name: found.version}))
    else:
        draft.leave(f"{found.kind} packages")
