"""Packages that conda installed, Python ones and others, read from conda-meta."""

import os
import re

from ..record import open_regular
from ..secrets import clean_url

NAME_IN_META = re.compile(r"^(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.json$")
MOST_BYTES = 16 << 20
FIELD = re.compile(r'"(url|md5|sha256)"\s*:\s*"([^"]*)"')


def read(folder: str) -> list:
    """Return (name, facts) of every package that conda-meta tells of."""
    found = []
    for name in sorted(os.listdir(folder)):
        match = NAME_IN_META.match(name)
        if not match:
            continue
        conda = {"version": match.group("version"), "build": match.group("build")}
        with open_regular(os.path.join(folder, name)) as stream:
            fields = dict(
                reversed(FIELD.findall(stream.read(MOST_BYTES).decode("utf-8", "replace")))
            )
        if "url" in fields:
            # Channels of some services carry a token as /t/TOKEN/.
            conda["url"] = re.sub(r"/t/[^/]+/", "/", clean_url(fields["url"]))
        for digest in ("md5", "sha256"):
            if digest in fields:
                conda[digest] = fields[digest]
        found.append((match.group("name"), conda))
    return found
