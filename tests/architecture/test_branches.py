"""No function takes more decisions than a reader can hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 15
OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)  # counted for themselves
BRANCHES = (ast.If, ast.For, ast.While, ast.IfExp, ast.ExceptHandler, ast.match_case)


def branches(node: ast.AST) -> int:
    """Conditions, loops, handlers, clauses of comprehensions, and further operands of and, or."""
    count = 0
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, OWN):
            continue
        if isinstance(inner, BRANCHES):
            count += 1
        elif isinstance(inner, ast.comprehension):
            count += 1 + len(inner.ifs)
        elif isinstance(inner, ast.BoolOp):
            count += len(inner.values) - 1
        count += branches(inner)
    return count


def functions() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((ROOT / "envsnap").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_no_function_has_more_branches() -> None:
    found = {place: branches(node) for place, node in functions()}
    assert {place: count for place, count in found.items() if count > MOST} == {}


def test_branches_are_counted() -> None:
    source = "def f(x):\n if x and x or 1:\n  return [y for y in x if y]\n return 1 if x else 2\n"
    assert branches(ast.parse(source).body[0]) == 6
