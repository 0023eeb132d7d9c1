"""Reads records of version 1 as those of version 2: each call named the model and described it."""

from __future__ import annotations

from typing import Any

OF_THE_MODEL = ("type", "names", "opaque", "modules", "parameters")


def upgraded(tree: dict[str, Any]) -> dict[str, Any]:
    """A record of version 1 with its models apart from their calls; nothing is changed in place.

    All calls were of one model or of several that nobody told apart: calls of one type with equal
    parameters' names are taken for one model.
    """
    calls = tree.get("calls")
    if not isinstance(calls, list):
        return tree
    roots: list[dict[str, Any]] = []
    found = [_call(call, roots, tree.get("framework")) for call in calls]
    return {**tree, "recording_version": 2, "roots": roots, "calls": found}


def _call(call: Any, roots: list[dict[str, Any]], framework: Any) -> Any:
    if not isinstance(call, dict):
        return call  # the typed decoding says what is wrong
    root = _root(call, roots, framework)
    rest = {key: value for key, value in call.items() if key not in (*OF_THE_MODEL, "failed")}
    if call.get("failed") is True:
        rest["raised"] = {"type": "an exception"}
    nth = root["calls"]
    root["calls"] += 1
    found = {**rest, "root": root["name"], "nth": nth}
    if nth:
        found["modules"] = _others(call.get("modules"), root.get("modules"))
        found["written"] = list(_others(call.get("parameters"), root.get("parameters")))
    return found


def _others(here: Any, known: Any) -> dict[str, Any]:
    """What a later call says otherwise than the first one did."""
    if not (isinstance(here, dict) and isinstance(known, dict)):
        return {}
    return {key: item for key, item in here.items() if known.get(key) != item}


def _root(call: dict[str, Any], roots: list[dict[str, Any]], framework: Any) -> dict[str, Any]:
    told = {key: call[key] for key in OF_THE_MODEL if key in call}
    kind = told.get("type", "")
    names = _names(told)
    for root in roots:
        if root["type"] == kind and _names(root) == names:
            return root
    same = sum(root["type"] == kind for root in roots)
    name = f"{kind}#{same + 1}" if same else kind
    roots.append({**told, "name": name, "type": kind, "framework": framework, "calls": 0})
    return roots[-1]


def _names(root: dict[str, Any]) -> list[str]:
    found = root.get("parameters")
    return sorted(map(str, found)) if isinstance(found, dict) else []
