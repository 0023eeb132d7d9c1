"""What lies in the application's folder and is imported, without that the plan put it there."""

from __future__ import annotations

import pytest

from envsnap.image.proving import carried_files


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("tqdm.pyc", True),
        ("lib/tqdm.pyc", True),
        ("yaml.py", True),
        ("__pycache__/serve.cpython-311.pyc", False),
        ("lib/__pycache__/a.cpython-311.opt-1.pyc", False),
        ("notes.txt", False),
        ("numpy-9.9.dist-info/METADATA", True),
    ],
)
def test_code_that_nobody_put_there(name: str, is_told: bool) -> None:
    found = list(carried_files._differences({}, {name: "0" * 64}, set(), whole=False))
    assert bool(found) is is_told


@pytest.mark.parametrize(
    ("name", "is_told"),
    [("notes.txt", True), ("model.onnx.data", True), ("__pycache__/a.cpython-311.pyc", False)],
)
def test_of_an_image_each_file_is_the_plans(name: str, is_told: bool) -> None:
    """A program that runs writes files; an image has those that were put into it."""
    found = list(carried_files._differences({}, {name: "0" * 64}, set(), whole=True))
    assert bool(found) is is_told
    assert not list(carried_files._differences({}, {name: "0" * 64}, {f"/app/{name}"}, whole=True))
