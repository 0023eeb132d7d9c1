"""The probe on the wire: small, ASCII, and refused in one sentence where it cannot run."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import facts
from envsnap.probe import packing
from envsnap.targets import binding, script
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
        travels = source if name == "bootstrap" else script.without_words(source)
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


def _code(source: str) -> str:
    """What a source does, without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
            continue
        if isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
            del body[0]
    return ast.dump(tree)


def test_without_words_the_code_is_the_same() -> None:
    for name, source in script.sources().items():
        assert _code(script.without_words(source)) == _code(source), name


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
