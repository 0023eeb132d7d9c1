"""What of NVML's binding the probe calls: a sixteenth of a file that is larger than the probe."""

from __future__ import annotations

import re
import symtable
from collections.abc import Iterator

# A statement begins in the first column; what closes brackets or is indented continues it.
STATEMENT = re.compile(r"^(?=[A-Za-z_@])", re.MULTILINE)
DEFINES = re.compile(r"(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]*)?=(?!=)")
WORD = re.compile(r"[A-Za-z_]\w*")
ASKED = re.compile(r"\b(?:py)?nvml\.(\w+)")
DECORATOR = "@"


def pruned(binding: str, asking: str) -> str:
    """Leave out of a binding's source what `asking`, a source that uses it, cannot reach.

    A name that is written as the beginning of others ("NVML_ERROR_") keeps all of those. Where
    something would be missing, or the source is not laid out as expected, all of it is kept.
    """
    statements = list(_statements(binding))
    defined: dict[str, list[int]] = {}
    wanted = set(ASKED.findall(asking))
    kept: set[int] = set()
    for number, statement in enumerate(statements):
        names = _defines(statement)
        for name in names:
            defined.setdefault(name, []).append(number)
        if not names:
            kept.add(number)
            wanted.update(WORD.findall(statement))
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.endswith("_") and name not in defined:
            wanted.update(other for other in defined if other.startswith(name))
        for number in set(defined.get(name, ())) - kept:
            kept.add(number)
            wanted.update(WORD.findall(statements[number]))
    found = "".join(statements[number] for number in sorted(kept))
    return found if _is_whole(found, set(defined)) else binding


def _statements(source: str) -> Iterator[str]:
    """The source in pieces that each begin with a statement; decorators stay with what follows."""
    places = [match.start() for match in STATEMENT.finditer(source)]
    before = ""
    for start, end in zip([0, *places], [*places, len(source)], strict=True):
        piece = before + source[start:end]
        if source[start:end].startswith(DECORATOR):
            before = piece
        else:
            before = ""
            yield piece


def _defines(statement: str) -> list[str]:
    """The one name that a statement binds; none for a statement that does anything else."""
    body = re.sub(r"^@.*\n", "", statement, flags=re.MULTILINE)
    match = DEFINES.match(body)
    return [match.group(1) or match.group(2)] if match else []


def _is_whole(source: str, names: set[str]) -> bool:
    """Whether it can be compiled, and uses no global name that the binding defines elsewhere."""
    try:
        top = symtable.symtable(source, "pynvml", "exec")
    except SyntaxError:
        return False
    here = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned()}
    here.update(symbol.get_name() for symbol in top.get_symbols() if symbol.is_namespace())
    return not (_globals(top) & names) - here


def _globals(table: symtable.SymbolTable) -> set[str]:
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    if table.get_type() == "module":
        found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return found.union(*(_globals(inner) for inner in table.get_children()))
