"""What a package list can say of each installed distribution: where it comes from, or why not.

Nothing of a manifest reaches a line of a list unless its type allows it: names, versions and
addresses are matched as a whole, and what does not fit is a reason, never a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.knowledge import torch_builds
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.plain_text import plain
from envsnap.model.python import Conda, Origin, Package

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SHA256 = re.compile(r"[0-9a-f]{64}")
ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]@!$&'()*+,=%-]{1,1900}")
# A repository may be reached by ssh, as a user that is no secret.
REPOSITORY = re.compile(
    r"(?:ssh|git|https?)://(?:[A-Za-z0-9][A-Za-z0-9_-]{0,39}@)?[A-Za-z0-9][A-Za-z0-9.-]{0,249}(?::\d{1,5})?/[A-Za-z0-9._~/+-]{1,1600}"
)
FOLDER = re.compile(r"[A-Za-z0-9._-]{1,200}(?:/[A-Za-z0-9._-]{1,200}){0,20}")
VCS = ("git", "hg", "svn", "bzr")
# Neither name may ever be asked of an index: one is ours and not there, one is another's.
OURS = ("envsnap", "envsnap-ml")


class Source(Struct, frozen=True, kw_only=True):
    """Where a distribution can be had again.

    With `commit` it is a repository at `url`, with `sha256` an archive there; without both it is
    in an index, which is `url` where the version's label names one.
    """

    name: str
    version: str
    url: str | None = None
    vcs: str | None = None
    commit: str | None = None
    sha256: str | None = None
    folder: str | None = None  # of the project, below the repository's or the archive's own


class Unlisted(Struct, frozen=True, kw_only=True):
    """A distribution that no line of a list brings back, and why."""

    name: str
    version: str
    reason: str


def is_wish(manifest: Manifest) -> bool:
    """Whether a manifest says what is wanted, and not what is installed."""
    return not reading.packages(manifest) and reading.is_captured(manifest, "wanted")


def installed(manifest: Manifest, name: str) -> dict[str, Package]:
    """The distributions by name. Raises InputError where the manifest states none."""
    found = reading.packages(manifest)
    if found:
        return dict(sorted(found.items()))
    if is_wish(manifest):
        raise InputError(
            f"{name}: says what is wanted, not what is installed; it is a list of packages already"
        )
    raise InputError(f"{name}: states no installed distribution: nothing can be listed")


def sources(packages: dict[str, Package]) -> Iterator[Source | Unlisted]:
    """Say of each distribution where it can be had again, or why it cannot."""
    for name, package in packages.items():
        yield _source(name, package)


def is_of_conda(package: Package) -> bool:
    """Whether conda installed what is there now: pip may have replaced it since."""
    if package.format == "conda":
        return True
    return isinstance(package.conda, Conda) and package.conda.version == package.version


def _source(name: str, package: Package) -> Source | Unlisted:
    version = _version(package)
    if version is None or NAME.fullmatch(name) is None:
        told = plain(str(package.version)) if isinstance(package.version, str) else "no version"
        return Unlisted(name=plain(name), version=told, reason="not a name and version of PEP 440")
    reason = _stays(name, package)
    if reason is None and isinstance(package.origin, Origin):
        return _from_address(name, version, package.origin)
    index = torch_builds.index_of(name, version)
    if reason is None and "+" in version and index is None:
        reason = f"no known index has builds labelled +{version.partition('+')[2]}"
    if reason is not None:
        return Unlisted(name=name, version=version, reason=reason)
    return Source(name=name, version=version, url=index)


def _version(package: Package) -> str | None:
    from packaging.version import Version

    if not isinstance(package.version, str):
        return None
    try:
        return str(Version(package.version))
    except ValueError:
        return None


def _stays(name: str, package: Package) -> str | None:
    """Why no index is asked for a distribution, or None."""
    if name in OURS:
        return "envsnap is on no index; install it from its source"
    if package.editable is True:
        return "an editable install: its files are on the captured machine"
    if is_of_conda(package):
        return "installed by conda"
    if isinstance(package.system_package, str):
        return f"installed by the system: {plain(package.system_package)}"
    return None


def _from_address(name: str, version: str, origin: Origin) -> Source | Unlisted:
    url = origin.url if isinstance(origin.url, str) else ""
    folder = origin.subdirectory if isinstance(origin.subdirectory, str) else None
    reason = _no_address(url, folder, is_vcs=isinstance(origin.vcs, str))
    if reason:
        return Unlisted(name=name, version=version, reason=reason)
    commit = origin.commit if isinstance(origin.commit, str) else ""
    if origin.vcs in VCS and COMMIT.fullmatch(commit):
        return Source(
            name=name, version=version, url=url, vcs=str(origin.vcs), commit=commit, folder=folder
        )
    sha256 = origin.sha256 if isinstance(origin.sha256, str) else ""
    if not isinstance(origin.vcs, str) and SHA256.fullmatch(sha256):
        return Source(name=name, version=version, url=url, sha256=sha256, folder=folder)
    missing = "a full commit" if isinstance(origin.vcs, str) else "a digest"
    return Unlisted(name=name, version=version, reason=f"from an address without {missing}")


def _no_address(url: str, folder: str | None, *, is_vcs: bool) -> str:
    """Why an address, or the folder of the project below it, may not stand in a line; else empty."""
    if folder and (FOLDER.fullmatch(folder) is None or ".." in folder.split("/")):
        return "from a folder of another name than a path"
    host = url.partition("://")[2].partition("/")[0]
    is_web = ADDRESS.fullmatch(url) is not None and "@" not in host
    if is_web or (is_vcs and REPOSITORY.fullmatch(url) is not None):
        return ""
    return "installed from a local file" if url.startswith("file:") else "from no address"
