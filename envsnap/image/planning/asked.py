"""What the user asks for where a manifest does not say it: Python, CUDA; and what a file wants.

A requirements file or a lock states no environment, only what is wanted. It becomes a manifest of
what will be installed once every version is known.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, Struct, to_builtins
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import Facts, string
from envsnap.image.planning import images
from envsnap.model.codec import sealed
from envsnap.model.manifest import Manifest
from envsnap.model.python import Package, Packages, Python

MINOR = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}")
SPECIFIER = re.compile(r"[A-Za-z0-9.!+*=<>~, _-]{1,200}")
MARKER = re.compile(r"[A-Za-z0-9_.'\" ()<>=!,+-]{1,400}")
EXTRA = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,60}[A-Za-z0-9])?")
HOW = "ask for it with --python, for example --python 3.11.9"


class Asked(Struct, frozen=True, kw_only=True):
    """What the user names beside the manifest, before anything is planned."""

    python: str | None = None
    cuda: str | None = None


def add(facts: Facts, asked: Asked) -> Facts:
    """Put what was asked for in the place of what is not known. Raises InputError."""
    if asked.python is not None:
        if MINOR.fullmatch(asked.python):
            raise InputError(f"--python {asked.python}: name a release{_such_as(asked.python)}")
        version = validate.matched(asked.python, validate.PYTHON, "--python", "release (3.11.9)")
        if facts.python not in (None, version):
            raise InputError(f"--python {version}: the manifest says {facts.python}")
        facts = replace(facts, python=version)
    if asked.cuda is not None:
        cuda = validate.matched(asked.cuda, validate.NUMBERS, "--cuda", "version of CUDA (11.8)")
        facts = replace(facts, toolkit=cuda, toolkit_named=False, asked_cuda=cuda)
    return facts


def _such_as(minor: str) -> str:
    """Name the newest release of a minor version that has an image; nothing where none has."""
    near = images.nearest_pythons(f"{minor}.999")
    return f", for example --python {near[0]}, the newest that is listed" if near else ""


def wanted(manifest: Manifest) -> dict[str, Any]:
    """Return what is asked for by name, as plain data; empty where nothing is."""
    section = getattr(manifest.sections, "wanted", UNSET)
    entries = getattr(section, "entries", UNSET)
    return dict(to_builtins(entries)) if isinstance(entries, dict) else {}


def states_installed(manifest: Manifest) -> bool:
    """Tell whether the manifest says of at least one distribution that it is installed."""
    section = manifest.sections.packages
    return section is not UNSET and bool(section.entries)


def is_partial(manifest: Manifest) -> bool:
    """Tell whether the manifest does not state every distribution that is, or shall be, there."""
    section = manifest.sections.packages
    return section is UNSET or not section.complete


def lines(manifest: Manifest, facts: Facts) -> list[str]:
    """Return what to resolve, as requirements: what is stated, and what is wanted."""
    versions = {name: string(item.version) for name, item in facts.packages.items()}
    for name, framework in facts.frameworks.items():  # a report may state torch there alone
        versions.setdefault(string(framework.distribution) or name, string(framework.version))
    found = [
        f"{name}=={version}"
        for name, stated in sorted(versions.items())
        if stated and (version := validate.pinned_version(stated, f"packages.{name}"))
    ]
    if states_installed(manifest):
        return found
    for name, entry in sorted(wanted(manifest).items()):
        validate.matched(name, validate.PACKAGE, f"wanted.{name[:40]}", "name of a package")
        found += [
            _line(name, choice)
            for choice in entry.get("alternatives") or (entry,)
            if not choice.get("groups") and choice.get("manager") != "conda"
        ]
    return found


def _line(name: str, choice: dict[str, Any]) -> str:
    """Spell one requirement; what cannot stand in a file is refused."""
    place = f"wanted.{name}"
    if choice.get("editable") or choice.get("origin"):
        raise InputError(
            f"{place}: wanted from an address or a folder; build a wheel of it, name its folder with"
            " --find-links, and pin its version instead"
        )
    extras = [validate.matched(item, EXTRA, place, "extra") for item in choice.get("extras") or ()]
    text = name + (f"[{','.join(extras)}]" if extras else "")
    if choice.get("version"):
        text += "==" + validate.matched(choice["version"], validate.VERSION, place, "version")
    elif choice.get("specifier"):
        text += validate.matched(choice["specifier"], SPECIFIER, place, "range of versions")
    if choice.get("marker"):
        text += " ; " + validate.matched(choice["marker"], MARKER, place, "marker")
    return text


def completed(facts: Facts, resolved: dict[str, str]) -> Facts:
    """Add the distributions that were resolved to those that are stated."""
    more = {name: Package(version=version) for name, version in resolved.items()}
    return replace(facts, packages={**more, **facts.packages})


def described(manifest: Manifest, resolved: dict[str, str], asked: Asked) -> Manifest:
    """Return a manifest of what will be installed, where only what is wanted was stated."""
    if states_installed(manifest) and asked.python is None:
        return manifest
    section = manifest.sections.packages
    stated = {} if section is UNSET or section.entries is UNSET else section.entries
    more = {name: Package(version=version) for name, version in sorted(resolved.items())}
    packages = Packages(complete=False, entries={**more, **stated})
    python = manifest.sections.python
    if asked.python is not None:
        known = Python(complete=False) if python is UNSET else python
        python = replace(known, version=asked.python)
    sections = replace(manifest.sections, packages=packages, python=python)
    return sealed(replace(manifest, sections=sections))


def require_complete(manifest: Manifest, facts: Facts) -> None:
    """Refuse a list of packages that is partial and was not resolved. Raises InputError."""
    if facts.packages_complete:
        return
    if not facts.packages and not wanted(manifest):
        raise InputError("packages: none are stated, so there is nothing to install")
    if facts.python is None:
        raise InputError(f"python.version: not stated; {HOW}")
    count = len(facts.packages) or len(wanted(manifest))
    raise InputError(
        f"packages: a partial list ({count} stated), which cannot be installed as if it were"
        " complete; --resolve finds the rest (uv asks your package index; the stated versions are"
        " kept)"
    )


def require_python(facts: Facts) -> None:
    """Refuse to resolve for an unknown Python. Raises InputError."""
    if facts.python is None:
        raise InputError(f"python.version: not stated; {HOW}")
