"""What a distribution is for, as far as results are concerned."""

from __future__ import annotations

from functools import cache

from envsnap.knowledge.tables import table

ROLES = ("numerics", "runtime", "tooling")


def role(name: str) -> str:
    """Return numerics, runtime, tooling, or "unknown" for a canonical name."""
    exact, prefixes = _index()
    if name in exact:
        return exact[name]
    # The longest prefix knows best: nvidia-nvtx* is not what nvidia-* is.
    return next((word for prefix, word in prefixes if name.startswith(prefix)), "unknown")


@cache
def _index() -> tuple[dict[str, str], list[tuple[str, str]]]:
    known = table("package_roles")
    exact = {name: word for word in ROLES for name in known[word] if not name.endswith("*")}
    prefixes = [(name[:-1], word) for word in ROLES for name in known[word] if name.endswith("*")]
    return exact, sorted(prefixes, key=lambda item: -len(item[0]))
