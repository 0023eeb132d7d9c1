"""Where a marker holds: in an environment of which not all is known, or on which platforms.

What is not known is never taken from the Python that envsnap runs in: a marker is evaluated for
every platform and Python that fit what is known, and holds where all of them agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from envsnap.knowledge.specifiers import contains
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated

Cell = tuple[tuple[str, str], ...]
PLATFORMS = (
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("darwin", "arm64"),
    ("darwin", "x86_64"),
    ("win32", "AMD64"),
)
PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
VERSIONS = ("python_version", "python_full_version")
COMPARISON = (
    r"(?a)(python_version|python_full_version|sys_platform|os_name|platform_system|platform_machine"
    r"|platform_python_implementation|implementation_name)"
    r"\s*(==|!=|<=|>=|<|>|(?<=\s)in(?=\s)|(?<=\s)not in(?=\s))\s*(?:'([\w. ,]+)'|\"([\w. ,]+)\")"
)
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}


def known(manifest: Manifest) -> Cell:
    """What a manifest says of the variables of markers (PEP 508), and nothing else."""
    found: dict[str, str] = {}
    platform = stated(manifest, "system", "platform")
    if platform is not None:
        found.update(_of_platform(platform))
    machine = stated(manifest, "system", "architecture")
    if machine is not None:
        found["platform_machine"] = machine
    version = stated(manifest, "python", "version")
    if version is not None and version.count(".") > 0:
        found["python_version"] = ".".join(version.split(".")[:2])
        if version.count(".") > 1:
            found["python_full_version"] = found["implementation_version"] = version
    implementation = stated(manifest, "python", "implementation")
    if implementation is not None:
        found["platform_python_implementation"] = implementation
        found["implementation_name"] = implementation.lower()
    release = stated(manifest, "system", "kernel")
    if release is not None:
        found["platform_release"] = release
    return tuple(sorted(found.items()))


def _of_platform(platform: str) -> dict[str, str]:
    return {
        "sys_platform": platform,
        "platform_system": SYSTEMS.get(platform, platform),
        "os_name": "nt" if platform == "win32" else "posix",
    }


def cells(told: Cell = (), pythons: Iterable[str] = PYTHONS) -> tuple[Cell, ...]:
    """The environments that fit what is known: platforms, machines and Pythons."""
    fixed = dict(told)
    return tuple(dict.fromkeys(_cells(fixed, tuple(pythons))))


def _cells(fixed: dict[str, str], pythons: tuple[str, ...]) -> Iterator[Cell]:
    for platform, machine in PLATFORMS:
        if fixed.get("sys_platform", platform) != platform:
            continue
        if "sys_platform" in fixed and "platform_machine" in fixed:
            machine = fixed["platform_machine"]  # noqa: PLW2901 (one that the table may not have)
        elif fixed.get("platform_machine", machine) != machine:
            continue
        for python in (fixed["python_version"],) if "python_version" in fixed else pythons:
            whole = {
                **_of_platform(platform),
                "platform_machine": machine,
                "python_version": python,
                "python_full_version": f"{python}.5",
                "implementation_version": f"{python}.5",
                "platform_python_implementation": "CPython",
                "implementation_name": "cpython",
                "platform_release": "",
                "platform_version": "",
            }
            yield tuple(sorted({**whole, **fixed}.items()))


def holds(marker: str, told: Cell) -> bool | None:
    """Whether a marker holds; None where what is known does not decide it, or it is unreadable."""
    found = {in_cell(marker, cell) for cell in cells(told)}
    return found.pop() if len(found) == 1 else None


@cache
def in_cell(marker: str, cell: Cell) -> bool | None:
    """Whether a marker holds in one environment without extras and groups."""
    plain = _in_plain_words(marker, dict(cell))
    if plain is not None:
        return plain
    parsed = _parsed(marker)
    if parsed is None:
        return None
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    nothing: frozenset[str] = frozenset()
    environment = {**dict(cell), "extra": "", "extras": nothing, "dependency_groups": nothing}
    try:
        return bool(parsed.evaluate(environment))  # type: ignore[attr-defined]
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, TypeError):
        return None


def _in_plain_words(marker: str, told: dict[str, str]) -> bool | None:
    """What comparisons without parentheses say; None for all else, which is packaging's to read.

    Most markers are one comparison, and importing what reads all of them costs as much as a fifth
    of a diff.
    """
    found = [
        [_compared(part.strip(), told) for part in side.split(" and ")]
        for side in marker.split(" or ")
    ]
    if any(None in side for side in found):
        return None
    return any(all(side) for side in found)


def _compared(part: str, told: dict[str, str]) -> bool | None:
    match = re.fullmatch(COMPARISON, part)
    have = told.get(match[1]) if match is not None else None
    if match is None or have is None:
        return None
    sign, asked = match[2], match[3] or match[4]
    if sign.endswith("in"):
        return (have in asked) is (sign == "in")
    if not asked.replace(".", "").replace("_", "").isalnum():
        return None
    if match[1] in VERSIONS:
        return contains(f"{sign}{asked}", have) if asked[0].isdigit() else None
    if sign not in ("==", "!=") or not asked[0].isalpha():
        return None
    return (have == asked) is (sign == "==")


@cache
def _parsed(marker: str) -> object | None:
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(marker)
    except InvalidMarker:
        return None


def label(cell: Cell) -> str:
    """An environment in words: `linux x86_64, Python 3.11`."""
    told = dict(cell)
    return f"{told['sys_platform']} {told['platform_machine']}, Python {told['python_version']}"
