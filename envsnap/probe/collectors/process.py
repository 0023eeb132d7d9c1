"""The running program itself: what it has mapped, and the names of its arguments."""

import os
import re

from ..readers import mapped
from ..record import Record

DELETED = b" (deleted)\n"
MOST_REPLACED = 50
FLAG = re.compile(rb"-[A-Za-z]|--[a-z][a-z0-9_.-]{0,63}")


def collect(record: Record, pid: object) -> None:
    """Fill the `process` section for a process id, or for "self".

    Values of arguments are not read out: they are where passwords are.
    """
    record.learn("executable", os.readlink, "/proc/%s/exe" % pid)
    record.learn("loaded", mapped.libraries, mapped.maps_path(pid))
    record.learn_present("replaced_files", _replaced, mapped.maps_path(pid))
    record.learn("flags", _flags, pid)
    record.learn("cgroup", _cgroup, pid)
    record.learn("working_folder", os.readlink, "/proc/%s/cwd" % pid)


def system_files(pid: object) -> list:
    """The library files of the system that the process has mapped."""
    try:
        return mapped.system_files(mapped.maps_path(pid))
    except OSError:
        return []  # `loaded` has the reason


def _replaced(maps_file: str) -> list:
    """Libraries that were deleted or replaced on the disk while the process runs them."""
    found = set()
    with open(maps_file, "rb") as stream:
        for line in stream:
            if line.endswith(DELETED) and b".so" in line and b"/" in line:
                path = line[line.find(b"/") : -len(DELETED)]
                found.add(path.decode("utf-8", "backslashreplace"))
    return sorted(found)[:MOST_REPLACED] or None


def _flags(pid: object) -> list:
    with open("/proc/%s/cmdline" % pid, "rb") as stream:
        arguments = stream.read(1 << 16).split(b"\0")[1:]
    names = (argument.split(b"=", 1)[0] for argument in arguments)
    return sorted({name.decode("ascii") for name in names if FLAG.fullmatch(name)})


def _cgroup(pid: object) -> str:
    with open("/proc/%s/cgroup" % pid, "rb") as stream:
        return stream.read(4096).decode("utf-8", "backslashreplace").strip()
