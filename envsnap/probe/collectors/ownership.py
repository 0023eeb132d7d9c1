"""Who answers for files: the distributions by RECORD, the system's packages by dpkg."""

import os
import re
from bisect import bisect_left

from ..record import Record, reason

OF_THE_SYSTEM = re.compile(r"/usr/lib/python3[0-9.]*/dist-packages/")
MODULE_FILES = (b".py", b".so", b".pyd")


def add_packages(record: Record, entries: dict, places: dict) -> None:
    """Name the system's package of each distribution that apt, not pip, installed."""
    wanted = {
        place: name
        for name, place in places.items()
        if OF_THE_SYSTEM.match(place) and entries[name].get("installer") != "pip"
    }
    try:
        from ..readers import dpkg

        owners = dpkg.owners_of_metadata(wanted)
        versions = dpkg.versions(set(owners.values()))
    except OSError as error:
        record.gap("system_package", reason(error))
        return
    for place, package in owners.items():
        if package in versions:
            entries[wanted[place]]["system_package"] = "%s=%s" % (package, versions[package])


def stated_names(name: str, stated: str) -> list:
    """Return what a distribution without RECORD says that it installed, or is likely to have."""
    names = (stated or re.sub(r"[-_.]+", "_", name)).split()
    return [item + suffix for item in names for suffix in ("", ".py")]


def of_record(lines: list) -> list:
    """Return the names among sorted lines that stand in the folder itself: files and folders."""
    found, at = [], 0
    while at < len(lines):
        name, slash, _ = lines[at].partition(b",")[0].partition(b"/")
        found.append(os.fsdecode(name.strip(b'"')))
        at = bisect_left(lines, name + b"0", at) if slash else at + 1  # what follows "name/"
    return found


def top_level(lines: list) -> list:
    """Return the files among sorted lines that a top-level import reads: X/__init__.py, X.py."""
    found, at = [], 0
    while at < len(lines):
        name = lines[at].partition(b",")[0]
        folder, slash, _ = name.partition(b"/")
        if not slash:
            if name.endswith(MODULE_FILES):
                found.append(name)
            at += 1
            continue
        inside = folder + b"/__init__.py"
        place = bisect_left(lines, inside + b",", at)
        if place < len(lines) and lines[place].startswith(inside + b","):
            found.append(inside)
        at = max(at + 1, bisect_left(lines, folder + b"0", at))  # what follows "folder/"
    return found
