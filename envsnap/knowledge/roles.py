"""What a distribution is for, as far as results are concerned.

A table names those that are well known; of the others nothing is said but "unknown".
"""

from __future__ import annotations

from functools import cache
from itertools import chain

from envsnap.knowledge.tables import table

# Weightiest first: what no one knows may compute.
ROLES = ("numerics", "unknown", "runtime", "tooling")
# The lists of the table that hold numerics, nearest to the model's own arithmetic first.
REACHES = ("model", "numerics", "auxiliary")
FARTHEST = len(REACHES)


def role(name: str) -> str:
    """Return numerics, runtime, tooling, or "unknown" for a canonical name, by the table alone."""
    return "numerics" if (word := _word(name)) in REACHES else word


def is_named(name: str) -> bool:
    """Whether the table names a distribution itself, and not only how such names begin."""
    return name in _index()[0]


def is_known(name: str) -> bool:
    """Whether any table names a distribution, by its canonical name."""
    return (
        role(name) != "unknown" or name in table("release_changes")["rows"] or name in _of_imports()
    )


@cache
def _of_imports() -> frozenset[str]:
    return frozenset(chain.from_iterable(table("import_names")["names"].values()))


def reach(name: str) -> int:
    """How far a distribution is from the model's arithmetic: 0 is in it, 3 computes nothing known."""
    word = _word(name)
    return REACHES.index(word) if word in REACHES else FARTHEST


@cache
def _index() -> tuple[dict[str, str], dict[str, str]]:
    known = table("package_roles")
    words = [(name, word) for word in (*REACHES, "runtime", "tooling") for name in known[word]]
    exact = {name: word for name, word in words if not name.endswith("*")}
    prefixes = {name[:-1]: word for name, word in words if name.endswith("*")}
    return exact, prefixes


@cache
def _word(name: str) -> str:
    """The list that names a distribution; the longest prefix knows best: nvidia-nvtx* is no nvidia-*."""
    exact, prefixes = _index()
    if name in exact:
        return exact[name]
    starts = (name[:length] for length in range(len(name), 1, -1))
    return next((prefixes[start] for start in starts if start in prefixes), "unknown")
