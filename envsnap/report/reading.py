"""Reads the JSON reports of this and of every earlier version."""

from __future__ import annotations

from typing import Any

import msgspec

from envsnap.errors import InputError
from envsnap.model import scan, typed
from envsnap.report.document import REPORT_VERSION, ReportData


def decode(data: bytes, name: str) -> ReportData:
    """Read what `--format json` printed; a report of version 1 is told in today's words.

    Raises InputError in one line that starts with `name`.
    """
    tree = scan.parse(data, name)
    version = tree.get("report_version") if isinstance(tree, dict) else None
    if type(version) is not int or version < 1:
        raise InputError(f"{name}: not a report of envsnap (no report_version)")
    if version > REPORT_VERSION:
        raise InputError(
            f"{name}: report version {version} is newer than this envsnap reads ({REPORT_VERSION})"
        )
    try:
        return typed.convert(_of_version_1(tree) if version == 1 else tree, ReportData)
    except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name}: {' '.join(str(error).split())[:300]}") from None


def _of_version_1(tree: dict[str, Any]) -> dict[str, Any]:
    results = [
        {
            **result,
            "lacking": [],
            "by_section": {},
            "findings": [_finding(found) for found in result["findings"]],
            "ruled": [
                {**ruling, "finding": _finding(ruling["finding"])} for ruling in result["ruled"]
            ],
        }
        for result in tree["results"]
    ]
    return {**tree, "results": results}


def _finding(found: dict[str, Any]) -> dict[str, Any]:
    """Version 1 called the sides left and right, and a source a reference."""
    renamed = {"reference": "source", "left": "reference", "right": "other"}
    told = {renamed.get(key, key): value for key, value in found.items()}
    return {**told, "expected": "", "facts": []}
