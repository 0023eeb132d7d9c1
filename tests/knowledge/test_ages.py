"""Knowledge has an age, and says so."""

from __future__ import annotations

import re

import pytest

from envsnap.knowledge import ages, drivers
from envsnap.knowledge.tables import TRUSTED, table
from tests.conftest import Run


def test_every_table_says_when_it_was_read() -> None:
    for found in ages.ages():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", found.read_on), found.name
        assert found.rows, found.name


def test_the_newest_known_releases_are_in_step_with_the_tables() -> None:
    assert table("newest")["rows"] == ages.computed()
    days = [str(table(name)["read_on"]) for name in ("built_against", "release_changes")]
    assert ages.read_on() == max(days)


def test_only_a_later_minor_release_is_newer() -> None:
    known = table("newest")["rows"]["torch"]
    major = int(known.split(".")[0])
    assert ages.newer_than_known("torch", known) is None
    assert ages.newer_than_known("torch", f"{known}+cu130") is None
    assert ages.newer_than_known("torch", f"{major + 1}.0") == known
    assert ages.newer_than_known("torch", f"{major + 1}.0.dev20270101") is None
    assert ages.newer_than_known("of-nobody", "99") is None
    assert ages.newer_than_known("torch", "main") is None


@pytest.mark.parametrize(
    "name",
    ["torch", "nvidia-nccl-cu12", "nvidia-nccl-cu13", "tensorflow", "opencv-python", "vllm", "sglang", "transformers"],
)  # fmt: skip
def test_it_is_told_where_the_tables_end(name: str) -> None:
    known = table("newest")["rows"][name]
    release = [*map(int, known.split(".")), 0, 0][:3]
    by_patch = name in table("newest")["by_patch"]
    release[2 if by_patch else 1] += 1
    assert ages.newer_than_known(name, ".".join(map(str, release))) == known
    assert ages.newer_than_known(name, known) is None
    assert ages.newer_than_known(name, f"{known}.post1") is None


def test_a_release_whose_notes_were_not_read_is_not_known() -> None:
    read_to = table("release_changes")["read_to"]
    assert "torch" in read_to
    for name, release in read_to.items():
        assert table("newest")["rows"][name] == release


def test_a_branch_of_the_driver_is_newer_than_the_last_known() -> None:
    newest = max(row["branch"] for row in table("driver_branches")["rows"])
    assert drivers.newer_than_known(f"{newest + 5}.12.01") == str(newest)
    assert drivers.newer_than_known(f"{newest}.30.04") is None
    assert drivers.newer_than_known("590.48.01") is None
    assert drivers.newer_than_known("N/A") is None


def test_rows_name_sources_that_are_there() -> None:
    for name in ("built_against", "release_changes"):
        found = table(name)
        for rows in found["rows"].values():
            for row in rows:
                assert set(row["source"].split(",")) <= set(found["sources"]), row
                assert row["basis"] in (*TRUSTED, "inferred")


def test_the_tables_are_listed(envsnap: Run) -> None:
    text = envsnap("explain", "--tables").stdout
    assert re.search(r"^built_against +\d+ rows, read on 20\d\d", text, re.MULTILINE)
    assert text.count("read on") >= len(ages.ages())
    assert f"\n  torch {table('newest')['rows']['torch']}\n" in text
    assert re.search(r"^  NVIDIA driver: branch \d{3}$", text, re.MULTILINE)
