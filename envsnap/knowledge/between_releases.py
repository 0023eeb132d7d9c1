"""What a release needs that no row names, by the rows of the releases before and after it.

Projects move with what they are built on: a release between one for torch 2.6 and one for torch
2.7 is for one of the two, and for none before or after them. Such a row is inferred, and warns.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Any

from envsnap.knowledge.releases import version as parsed

EXACT = r"==\s*(\d[\w.]{0,40}?)(?:\.\*)?"
LOW = r"(?:>=|==|~=)\s*(\d[\d.]{0,40}?)(?:\.\*)?(?=,|$)"
HIGH = r"(<=|<|==)\s*(\d[\d.]{0,40}?)(\.\*)?(?=,|$)"


def between_releases(
    rows: Sequence[dict[str, Any]], version: str, stated: Container[str]
) -> Iterator[dict[str, Any]]:
    """Yield inferred rows, of the form of the table's, for what no row of this release names.

    Only rows of one release each count, and only where there is one on either side that names
    the same neighbour.
    """
    here = parsed(version)
    if here is None or here.is_prerelease:
        return
    for name in sorted({key for row in rows for key in named(row)}):
        row = None if name in stated else _inferred(rows, here, name)
        if row is not None:
            yield {"versions": f"=={version}", **row}


def named(row: dict[str, Any]) -> set[str]:
    """The neighbours that a row speaks of."""
    return {*row.get("needs", {}), *row.get("built_for", {})}


def _inferred(rows: Sequence[dict[str, Any]], here: Any, name: str) -> dict[str, Any] | None:
    """What a release needs of one neighbour, by the nearest rows before and after it."""
    known = [(release, row) for row in rows if (release := _release(row)) and _wants(row, name)]
    before = max((item for item in known if item[0] < here), key=_first, default=None)
    after = min((item for item in known if item[0] > here), key=_first, default=None)
    if before is None or after is None or before[1]["how"] != after[1]["how"]:
        return None
    wanted = _in_both_lists(before[1], after[1], name) or _between(before[1], after[1], name)
    return wanted and {
        **wanted,
        "how": after[1]["how"],
        "source": f"between the rows of {before[0]} and {after[0]}",
        "basis": "inferred",
    }


def _in_both_lists(
    before: dict[str, Any], after: dict[str, Any], name: str
) -> dict[str, Any] | None:
    """The builds of either list where they share one: what is in neither is no build."""
    first, last = (set(row.get("built_for", {}).get(name, ())) for row in (before, after))
    if not first & last:
        return None
    return {"built_for": {name: sorted(first | last, key=lambda item: parsed(item) or parsed("0"))}}


def _between(before: dict[str, Any], after: dict[str, Any], name: str) -> dict[str, Any] | None:
    low, high = _lowest(_wants(before, name)), _highest(_wants(after, name))
    if not (low and high and _is_range(low, high)):
        return None
    # An exact requirement, or a build, has two ends. A range's upper end is often precaution.
    is_fixed = all(_is_exact(row, name) for row in (before, after))
    return {"needs": {name: f">={low},{high}" if is_fixed else f">={low}"}}


def _first(item: tuple[Any, dict[str, Any]]) -> Any:
    return item[0]


def _release(row: dict[str, Any]) -> Any:
    match = re.fullmatch(EXACT, row["versions"])
    return parsed(match[1]) if match else None


def _wants(row: dict[str, Any], name: str) -> str:
    """A neighbour's range in a row; of builds, from the first to the last that they were made for."""
    built = row.get("built_for", {}).get(name)
    if isinstance(built, list) and built:
        ordered = sorted(built, key=lambda item: parsed(item) or parsed("0"))
        return f">={ordered[0]},<={ordered[-1]}.*"
    return str(row.get("needs", {}).get(name, ""))


def _is_exact(row: dict[str, Any], name: str) -> bool:
    return name in row.get("built_for", {}) or row["needs"][name].startswith("==")


def _lowest(wanted: str) -> str | None:
    found = re.search(LOW, wanted)
    return found[1] if found else None


def _highest(wanted: str) -> str | None:
    """The end of a range as a clause; what is built for 2.6 may have any 2.6.* beside it."""
    found = re.search(HIGH, wanted)
    if found is None:
        return None
    sign, number, any_below = found.groups()
    if sign == "<":
        return f"<{number}"
    release = parsed(number)
    places = [*release.release[: len(number.split("."))]]
    return f"<{'.'.join(map(str, [*places[:-1], places[-1] + 1]))}" if any_below else f"<={number}"


def _is_range(low: str, high: str) -> bool:
    last = parsed(high.lstrip("<="))
    return last is not None and bool(parsed(low) < last or high == f"<={low}")
