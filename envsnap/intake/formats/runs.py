"""Outputs that stand in a text without a prompt or a fence, told by their own looks.

`(uname -a; cat /etc/os-release; nvidia-smi) > env.txt` leaves them one behind the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from envsnap.intake.formats import driver_version, os_release, torch_cpu, uname
from envsnap.intake.formats.source import Source

MOST = 400  # lines of one
LARGEST = 1 << 20  # of a text in which they are looked for


def of(source: Source) -> tuple[Source, ...]:
    """The lines of uname, os-release, lscpu and the driver's version, each as a text of its own."""
    if len(source.text) > LARGEST:
        return ()
    return tuple(
        Source(b"", source.name, "", "\n".join(lines) + "\n") for lines in _found(source.bare)
    )


def _found(lines: tuple[str, ...]) -> Iterator[list[str]]:
    for place, line in enumerate(lines):
        plain = line.strip()
        if (
            uname.LINE.match(plain)
            or uname.MACOS.match(plain)
            or driver_version.MODULE.match(f"{plain} ")
        ):
            yield [plain]
        elif os_release.LINE.match(line) and not _goes_on(lines, place, os_release.LINE.match):
            yield _from(lines, place, os_release.LINE.match)
        elif plain.startswith("Architecture:"):
            yield [item.strip() for item in _from(lines, place, _is_of_lscpu)]


def _is_of_lscpu(line: str) -> object:
    return torch_cpu.KEY.match(line.strip())


def _goes_on(lines: tuple[str, ...], place: int, fits: Callable[[str], object]) -> bool:
    return place > 0 and bool(fits(lines[place - 1]))


def _from(lines: tuple[str, ...], place: int, fits: Callable[[str], object]) -> list[str]:
    end = place
    while end < min(len(lines), place + MOST) and fits(lines[end]):
        end += 1
    return list(lines[place:end])
