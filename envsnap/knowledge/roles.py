"""What a distribution is for, as far as results are concerned.

A table names those that are well known. What it does not name is judged by what it requires and
by what requires it: whoever needs numpy or torch computes, whatever a program's parts need is a
part of the program.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from envsnap.knowledge.tables import table

# Weightiest first: what no one knows may compute.
ROLES = ("numerics", "unknown", "runtime", "tooling")
# The lists of the table that hold numerics, nearest to the model's own arithmetic first.
REACHES = ("model", "numerics", "auxiliary")
FARTHEST = len(REACHES)
# Whoever requires one of these computes with it.
CORE = frozenset(("torch", "numpy", "scipy", "jax", "jaxlib", "tensorflow", "onnx", "onnxruntime", "pandas", "numba",
                  "tokenizers", "transformers", "pillow", "scikit-learn", "cupy", "triton"))  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
SEPARATORS = re.compile(r"[-_.]+")


def role(name: str) -> str:
    """Return numerics, runtime, tooling, or "unknown" for a canonical name, by the table alone."""
    return "numerics" if (word := _word(name)) in REACHES else word


def is_named(name: str) -> bool:
    """Whether the table names a distribution itself, and not only how such names begin."""
    return name in _index()[0]


def reach(name: str) -> int:
    """How far a distribution is from the model's arithmetic: 0 is in it, 3 computes nothing known."""
    word = _word(name)
    return REACHES.index(word) if word in REACHES else FARTHEST


class Roles:
    """The roles of an environment's distributions, by the table and else by their requirements.

    `requires` maps canonical names to requirements as metadata states them (PEP 508); nothing is
    known of a distribution that is not among them.
    """

    def __init__(self, requires: Mapping[str, Collection[str]]) -> None:
        self._requires = {name: names(listed) for name, listed in requires.items()}
        self._dependents: dict[str, set[str]] | None = None

    def of(self, name: str) -> str:
        """The role of a canonical name."""
        known = role(name)
        if known != "unknown":
            return known
        if self._requires.get(name, frozenset()) & CORE:
            return "numerics"
        needed_by = {role(other) for other in self._needed_by().get(name, ())}
        if needed_by & {"numerics", "runtime"}:
            return "runtime"
        return "tooling" if needed_by == {"tooling"} else "unknown"

    def _needed_by(self) -> dict[str, set[str]]:
        if self._dependents is None:
            self._dependents = {}
            for name, needed in self._requires.items():
                for other in needed:
                    self._dependents.setdefault(other, set()).add(name)
        return self._dependents


def names(requirements: Iterable[str]) -> frozenset[str]:
    """The canonical names of what is required; a text that is no requirement is left out."""
    found = (NAME.match(text) for text in requirements)
    return frozenset(SEPARATORS.sub("-", match[0]).lower() for match in found if match)


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
