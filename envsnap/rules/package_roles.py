"""What a distribution is for, as far as results are concerned."""

from __future__ import annotations

from envsnap.knowledge.tables import table

ROLES = ("numerics", "runtime", "tooling")


def role(name: str) -> str:
    """Return numerics, runtime, tooling, or "unknown" for a canonical name."""
    known = table("package_roles")
    for word in ROLES:
        if name in known[word]:
            return word
    for word in ROLES:
        for pattern in known[word]:
            if pattern.endswith("*") and name.startswith(pattern[:-1]):
                return word
    return "unknown"
