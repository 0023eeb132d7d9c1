"""Packages that conda installed, Python ones and others, read from conda-meta."""

import os
import re

NAME_IN_META = re.compile(r"^(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.json$")
FIELD = re.compile(r'"(url|md5|sha256)"\s*:\s*"([^"]*)"')


def add(entries: dict, folder: str) -> None:
    """Add conda's packages; where pip metadata tells of the same package, both are kept."""
    from .packages import canonical
    from .secrets import clean_url

    for name in sorted(os.listdir(folder)):
        match = NAME_IN_META.match(name)
        if not match:
            continue
        key = canonical(match.group("name"))
        conda = {"version": match.group("version"), "build": match.group("build")}
        with open(os.path.join(folder, name), "rb") as stream:
            fields = dict(reversed(FIELD.findall(stream.read().decode("utf-8", "replace"))))
        if "url" in fields:
            conda["url"] = clean_url(fields["url"])
        for digest in ("md5", "sha256"):
            if digest in fields:
                conda[digest] = fields[digest]
        entry = entries.setdefault(key, {"version": conda["version"], "format": "conda"})
        entry["conda"] = conda
