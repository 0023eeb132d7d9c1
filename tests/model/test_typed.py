"""Types are worked out by one thread; others that need them meanwhile wait."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.model import typed

ROOM = Path(typed.__file__).parent.parent
FIRST_USES = """
import sys, threading
from envsnap.model import typed
from envsnap.model.manifest import Sections

sys.setswitchinterval(1e-6)
together = threading.Barrier(16)
found = []

def use(name):
    together.wait()
    found.append(getattr(typed.convert({name: {"complete": True}}, Sections), name).complete)

names = list(Sections.__struct_fields__)
threads = [threading.Thread(target=use, args=(names[n % len(names)],)) for n in range(16)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(found == [True] * 16)
"""


@pytest.mark.parametrize("time", range(5))
def test_sixteen_threads_may_be_the_first(time: int) -> None:
    # In one that used msgspec itself here, each of 40 runs ended with SIGSEGV.
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USES], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_nothing_else_lets_msgspec_work_out_a_type() -> None:
    found = [
        f"{path.relative_to(ROOM)}:{line}"
        for path in ROOM.rglob("*.py")
        for line in _uses(ast.parse(path.read_text(encoding="utf-8")))
        if path.name != "typed.py"
    ]
    assert found == []


def test_such_a_use_is_seen() -> None:
    uses = "import msgspec\nmsgspec.convert(1, int)\nmsgspec.json.decode(b'1', type=int)\n"
    assert list(_uses(ast.parse(f"{uses}from msgspec import convert\n"))) == [2, 3, 4]
    assert list(_uses(ast.parse("msgspec.json.decode(b'1')\nDecoder(list[str])"))) == []


def _uses(tree: ast.AST) -> list[int]:
    """Lines that build a record by msgspec itself, or take the means from it."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "msgspec":
            found += [node.lineno for each in node.names if each.name == "convert"]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            typed_by_word = any(word.arg == "type" for word in node.keywords)
            if called == "msgspec.convert" or (
                called.startswith("msgspec.") and called.endswith(".decode") and typed_by_word
            ):
                found.append(node.lineno)
    return sorted(found)
