"""Folders whose names a run asks for: their names act on it, also where no file is opened."""

from __future__ import annotations

import hashlib
from pathlib import Path

LISTS = """
import glob, os, pathlib
print(len(glob.glob("shards/*.txt")), len(list(pathlib.Path("empty").iterdir())), len(os.listdir()))
open("shards/made.txt", "w").write("by the run")
import importlib.metadata
importlib.metadata.version("pip")
"""


def digest(*names: str) -> str:
    return hashlib.sha256(b"".join(name.encode() + b"\0" for name in names)).hexdigest()


def test_folders_are_described_by_the_names_that_were_there(run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "shards").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in ("b.txt", "a.txt"):
        (folder / "shards" / name).touch()
    (folder / "golden.esr").touch()
    found = run(LISTS)
    assert found.stdout == "2 0 4\n"
    listed = found.sections["files"]["listed"]
    assert set(listed) == {"shards", "empty", "."}
    assert (listed["shards"]["names"], listed["shards"]["sha256"]) == (2, digest("a.txt", "b.txt"))
    orders = digest("a.txt", "b.txt"), digest("b.txt", "a.txt")
    assert listed["shards"]["order_sha256"] in orders
    assert listed["empty"]["names"] == 0


def test_who_only_imports_lists_nothing(run, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    found = run("import json, importlib.metadata\nimportlib.metadata.version('pip')\n")
    assert "listed" not in found.sections["files"]
