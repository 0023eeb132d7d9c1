"""No module needs, by whatever way, one that needs it; not for an annotation either."""

from __future__ import annotations

import sys
from typing import Any

from tests.conftest import lacking


def circles(graph: Any) -> list[list[str]]:
    """The strongly connected parts of more than one module (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for needed in sorted(graph.find_modules_directly_imported_by(module)):
            if needed not in index:
                visit(needed)
                low[module] = min(low[module], low[needed])
            elif needed in stack:
                low[module] = min(low[module], index[needed])
        if low[module] == index[module]:
            part = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(part) > 1:
                found.append(sorted(part))

    for module in sorted(graph.modules):
        if module not in index:
            visit(module)
    return found


def test_there_are_no_circles() -> None:
    try:
        import grimp
    except ImportError:
        lacking("import-linter is not installed (the extra is called dev)")
    sys.setrecursionlimit(10_000)
    graph = grimp.build_graph("envsnap", cache_dir=None)
    assert circles(graph) == []


def test_a_circle_would_be_found() -> None:
    class Graph:
        modules = ("a", "b", "c")

        def find_modules_directly_imported_by(self, module: str) -> set[str]:
            return {"a": {"b"}, "b": {"c"}, "c": {"b"}}[module]

    assert circles(Graph()) == [["b", "c"]]
