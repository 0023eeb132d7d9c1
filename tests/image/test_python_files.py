"""Python's own files in an image, beside those of its base."""

from __future__ import annotations

import pytest

from envsnap.changes.change import ChangeKind
from envsnap.image.proving import python_files

BASE = {"lib/python3.11/random.py": "a", "bin/python3.11": "b", "lib/libpython3.11.so.1.0": "c"}


@pytest.mark.parametrize(
    ("name", "is_python"),
    [
        ("lib/python3.11/random.py", True),
        ("lib/python3.11/lib-dynload/_random.cpython-311-x86_64-linux-gnu.so", True),
        ("lib/python3.11/__pycache__/random.cpython-311.pyc", False),
        ("lib/python3.11/json/__pycache__/decoder.cpython-311.pyc", False),
        ("lib/python3.11/site-packages/pip/main.py", False),
        ("lib/libpython3.11.so.1.0", True),
        ("bin/python3.11", True),
        ("bin/pip", False),
        ("lib/libtcl8.6.so", False),
    ],
)
def test_which_files_are_python_s(name: str, is_python: bool) -> None:
    assert (python_files.OF_PYTHON.match(name) is not None) is is_python


def kinds(inside: dict[str, str], *, copied: bool = False) -> dict[str, ChangeKind]:
    found = python_files._differences(BASE, inside, copied=copied)
    return {item.path: item.kind for item in found}


def test_what_is_another_gone_or_added_is_told() -> None:
    assert kinds(BASE) == {}
    assert kinds({**BASE, "bin/python3.11": "x"}) == {
        'image.python["bin/python3.11"]': ChangeKind.CHANGED
    }
    less = {name: digest for name, digest in BASE.items() if name != "lib/python3.11/random.py"}
    assert list(kinds(less).values()) == [ChangeKind.REMOVED]
    more = {**BASE, "lib/python3.11/csv/__init__.py": "d", "lib/python3.11/notes.txt": "e"}
    assert kinds(more) == {'image.python["lib/python3.11/csv/__init__.py"]': ChangeKind.ADDED}
    assert kinds(more, copied=True) == {}
