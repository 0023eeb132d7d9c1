"""Python's own files, on a real engine: those of an image beside those of the base it is made on."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from msgspec.structs import replace

from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import python_files
from tests import engine as engines
from tests.conftest import interpreter
from tests.image.image_cases import DEBIAN_12, manifest
from tests.image.test_build_and_prove import base, engine, image_of

__all__ = ["base", "engine"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
LIBRARY = "/usr/local/lib/python3.11"
EDITS = {
    "random.py": f"echo 'EVIL = 1' >> {LIBRARY}/random.py",
    "evil/__init__.py": f"mkdir {LIBRARY}/evil && touch {LIBRARY}/evil/__init__.py",
    "bin/python3.11": "printf x >> /usr/local/bin/python3.11",
}


def test_files_of_python_are_held_against_the_base(engine: Any, base: str) -> None:
    python = interpreter("3.11")
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    plan = make_plan(manifest(version, {"six": "1.16.0"}, DEBIAN_12))
    nowhere = replace(plan, base=replace(plan.base, reference="localhost/none:0"))
    told = python_files.NOT_THERE.format("localhost/none:0")
    assert python_files.compare(engine, None, None, nowhere) == ([], [told])
    assert engines.slim(engine, base, python, version) == plan.base.reference
    found = {}
    for name, edit in {"": "mkdir /data", "cache": f"mkdir {LIBRARY}/__pycache__", **EDITS}.items():
        made = image_of(engine, [f"FROM {plan.base.reference}", f"RUN {edit}"], {})
        try:
            facts, unasked = python_files.compare(engine, engine.images.get(made), None, plan)
        finally:
            engine.images.remove(made, force=True)
        assert unasked == []
        found[name] = [fact.path for fact in facts]
    assert found["cache"] == found[""] == []
    for name in EDITS:
        assert any(name in path for path in found[name]), found
