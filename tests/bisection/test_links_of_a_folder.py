"""A trial's copy of the user's folder: links lead into the copy, and never back into the folder."""

from __future__ import annotations

import os
from pathlib import Path

from envsnap.bisection import places


def test_an_absolute_link_into_the_folder_leads_into_the_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "user", tmp_path / "trial"
    (source / "data").mkdir(parents=True)
    (source / "data" / "n.txt").write_text("n")
    (source / "absolute").symlink_to(source / "data")
    (source / "data" / "file").symlink_to(source / "data" / "n.txt")
    (source / "relative").symlink_to("data")
    places.copy_tree(str(source), str(target))
    for name in ("absolute", "relative", "data/file"):
        assert os.path.realpath(target / name).startswith(str(target)), name
    (target / "absolute" / "n.txt").write_text("changed")
    assert (source / "data" / "n.txt").read_text() == "n"


def test_a_link_that_leads_out_leads_there_still_and_is_told(tmp_path: Path) -> None:
    shared, source = tmp_path / "shared", tmp_path / "user"
    shared.mkdir()
    (shared / "vocab.txt").write_text("a")
    source.mkdir()
    (source / "common").symlink_to("../shared")
    places.copy_tree(str(source), str(tmp_path / "deep" / "er" / "trial"))
    assert (tmp_path / "deep" / "er" / "trial" / "common" / "vocab.txt").read_text() == "a"
    layout = places.Layout(["python", "x.py"], str(source), [], in_place=False)
    assert any(str(shared) in note for note in layout.notes)
