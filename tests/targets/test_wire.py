"""The probe on the wire: small, ASCII, and refused in one sentence where it cannot run."""

from __future__ import annotations

import ast
import re
import subprocess
import symtable
import sys
from pathlib import Path

import pytest

from envsnap.intake import facts
from envsnap.probe import packing
from envsnap.targets import binding, script
from envsnap.targets.shortened import shortened
from tests.conftest import Run

MOST_BYTES = 150_000


def test_it_is_small_and_ascii() -> None:
    text = script.build({}, script.new_marker())
    assert "pynvml" in script.sources()
    assert len(text.encode("ascii")) <= MOST_BYTES


def test_its_sources_can_be_read(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "-o", "probe.py").returncode == 0
    done = subprocess.run(
        [sys.executable, "probe.py", "--sources"], cwd=tmp_path, capture_output=True, check=True
    )
    for name, source in script.sources().items():
        travels = source if name == "bootstrap" else shortened(source)
        assert travels.encode() in done.stdout, name


@pytest.mark.parametrize("lacking", ["zlib", "json"])
def test_a_python_without_a_part_of_its_library_is_refused(lacking: str) -> None:
    text = script.build({}, script.new_marker())
    stop = f"import sys; sys.modules[{lacking!r}] = None; "
    done = subprocess.run(
        [sys.executable, "-c", stop + packing.READ_STDIN[1]],
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 87
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1
    assert lacking.encode() in done.stderr


def test_a_pruned_binding_has_what_is_asked_of_it() -> None:
    found = script.sources()
    names: dict[str, object] = {"__name__": "pruned"}
    sys.modules["pruned"] = type(sys)("pruned")
    sys.modules["pruned"].__dict__.update(names)
    exec(compile(found["pynvml"], "pruned", "exec"), sys.modules["pruned"].__dict__)  # noqa: S102
    pruned = sys.modules.pop("pruned").__dict__
    import pynvml

    asked = set(binding.ASKED.findall(found["collectors.gpu_query"]))
    assert asked >= {"nvmlInit", "nvmlDeviceGetName", "NVMLError", "NVML_CLOCK_SM"}
    assert asked <= pruned.keys()
    errors = {name for name in vars(pynvml) if name.startswith("NVML_ERROR_")}
    assert errors <= pruned.keys()
    assert str(pruned["NVMLError"](3)) == str(pynvml.NVMLError(3))


@pytest.mark.parametrize(
    "source",
    [
        "def a():\n    return b()\n",  # b is nowhere: it is not ours to judge
        "def a(:\n",
        "def a():\n    return '''\nb = 1\n'''\n\ndef c():\n    pass\n",
    ],
)
def test_a_binding_that_is_not_understood_stays_whole(source: str) -> None:
    kept = binding.pruned(source, "nvml.a()")
    namespace: dict[str, object] = {}
    if source != "def a(:\n":
        exec(compile(kept, "kept", "exec"), namespace)  # noqa: S102
        assert "a" in namespace
    else:
        assert kept == source


def test_what_only_a_kept_function_uses_is_kept() -> None:
    source = (
        "import sys\n_used = {}\nUNUSED = 1\n\ndef helper(x):\n    return _used.get(x)\n\n"
        "@staticmethod\ndef asked(x):\n    return helper(x)\n\ndef other():\n    return UNUSED\n"
        "KIND_A = 1\nKIND_B = 2\n\ndef listed():\n    return [n for n in dir() if 'KIND_' in n]\n"
    )
    kept = binding.pruned(source, "pynvml.asked(1); nvml.listed()")
    assert "UNUSED" not in kept
    assert all(word in kept for word in ("_used", "helper", "@staticmethod", "KIND_A", "KIND_B"))


def _bare(source: str) -> ast.Module:
    """A module without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return tree


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions that stand in no other one."""
    found: list[ast.AST] = [tree]
    for node in found:
        found += [] if isinstance(node, ast.FunctionDef) else ast.iter_child_nodes(node)
    return [node for node in found if isinstance(node, ast.FunctionDef)]


def _names(tree: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _own(source: str) -> list[set[str]]:
    """The local names of each function, but for its arguments, as the compiler sees them."""
    tables = [symtable.symtable(source, "module", "exec")]
    for table in tables:
        tables += table.get_children()
    return [
        set(table.get_locals()) - set(table.get_parameters())
        for table in tables
        if isinstance(table, symtable.Function)
    ]


def test_what_travels_is_the_same_program() -> None:
    for name, source in script.sources().items():
        long, short = _bare(source), ast.parse(shortened(source))
        own = set().union(*_own(source)) if _functions(long) else set()
        for first, second in zip(_functions(long), _functions(short), strict=True):
            pairs = set(zip(_names(first), _names(second), strict=True))
            assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
            assert {old for old, new in pairs if old != new} <= own, (name, first.name)
        for node in (*ast.walk(long), *ast.walk(short)):
            if isinstance(node, ast.FunctionDef):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name):
                        inner.id = "_"
        assert ast.dump(long) == ast.dump(short), name


def test_names_that_others_see_are_kept() -> None:
    source = """
def counted(items, *, factor):
    global total
    total, found, error = 0, [], None
    import os.path as path
    try:
        first = [found for found in items]
        second = sorted(items, key=lambda item: item * first[0])
    except ValueError as error:
        pass
    for number in second:
        total = total + number * factor
    return total, path, locals
"""
    short = shortened(source)
    for name in ("items", "factor", "total", "found", "error", "path", "first"):
        assert re.search(rf"\b{name}\b", short), name
    assert "second" not in short
    assert "number" not in short


def test_a_thousand_hosts_are_packed_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = script.build({"deadline": 60}, "0123456789abcdef")
    monkeypatch.setattr(script, "_packed", None)  # whoever packs again fails here
    assert script.build({"deadline": 60}, "0123456789abcdef") == first
    assert script.build({"deadline": 61}, "0123456789abcdef") != first


def test_it_runs_as_it_travels() -> None:
    text = script.build({"import": False, "deadline": 60}, "0123456789abcdef")
    done = subprocess.run(
        [sys.executable, *packing.READ_STDIN], input=text.encode(), capture_output=True, check=True
    )
    messages = facts.parse(done.stdout, "x")
    assert messages.facts["sections"]["packages"]["facts"]["entries"]
