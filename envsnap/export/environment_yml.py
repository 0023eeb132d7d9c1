"""conda's environment file: its own packages by version and build, pip's below `pip:`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.export.distributions import Unlisted, installed, is_of_conda, sources
from envsnap.export.form import Subject
from envsnap.export.requirements import lines_of
from envsnap.model import reading
from envsnap.model.python import Conda, Package

ARCHIVE = re.compile(r"([a-z0-9_][a-z0-9_.-]*)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)")
WORD = re.compile(r"[A-Za-z0-9_.!+~-]{1,128}")
CHANNEL = re.compile(r"[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,3}")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
DEFAULT_NAME, DEFAULT_CHANNELS = "envsnap", ("conda-forge",)


def render(subject: Subject) -> str:
    """Write the file: equal manifests give equal text."""
    import yaml

    packages = installed(subject.manifest, subject.name)
    of_conda = {name: item for name, item in packages.items() if is_of_conda(item)}
    dependencies: list[Any] = list(_conda_lines(of_conda))
    python = reading.stated(subject.manifest, "python", "version")
    if "python" not in of_conda and isinstance(python, str) and WORD.fullmatch(python):
        dependencies.insert(0, f"python=={python.rstrip('+')}")
    rest = {name: item for name, item in packages.items() if name not in of_conda}
    told = [item for item in sources(rest) if item.name != "pip"]
    lines = [text for text in lines_of(told) if not text.startswith("#")]
    if lines:
        if "pip" not in of_conda:
            dependencies.append(_pip(packages))
        dependencies.append({"pip": lines})
    label = subject.manifest.label or ""
    tree = {
        "name": label if NAME.fullmatch(label) else DEFAULT_NAME,
        "channels": list(_channels(of_conda)),
        "dependencies": dependencies,
    }
    text = str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=False, width=200))
    return text + "".join(
        f"# {item.name} {item.version}: {item.reason}\n"
        for item in told
        if isinstance(item, Unlisted)
    )


def _conda_lines(packages: dict[str, Package]) -> Iterator[str]:
    """NAME=VERSION=BUILD; a conda name is not always a distribution's, and its archive tells."""
    for name, package in packages.items():
        known = package.conda if isinstance(package.conda, Conda) else Conda()
        url = known.url if isinstance(known.url, str) else ""
        archive = ARCHIVE.fullmatch(url.rpartition("/")[2])
        if archive is not None and all(WORD.fullmatch(part) for part in archive.groups()):
            yield "=".join(archive.groups())
            continue
        version = known.version if isinstance(known.version, str) else package.version
        if isinstance(version, str) and WORD.fullmatch(version) and WORD.fullmatch(name):
            build = known.build if isinstance(known.build, str) else ""
            # One equals sign alone would take 1.26.4.1, too.
            yield f"{name}={version}={build}" if WORD.fullmatch(build) else f"{name}=={version}"


def _pip(packages: dict[str, Package]) -> str:
    version = packages["pip"].version if "pip" in packages else None
    return f"pip=={version}" if isinstance(version, str) and WORD.fullmatch(version) else "pip"


def _channels(packages: dict[str, Package]) -> Iterator[str]:
    """The channels that packages came from, in the order of their number; else a default."""
    counts: dict[str, int] = {}
    for package in packages.values():
        channel = package.conda.channel if isinstance(package.conda, Conda) else None
        if isinstance(channel, str) and CHANNEL.fullmatch(channel):
            counts[channel] = counts.get(channel, 0) + 1
    yield from sorted(counts, key=lambda name: (-counts[name], name)) or DEFAULT_CHANNELS
