"""`/proc/driver/nvidia/version`: NVIDIA's kernel module and the compiler that built it."""

from __future__ import annotations

import re

from envsnap.intake.formats import machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Driver

MODULE = re.compile(
    r"^[ \t]*NVRM version: NVIDIA UNIX .{0,60}?Kernel Module(?: for \w+)? +(?P<version>\d{2,4}\.\d{1,3}(?:\.\d{1,3})?) ",
    re.MULTILINE,
)


def recognise(source: Source) -> bool:
    """The line of the kernel module."""
    return MODULE.search(source.whole) is not None


def read(source: Source) -> Draft:
    """The driver's version."""
    modules = list(MODULE.finditer(source.whole))
    found = {match["version"] for match in modules}
    if len(found) > 1:
        raise RefusedError(
            f"{source.name}: names {len(found)} versions of the driver ({', '.join(sorted(found))}); keep the one that you mean"
        )
    draft = Draft("/proc/driver/nvidia/version", "stated")
    machine.driver(draft, found.pop())
    told = {"Open Kernel Module" in match[0] for match in modules}
    if len(told) == 1:
        draft.add(Driver(complete=False, open_kernel_module=told.pop()))
    return draft
