"""A module as it travels: the same program in fewer bytes."""

from __future__ import annotations

import ast
import re
from collections import Counter
from string import ascii_lowercase

_INDENTATION = re.compile(r"^(?:    )+", re.MULTILINE)
_SCOPES = (
    *(ast.FunctionDef, ast.Lambda, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def shortened(source: str) -> str:
    """The source without comments, docstrings and parted texts, with one letter for names of functions' own."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            is_all = len(node.body) == 1 and not isinstance(node, ast.Module)
            node.body[:1] = [ast.Pass()] if is_all else []
    outer: list[ast.AST] = [tree]
    for node in outer:
        if isinstance(node, ast.FunctionDef):
            _rename(node)  # what stands in a function shares its names
        else:
            outer += ast.iter_child_nodes(node)
    text = ast.unparse(tree).encode("ascii", "backslashreplace").decode() + "\n"
    if '"""' in text:
        return text  # a text of several lines has its own indentation
    return _INDENTATION.sub(lambda found: " " * (len(found.group()) // 4), text)


def _rename(function: ast.FunctionDef) -> None:
    """Give the names that only the function's own statements use one letter each."""
    own, others = _uses(function)
    stored = {name.id for name in own if isinstance(name.ctx, ast.Store)}
    counted = Counter(name.id for name in own if name.id in stored - others and len(name.id) > 1)
    taken = others.union(name.id for name in own)
    letters = [letter for letter in ascii_lowercase if letter not in taken]
    short = dict(zip((name for name, _ in counted.most_common()), letters, strict=False))
    for use in own:
        use.id = short.get(use.id, use.id)


def _uses(function: ast.FunctionDef) -> tuple[list[ast.Name], set[str]]:
    """The names in a function's own statements, and those that others see: arguments, and in inner scopes."""
    own: list[ast.Name] = []
    others = {found.arg for found in ast.walk(function.args) if isinstance(found, ast.arg)}
    inside: list[tuple[ast.AST, bool]] = [(node, False) for node in function.body]
    for node, is_nested in inside:
        if isinstance(node, ast.Name):
            if is_nested:
                others.add(node.id)
            else:
                own.append(node)
            continue
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            others.update(_named(node))
        nested = is_nested or isinstance(node, _SCOPES)
        inside += [(child, nested) for child in ast.iter_child_nodes(node)]
    return own, others


def _named(node: ast.AST) -> list[str]:
    """The names that a statement takes or binds otherwise than by an assignment."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        return node.names
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(name.asname or name.name).split(".")[0] for name in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
        return [node.name] if node.name else []
    return []
