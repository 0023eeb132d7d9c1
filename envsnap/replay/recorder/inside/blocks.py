"""What of a program's text is code: its functions and statements, by what they do and where they stand.

Comments, blanks and texts that only describe are no part of it, and neither are the names that a
function gives its own values. Names that a file gives its values are told apart from the rest, so that
one that is renamed everywhere can be followed.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

MOST = 1 << 17  # bytes of text that is taken apart, the script first: less than a tenth of a second
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTION, BARE, STATEMENT, MINOR, RENAMED, METHOD = "d", "n", "s", "m", "r", "q"
TELLERS = ("log", "logger", "logging", "warnings")
TIMERS = (
    "perf_counter",
    "perf_counter_ns",
    "monotonic",
    "process_time",
    "monotonic_ns",
    "process_time_ns",
)
SHOWS = ("__repr__", "__str__", "extra_repr", "__rich__", "_repr_html_")


def blocks(texts: dict[str, bytes]) -> dict[str, list[str]]:
    """Each file's blocks as `first-last kind:digest`; a file that is too large or no Python has none.

    Lines that only import or tell something are listed beside them as `first-last m`, and a function
    without them as `first-last n:digest`. A block with values that the file names follows once more as
    `first-last r:digest NAME,...`: without these names, and the digests of the names in their order. A function of a class is listed
    once more as `first-last q:digest`, of its name behind that of its class.
    """
    found: dict[str, list[str]] = {}
    left = MOST
    for name, text in texts.items():
        if len(text) > left:
            continue
        left -= len(text)
        try:
            tree = ast.parse(text)
            minor = [_minor(node) for node in ast.walk(tree) if _is_minor(node)]
            given = _given(tree)
            told = (block for node in tree.body for block in _blocks(node, given))
            found[name] = [*minor, *told]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found


def _blocks(node: Any, given: Collection[str], within: str = "") -> Iterator[str]:
    if _describes(node):
        return
    if isinstance(node, FUNCTIONS):
        own, has_minor = _own(node)
        whole = _Spelling(own, _describes).of(node)
        yield _block(node, node.end_lineno, FUNCTION, whole)
        yield from _renamed(node, own, given)
        if within:
            yield _block(node, node.end_lineno, METHOD, within + node.name)
        bare = _Spelling(own, _says_nothing).of(node) if has_minor else whole
        yield _block(node, node.end_lineno, BARE, bare)
    elif isinstance(node, ast.ClassDef):
        head = _Spelling((), _describes)
        told = head.of([node.name, node.bases, node.keywords, node.decorator_list])
        yield _block(node, max(node.lineno, node.body[0].lineno - 1), STATEMENT, told)
        for inner in node.body:
            yield from _blocks(inner, given, f"{within}{node.name}.")
    else:
        yield _block(node, node.end_lineno, STATEMENT, _Spelling((), _describes).of(node))
        yield from _renamed(node, (), given)


def _renamed(node: Any, own: Collection[str], given: Collection[str]) -> Iterator[str]:
    """A block without the names that its file gives, and the digests of these names."""
    names = {name for name in given if name not in own}
    spelling = _Spelling(own, _describes, names)
    text = spelling.of(node)
    if spelling.met:
        met = ",".join(f"{zlib.crc32(name.encode()):08x}" for name in spelling.met)
        yield f"{_block(node, node.end_lineno, RENAMED, text)} {met}"


def _given(tree: Any) -> set[str]:
    """The names that a file gives its values, outside of functions and classes, and nothing else."""
    stored, others = set(), set()
    for statement in tree.body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            others.add(statement.name)
            continue
        for item in ast.walk(statement):
            if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
                stored.add(item.id)
            elif isinstance(item, ast.alias):
                others.add((item.asname or item.name).partition(".")[0])
    return {name for name in stored - others if not name.startswith("__")}


def _block(node: Any, last: Any, kind: str, text: str) -> str:
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    return f"{first}-{last} {kind}:{zlib.crc32(text.encode('utf-8', 'replace')):08x}"


def _minor(node: Any) -> str:
    return f"{node.lineno}-{node.end_lineno} {MINOR}"


def _is_minor(node: Any) -> bool:
    """Whether a statement only imports something, or tells the reader something."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, FUNCTIONS):  # how an object is shown
        return node.name in SHOWS
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return _is_note(node.targets[0], node.value)
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    called = node.value.func
    if isinstance(called, ast.Attribute):
        holder = called.value
        return isinstance(holder, ast.Name) and holder.id.strip("_").lower() in TELLERS
    return isinstance(called, ast.Name) and called.id == "print"


def _is_note(target: Any, value: Any) -> bool:
    """Whether a value is one for readers: `__version__ = "1.2"`, `began = time.perf_counter()`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in TIMERS and not value.args
    named = isinstance(target, ast.Name) and target.id[:2] == target.id[-2:] == "__"
    return named and isinstance(value, ast.Constant)


def _describes(node: Any) -> bool:
    """Whether a statement is a text alone, as descriptions are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _says_nothing(node: Any) -> bool:
    return _describes(node) or _is_minor(node)


def _own(function: Any) -> tuple[set[str], bool]:
    """The names that a function gives its own values, and whether it imports or tells something."""
    stored, others, minor = set(), set(), False
    for item in ast.walk(function):
        if isinstance(item, ast.Name):
            if isinstance(item.ctx, ast.Store):
                stored.add(item.id)
        elif isinstance(item, ast.arg):
            others.add(item.arg)
        elif isinstance(item, (ast.Global, ast.Nonlocal)):
            others.update(item.names)
        else:
            minor = minor or _is_minor(item)
    return stored - others, minor


class _Spelling:
    """What a piece of a program does: without what is left out, and own names by their order.

    So are names in `given`; those that were met are kept.
    """

    def __init__(
        self, own: Collection[str], left_out: Callable[[Any], bool], given: Collection[str] = ()
    ) -> None:
        self._own, self._left_out, self._given = own, left_out, given
        self._order: dict[str, str] = {}
        self._words: list[str] = []
        self.met: dict[str, str] = {}

    def of(self, node: Any) -> str:
        """Spell a node of the tree."""
        self._add(node)
        return " ".join(self._words)

    def _add(self, value: Any) -> None:
        if isinstance(value, ast.Name) and value.id in self._own:
            self._words.append(self._order.setdefault(value.id, f"own {len(self._order)}"))
        elif isinstance(value, ast.Name) and value.id in self._given:
            self._words.append(self.met.setdefault(value.id, f"given {len(self.met)}"))
        elif isinstance(value, ast.AST):
            self._words.append(type(value).__name__)
            for field in value._fields:
                if field != "ctx":
                    self._add(getattr(value, field, None))
        elif isinstance(value, list):
            self._words.append("[")
            for item in value:
                if not (isinstance(item, ast.stmt) and self._left_out(item)):
                    self._add(item)
            self._words.append("]")
        else:
            self._words.append(repr(value))
