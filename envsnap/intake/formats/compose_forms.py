"""One form for what Compose files say in several: short and long, as written and as resolved.

`docker compose config` writes sizes in bytes, ports and volumes in their long form, and names the
project's own network and volumes. None of that is a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import quantities, trees

SIZES = ("memory", "shm_size", "mem_limit", "mem_reservation", "memswap_limit")
SHELL = re.compile(r"(?<!\$)\$(?:\{[A-Za-z_]|[A-Za-z_])")
COMMANDS = ("command", "entrypoint")


def plain(tree: dict[str, Any]) -> dict[str, Any]:
    """A Compose file without extensions (their anchors are resolved) and in one form."""
    kept = {
        key: value
        for key, value in tree.items()
        if not key.startswith("x-") and key not in ("name", "version")
    }
    project = str(tree.get("name", ""))
    for part in ("networks", "volumes"):
        named = {
            key: _sized(_named(key, value, project))
            for key, value in trees.mapping(kept, part).items()
        }
        if part == "networks" and not named.get("default", True):
            del named["default"]
        kept.pop(part, None)
        if named:
            kept[part] = named
    services = trees.mapping(kept, "services")
    kept["services"] = {
        name: _service(value) if isinstance(value, dict) else value
        for name, value in services.items()
    }
    return kept


def _named(key: str, stated: Any, project: str) -> dict[str, Any]:
    """A network or a volume without the name that its project gives it."""
    found = stated if isinstance(stated, dict) else {}
    own = bool(project) and found.get("name") == f"{project}_{key}"
    return {name: value for name, value in found.items() if not (own and name == "name")}


def _service(stated: dict[str, Any]) -> dict[str, Any]:
    found = _sized(stated)
    if list(trees.mapping(found, "networks")) == ["default"]:
        del found["networks"]
    for key, short in (("ports", _port), ("volumes", _volume)):
        if isinstance(found.get(key), list):
            found[key] = [short(item) if isinstance(item, dict) else item for item in found[key]]
    files = found.get("env_file")
    if isinstance(files, str):
        found["env_file"] = [files]
    return {key: value for key, value in found.items() if key not in COMMANDS or value != "null"}


def _sized(tree: Any) -> Any:
    """A tree with its sizes in bytes and its variables by name, without what is empty."""
    if isinstance(tree, dict):
        pairs = ((key, _told(key, value)) for key, value in tree.items())
        return {key: value for key, value in pairs if value not in ({}, None)}
    return [_sized(item) for item in tree] if isinstance(tree, list) else tree


def _told(key: str, value: Any) -> Any:
    if key in SIZES and isinstance(value, str | int):
        return _bytes(value)
    if key == "environment" or (key in PAIRS and isinstance(value, list)):
        return variables(value)
    return _sized(value)


# What may be a mapping, or a list of NAME=value (Compose's specification).
PAIRS = ("labels", "annotations", "sysctls", "args")
NULLS = ("", "null", "Null", "NULL", "~", None)  # as the shell has it


def variables(stated: Any) -> dict[str, Any]:
    """Variables by name, of a mapping or of a list; None for one that the shell gives."""
    if isinstance(stated, dict):
        return {str(key): None if value in NULLS else value for key, value in stated.items()}
    pairs = (str(entry).partition("=") for entry in (stated if isinstance(stated, list) else ()))
    return {name: value if equals else None for name, equals, value in pairs}


def _bytes(value: object) -> object:
    size = quantities.memory(value, powers_of_two=True)
    return value if size is UNSET else size


def _port(item: dict[str, Any]) -> object:
    """`8000:8000` for the long form that says no more than that."""
    others = {"mode": "ingress", "protocol": "tcp"}
    rest = {key: value for key, value in item.items() if others.get(key, "") != value}
    if "target" not in rest or set(rest) - {"target", "published", "host_ip"}:
        return item
    parts = [rest.get("host_ip"), rest.get("published"), rest["target"]]
    return ":".join(str(part) for part in parts if part is not None)


def _volume(item: dict[str, Any]) -> object:
    """`cache:/cache:ro` for the long form that says no more than that."""
    rest = {key: value for key, value in item.items() if value not in ({}, None, "{}")}
    if rest.get("bind") in ({"create_host_path": True}, {"create_host_path": "true"}):
        del rest["bind"]
    if set(rest) - {"type", "source", "target", "read_only"} or not {"source", "target"} <= set(
        rest
    ):
        return item
    is_read_only = str(rest.get("read_only", "")).lower() == "true"
    return f"{rest['source']}:{rest['target']}" + (":ro" if is_read_only else "")


def unset(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Take out of a tree, and name, what a variable of the shell decides."""
    for key, value in list(tree.items()):
        here = (*path, key)
        if isinstance(value, dict):
            yield from unset(value, here)
        elif isinstance(value, str) and key not in COMMANDS and SHELL.search(value):
            del tree[key]
            yield here
