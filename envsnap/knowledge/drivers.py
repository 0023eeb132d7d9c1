"""NVIDIA's drivers: which one a CUDA toolkit needs, and until when a branch is supported."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from envsnap.knowledge.tables import is_trusted, table
from envsnap.knowledge.versions import numbers

OLDEST = 300  # the numbers of L4T on Jetson are below


class Need(Struct, frozen=True, kw_only=True):
    """The driver that a CUDA toolkit needs.

    `exact` is the toolkit's own minimum; from `floor` on, the driver of the toolkit's family,
    compiled code runs in minor-version mode, and PTX of the newer toolkit is refused.
    """

    toolkit: str
    exact: str
    floor: str
    has_minor_mode: bool
    is_trusted: bool


def needed_by(cuda: str) -> Need | None:
    """The driver for a CUDA X.Y; None where the table ends.

    A build states X.Y, and not which update it used: the least demanding release counts. A
    release candidate is none.
    """
    wanted = numbers(cuda)[:2]
    rows = [
        row
        for row in table("cuda_driver")["rows"]
        if numbers(row["toolkit"].split()[0])[:2] == wanted and not row["toolkit"].endswith("RC")
    ]
    if len(wanted) < 2 or not rows:
        return None
    row = min(rows, key=lambda row: numbers(row["min_driver"]))
    family = row.get("min_driver_minor")
    return Need(
        toolkit=row["toolkit"],
        exact=row["min_driver"],
        floor=family or row["min_driver"],
        has_minor_mode=family is not None,
        is_trusted=is_trusted(row["basis"]),
    )


def newest_cuda(driver: str) -> str | None:
    """The newest CUDA X.Y whose own minimum a driver reaches; None for a driver below all."""
    reached = [
        numbers(row["toolkit"].split()[0])
        for row in table("cuda_driver")["rows"]
        if numbers(driver) >= numbers(row["min_driver"])
    ]
    return ".".join(map(str, max(reached)[:2])) if reached else None


def is_driver(version: str) -> bool:
    """Tell a driver's version from N/A, and from the numbers of L4T on Jetson."""
    return len(numbers(version)) >= 2 and numbers(version)[0] >= OLDEST


def branch(driver: str) -> dict[str, Any] | None:
    """The row of a driver's branch: `branch`, `end_of_life` (YYYY-MM), `basis`, `source`."""
    name = driver.partition(".")[0]
    rows = table("driver_branches")["rows"]
    return next((row for row in rows if str(row["branch"]) == name), None)


def newer_than_known(driver: str) -> str | None:
    """The newest branch that the table knows, where a driver is of a later one."""
    newest = max(int(row["branch"]) for row in table("driver_branches")["rows"])
    is_newer = is_driver(driver) and numbers(driver)[0] > newest
    return str(newest) if is_newer else None


def of_triton_server(release: str) -> dict[str, Any] | None:
    """The row of a release of Triton server: `release`, `cuda`, `driver`."""
    rows = table("triton_server")["rows"]
    return next((row for row in rows if release.startswith(row["release"])), None)
