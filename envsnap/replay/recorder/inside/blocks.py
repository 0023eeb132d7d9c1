"""What of a program's text is code: its functions and statements, by what they do and where they stand.

Comments, blanks and texts that only describe are no part of it, and neither are the names that a
function gives its own values.
"""

from __future__ import annotations

import ast
import copy
import zlib
from collections.abc import Callable, Iterator
from typing import Any

LARGEST = 1 << 18  # bytes of text that is taken apart
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTION, BARE, STATEMENT, MINOR = "d", "n", "s", "m"
TELLERS = ("log", "logger", "logging", "warnings")


def blocks(texts: dict[str, bytes]) -> dict[str, list[str]]:
    """Each file's blocks as `first-last kind:digest`; a file that is too large or no Python has none.

    Lines that only import or tell something are listed beside them as `first-last m`, and a function
    without them as `first-last n:digest`.
    """
    found: dict[str, list[str]] = {}
    for name, text in texts.items():
        if len(text) > LARGEST:
            continue
        try:
            tree = ast.parse(text)
            minor = [_minor(node) for node in ast.walk(tree) if _is_minor(node)]
            found[name] = [*minor, *(block for node in tree.body for block in _blocks(node))]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found


def _blocks(node: Any) -> Iterator[str]:
    if _describes(node):
        return
    if isinstance(node, FUNCTIONS):
        yield _block(node, node.end_lineno, FUNCTION, _normal(node, _describes))
        yield _block(node, node.end_lineno, BARE, _normal(node, _says_nothing))
    elif isinstance(node, ast.ClassDef):
        head = ast.dump(ast.ClassDef(**{**dict(ast.iter_fields(node)), "body": []}))
        yield _block(node, max(node.lineno, node.body[0].lineno - 1), STATEMENT, head)
        for inner in node.body:
            yield from _blocks(inner)
    else:
        yield _block(node, node.end_lineno, STATEMENT, ast.dump(node))


def _block(node: Any, last: Any, kind: str, text: str) -> str:
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    return f"{first}-{last} {kind}:{zlib.crc32(text.encode('utf-8', 'replace')):08x}"


def _minor(node: Any) -> str:
    return f"{node.lineno}-{node.end_lineno} {MINOR}"


def _is_minor(node: Any) -> bool:
    """Whether a statement only imports something, or tells the reader something."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    called = node.value.func
    if isinstance(called, ast.Attribute):
        holder = called.value
        return isinstance(holder, ast.Name) and holder.id.strip("_").lower() in TELLERS
    return isinstance(called, ast.Name) and called.id == "print"


def _describes(node: Any) -> bool:
    """Whether a statement is a text alone, as descriptions are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _says_nothing(node: Any) -> bool:
    return _describes(node) or _is_minor(node)


def _normal(function: Any, left_out: Callable[[Any], bool]) -> str:
    """What a function does: without what is left out, and with its own values' names by their order."""
    function = copy.deepcopy(function)
    arguments = {item.arg for item in ast.walk(function) if isinstance(item, ast.arg)}
    outer = {
        name
        for item in ast.walk(function)
        if isinstance(item, (ast.Global, ast.Nonlocal))
        for name in item.names
    }
    own = (
        {
            item.id
            for item in ast.walk(function)
            if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
        }
        - arguments
        - outer
    )
    order: dict[str, str] = {}
    for item in ast.walk(function):
        if isinstance(item, ast.Name) and item.id in own:
            item.id = order.setdefault(item.id, f"own {len(order)}")
        body: Any = getattr(item, "body", None)
        if isinstance(body, list):
            body[:] = [inner for inner in body if not left_out(inner)]
    return ast.dump(function)
