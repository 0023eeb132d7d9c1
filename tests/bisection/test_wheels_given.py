"""A distribution that was installed from a file can be had again where its wheel is given."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from envsnap.bisection import sides
from tests import examples

WHEEL = b"a wheel"


@pytest.mark.parametrize(
    ("sha256", "file", "is_given"),
    [
        (None, "ours-1.0-py3-none-any.whl", True),
        (hashlib.sha256(WHEEL).hexdigest(), "ours-1.0-py3-none-any.whl", True),
        ("0" * 64, "ours-1.0-py3-none-any.whl", False),  # another build of this version
        (None, "ours-1.1-py3-none-any.whl", False),
        (None, "notes.txt", False),
    ],
)
def test_a_wheel_in_the_folder_of_find_links(
    sha256: str | None, file: str, is_given: bool, tmp_path: Path
) -> None:
    (tmp_path / file).write_bytes(WHEEL)
    origin = {"url": "file:///srv/ours-1.0-py3-none-any.whl"} | (
        {"sha256": sha256} if sha256 else {}
    )
    manifest = examples.manifest(
        {"packages": {"entries": {"ours": {"version": "1.0", "origin": origin}}}}
    )
    found = sides.read(manifest, str(tmp_path)).packages["ours"]
    assert (found.obstacle is None) is is_given
    assert sides.read(manifest).packages["ours"].obstacle is not None
