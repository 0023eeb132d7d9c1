"""Outputs that stand in a text without a prompt or a fence, told by their own looks.

`(uname -a; cat /etc/os-release; nvidia-smi) > env.txt` leaves them one behind the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from envsnap.intake.formats import driver_version, lscpu, os_release, pip_freeze, torch_cpu, uname
from envsnap.intake.formats.source import Source

Recognise = Callable[[Source], bool]
MOST = 400  # lines of one
LARGEST = 1 << 20  # of a text in which they are looked for


def of(source: Source) -> tuple[Source, ...]:
    """The lines of uname, os-release, lscpu, pip freeze and the driver's version, each as a text of its own."""
    if len(source.text) > LARGEST:
        return ()
    return tuple(
        part
        for fits, lines in _found(source.bare)
        if fits(part := Source(b"", source.name, "", "\n".join(lines) + "\n"))
    )


def _found(lines: tuple[str, ...]) -> Iterator[tuple[Recognise, list[str]]]:
    """Lines that may be of a format, with the question whether they are."""
    for place, line in enumerate(lines):
        plain = line.strip()
        if uname.LINE.match(plain) or uname.MACOS.match(plain):
            yield uname.recognise, [plain]
        elif driver_version.MODULE.match(f"{plain} "):
            yield driver_version.recognise, [plain]
        elif os_release.LINE.match(line) and not (
            place and os_release.LINE.match(lines[place - 1])
        ):
            yield os_release.recognise, _from(lines, place, os_release.LINE.match)
        elif pip_freeze.PIN.match(plain) and not (place and pip_freeze.PIN.match(lines[place - 1])):
            yield _is_a_list, _from(lines, place, pip_freeze.PIN.match)
        elif plain.startswith("Architecture:"):
            yield lscpu.recognise, [item.strip() for item in _from(lines, place, _is_of_lscpu)]


def _is_a_list(source: Source) -> bool:
    """Whether pins stand in order, and are too many for a text that quotes some."""
    return len(source.lines) >= pip_freeze.ENOUGH and pip_freeze.recognise(source)


def _is_of_lscpu(line: str) -> object:
    return torch_cpu.KEY.match(line.strip())


def _from(lines: tuple[str, ...], place: int, fits: Callable[[str], object]) -> list[str]:
    end = place
    while end < min(len(lines), place + MOST) and fits(lines[end]):
        end += 1
    return list(lines[place:end])
