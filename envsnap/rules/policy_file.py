"""Finds and reads the policy: envsnap.toml, or [tool.envsnap] in pyproject.toml."""

from __future__ import annotations

import os
from typing import Any

from envsnap.errors import InputError
from envsnap.intake import contents
from envsnap.rules.ruling import Policy

OWN, SHARED = "envsnap.toml", "pyproject.toml"
LARGEST = 1 << 20


def read(path: str) -> Policy:
    """Read the policy in a file that the user named. Raises InputError."""
    shared = os.path.basename(path) == SHARED
    found = _parse(_bytes(path), path, shared=shared)
    if found is None:
        raise InputError(f"{path}: has no [tool.envsnap]")
    return found


def find() -> Policy | None:
    """Read the policy of the working folder, and of no folder above it; None where it has none.

    Raises InputError, also where both files hold one.
    """
    own = _parse(_found(OWN), OWN, shared=False) if os.path.lexists(OWN) else None
    if not os.path.exists(SHARED):
        return own
    data = _bytes(SHARED)
    shared = _parse(data, SHARED, shared=True) if b"envsnap" in data else None
    if shared is not None:
        _require_ours(SHARED)
    if own is not None and shared is not None:
        raise InputError(f"{OWN}: {SHARED} has a [tool.envsnap] too; keep one of them")
    return own or shared


def _found(path: str) -> bytes:
    _require_ours(path)
    return _bytes(path)


def _require_ours(path: str) -> None:
    """As root, let no file that another user put into the working folder weigh findings."""
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return
    if getattr(os, "geteuid", lambda: owner)() == 0 and owner != 0:
        raise InputError(
            f"{path}: belongs to user {owner}, and envsnap runs as root; to use it all the same,"
            f" name it: --policy {path}"
        )


def _bytes(path: str) -> bytes:
    if path == "-":
        raise InputError("--policy -: name a file")
    data = contents.contents(path, path)
    if len(data) > LARGEST:
        raise InputError(f"{path}: larger than {LARGEST >> 20} MiB; that is no policy")
    return data


def _parse(data: bytes, path: str, *, shared: bool) -> Policy | None:
    import tomllib

    from envsnap.rules import policy

    try:
        tree: Any = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from None
    except ValueError as error:  # TOML's own, and that of numbers of thousands of digits
        raise InputError(f"{path}: not TOML: {' '.join(str(error).split())[:200]}") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deep") from None
    if shared:
        tools = tree.get("tool", {})
        tree = tools.get("envsnap") if isinstance(tools, dict) else None
        if tree is None:
            return None
        if not isinstance(tree, dict):
            raise InputError(f"{path}: tool.envsnap must be a table")
    return policy.parse(tree, path)
