"""Names of distributions: the index's spelling, and what stands in a wheel's name or an address."""

from __future__ import annotations

import re
from urllib.parse import unquote

from msgspec import UNSET, Struct
from msgspec.structs import replace

from envsnap.intake.formats import privacy
from envsnap.model.python import Origin

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,120}[A-Za-z0-9])?")
VERSION = re.compile(
    r"v?(?:[0-9]{1,18}!)?[0-9]{1,18}(?:\.[0-9]{1,18}){0,8}(?:[._-]?(?:a|b|c|rc|alpha|beta|pre|preview"
    r"|post|rev|r|dev)[._-]?[0-9]{0,18}){0,3}(?:-[0-9]{1,9})?(?:\+[A-Za-z0-9]{1,60}(?:[._-][A-Za-z0-9]{1,60}){0,8})?",
    re.IGNORECASE,
)
COMMIT = re.compile(r"[0-9a-f]{7,40}")
SCHEMES = ("git+", "hg+", "svn+", "bzr+")


class Address(Struct, frozen=True):
    """What an address says of the distribution that lies there."""

    origin: Origin
    name: str = ""
    version: str = ""


def is_name(text: str) -> bool:
    """Tell whether a text can be a distribution's name."""
    return NAME.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Tell whether a text is a version as PEP 440 has it, in any of its spellings."""
    return VERSION.fullmatch(text) is not None


def address(text: str) -> Address:
    """Read a direct address: a wheel or an archive states its version, a repository a commit."""
    place, _, fragment = text.partition("#")
    parts = dict(part.partition("=")[::2] for part in fragment.split("&"))
    egg, written = _of_egg(unquote(parts.get("egg", "")))
    vcs = next((scheme[:-1] for scheme in SCHEMES if place.startswith(scheme)), None)
    sha256 = parts.get("sha256", "")
    origin = Origin(
        url=privacy.clean_url(place.partition("?")[0]),
        sha256=sha256 if re.fullmatch("[0-9a-f]{64}", sha256) else UNSET,
        subdirectory=unquote(parts.get("subdirectory", "")).strip("/") or UNSET,
    )
    if vcs is not None:
        commit = place.rpartition("@")[2] if "@" in place.rpartition("/")[2] else ""
        found = commit if COMMIT.fullmatch(commit) else UNSET
        return Address(replace(origin, sha256=UNSET, vcs=vcs, commit=found), egg, written)
    name, version = _of_file(unquote(place.partition("?")[0].rpartition("/")[2]))
    return Address(origin, egg or name, version or written)


def repository(git: str, reference: object) -> Origin:
    """A Git repository: a reference that is no commit (a branch, a tag) stands behind the address."""
    if isinstance(reference, str) and COMMIT.fullmatch(reference):
        return Origin(url=privacy.clean_url(git), vcs="git", commit=reference)
    behind = f"@{reference}" if isinstance(reference, str) and reference else ""
    return Origin(url=privacy.clean_url(f"{git}{behind}"), vcs="git")


def _of_egg(text: str) -> tuple[str, str]:
    """The name in an address' fragment, and the version that old ones had behind it."""
    name = re.split(r"[\[<>=!~]", text)[0]
    before, _, version = name.rpartition("-")
    written = before and version[:1].isdigit() and is_version(version)
    return (before, version) if written else (name, "")


def _of_file(file: str) -> tuple[str, str]:
    """The name and the version in the name of a wheel or of a source archive."""
    from packaging import utils

    try:
        if file.endswith(".whl"):
            return (
                (file.partition("-")[0], file.split("-")[1]) if file.count("-") >= 4 else ("", "")
            )
        if file.endswith((".tar.gz", ".zip")):
            _, version = utils.parse_sdist_filename(file)
            stem = file.removesuffix(".zip").removesuffix(".tar.gz")
            return stem.rpartition("-")[0], str(version)
    except utils.InvalidSdistFilename:
        return "", ""
    return "", ""
