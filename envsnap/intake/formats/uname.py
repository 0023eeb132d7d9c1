"""`uname -a` on Linux and macOS: the kernel and the machine. The host's name is left out."""

from __future__ import annotations

import re

from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import FENCE, Source
from envsnap.intake.formats.transcript import command
from envsnap.model.host import System

MACOS = re.compile(
    r"^Darwin \S{1,253} (?P<kernel>\d+\.\d+\S{0,20}) Darwin Kernel Version .{5,200}? (?P<machine>x86_64|arm64)$"
)
# The build's number begins with #; the machine stands behind the date, up to three times.
LINE = re.compile(
    r"^Linux \S{1,253} (?P<kernel>\d+\.\d+\S{0,80}) #\d.{5,120}?"
    r" (?P<machine>x86_64|aarch64|arm64|ppc64le|s390x|riscv64|i686)"
    r"(?: (?:x86_64|aarch64|unknown|i386|GenuineIntel|AuthenticAMD)){0,2}(?: (?:GNU/)?Linux)?$"
)


def recognise(source: Source) -> bool:
    """One such line, and nothing else."""
    lines = _lines(source)
    return len(lines) == 1 and (LINE.match(lines[0]) or MACOS.match(lines[0])) is not None


def _lines(source: Source) -> list[str]:
    """The lines without fences and the command that printed them."""
    return [
        line.strip()
        for line in source.bare
        if line.strip() and not FENCE.match(line) and command(line) is None
    ]


def read(source: Source) -> Draft:
    """The kernel's release and the machine."""
    draft = Draft("the output of uname", "stated")
    line = _lines(source)[0]
    found = LINE.match(line) or MACOS.match(line)
    assert found is not None
    draft.add(
        System(
            complete=False,
            platform="linux" if line.startswith("Linux") else "darwin",
            kernel=found["kernel"],
            architecture=found["machine"],
        )
    )
    if source.cut:
        draft.leave_end(source.cut)
    return draft
