"""Package URLs: how an SBOM names a package, in whatever manager it is of."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.model.python import Conda, Origin, Package

CONDA_FILE = re.compile(r"(.+)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)")
# Systems of dpkg, by the ID of os-release.
DPKG = ("debian", "ubuntu", "raspbian", "linuxmint", "pop", "kali")


class Parts(Struct, frozen=True, kw_only=True):
    """The parts of a package URL."""

    type: str
    name: str
    version: str | None = None
    namespace: str | None = None
    qualifiers: dict[str, str] = {}


def of_python(name: str, version: str | None, package: Package) -> Parts:
    """A distribution of an index; from an address, that is said with it."""
    qualifiers: dict[str, str] = {}
    origin = package.origin
    if isinstance(origin, Origin) and isinstance(origin.url, str):
        commit = origin.commit if isinstance(origin.commit, str) else None
        vcs = origin.vcs if isinstance(origin.vcs, str) else None
        if vcs and commit and not origin.url.startswith("file:"):
            folder = f"#{origin.subdirectory}" if isinstance(origin.subdirectory, str) else ""
            qualifiers["vcs_url"] = f"{vcs}+{origin.url}@{commit}{folder}"
        elif origin.url.startswith("https://"):
            qualifiers["download_url"] = origin.url
    return Parts(type="pypi", name=name, version=version, qualifiers=qualifiers)


def of_conda(name: str, version: str | None, conda: Conda) -> Parts:
    """A package of conda, with its build and channel where they are known."""
    qualifiers: dict[str, str] = {}
    url = conda.url if isinstance(conda.url, str) else ""
    folder, _, file = url.rpartition("/")
    archive = CONDA_FILE.fullmatch(file)
    if archive is not None:
        name = archive[1]
        qualifiers["subdir"] = folder.rpartition("/")[2]
        qualifiers["type"] = "conda" if file.endswith(".conda") else "tar.bz2"
    if isinstance(conda.build, str):
        qualifiers["build"] = conda.build
    if isinstance(conda.channel, str):
        qualifiers["channel"] = conda.channel
    stated = conda.version if isinstance(conda.version, str) else version
    return Parts(type="conda", name=name, version=stated, qualifiers=qualifiers)


def of_dpkg(
    name: str, version: str | None, os_id: str | None, os_version: str | None
) -> Parts | None:
    """A package of dpkg; None where the system is not known to be of Debian's family."""
    if os_id not in DPKG:
        return None
    plain_name, _, architecture = name.partition(":")
    qualifiers = {"distro": f"{os_id}-{os_version}"} if os_version else {}
    if architecture:
        qualifiers["arch"] = architecture
    return Parts(
        type="deb", namespace=os_id, name=plain_name, version=version, qualifiers=qualifiers
    )


def of_interpreter(version: str) -> Parts:
    """An interpreter, which no manager names."""
    return Parts(type="generic", name="python", version=version)
