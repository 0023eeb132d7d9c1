"""What a fleet's verdict rests on: references that could not tell, policies, and who answered twice."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from envsnap.fleet import gathering
from tests.conftest import Run
from tests.fleet import fleets

ROLLOUT = """[[rollout]]
path = "packages.torch"
from = "==2.6.0"
to = "==2.7.0"
until = "{until}"
reason = "ticket 7"
"""
ALLOW = """[[allow]]
path = "packages.Torch"
versions = ">=2.7"
outside = "error"
reason = "ticket 8"
"""


def unlisted(sections: dict[str, Any]) -> None:
    """The distributions could not be listed."""
    gaps = {"entries": "denied: the folder may not be read"}
    sections["packages"] = {"complete": False, "gaps": gaps}


def states(envsnap: Run, *words: str) -> tuple[int, dict[str, int], dict[str, Any]]:
    done = envsnap("fleet", "diff", *words, "--format", "json")
    report = json.loads(done.stdout)
    return done.returncode, report["states"], report


def fill(
    folder: Path, odd: dict[str, fleets.Change], size: int, rest: fleets.Change | None = None
) -> None:
    for number in range(1, size + 1):
        fleets.write(folder, f"n{number}", odd.get(f"n{number}", rest))


def test_who_could_list_its_packages_has_not_drifted_from_those_who_could_not(
    envsnap: Run, tmp_path: Path
) -> None:
    fill(tmp_path / "f", dict.fromkeys(("n1", "n2", "n3"), unlisted), 4)
    code, found, _ = states(envsnap, "f")
    assert (code, found["drifted"], found["same"]) == (6, 0, 0)


def test_a_golden_manifest_that_could_not_tell_makes_no_host_the_same(
    envsnap: Run, tmp_path: Path
) -> None:
    fill(tmp_path / "f", {}, 3)
    fleets.write(tmp_path, "golden", unlisted)
    code, found, _ = states(envsnap, "f", "--golden-manifest", "golden.json")
    assert (code, found) == (6, {"same": 0, "drifted": 0, "unknown": 3, "missing": 0})


def test_lists_that_no_host_could_give_are_not_the_same(envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {}, 3, unlisted)
    code, found, _ = states(envsnap, "f")
    assert (code, found["unknown"]) == (6, 3)


def test_a_majority_that_stayed_behind_is_named(envsnap: Run, tmp_path: Path) -> None:
    old = fleets.package("torch", "2.6.0")
    fill(tmp_path / "f", {f"n{number}": old for number in range(1, 8)}, 10)
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    (tmp_path / "over.toml").write_text(ROLLOUT.format(until=day))
    code, found, report = states(envsnap, "f", "--policy", "over.toml")
    assert (code, found["drifted"], found["same"]) == (1, 7, 3)
    assert any("torch" in item["message"] for kind in report["kinds"] for item in kind["findings"])


def test_what_a_policy_does_not_allow_of_all_is_told_of_all(envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {}, 3, fleets.package("torch", "2.6.0"))
    (tmp_path / "allow.toml").write_text(ALLOW)
    code, found, _ = states(envsnap, "f", "--policy", "allow.toml")
    assert (code, found["drifted"]) == (1, 3)


def test_kinds_that_a_policy_accepts_are_one_majority(envsnap: Run, tmp_path: Path) -> None:
    old = fleets.package("torch", "2.6.0")
    odd = {f"n{number}": old for number in range(1, 5)}
    fill(tmp_path / "f", {**odd, "n9": fleets.variable("OMP_NUM_THREADS", "1")}, 9)
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    (tmp_path / "on.toml").write_text(ROLLOUT.format(until=day))
    code, found, report = states(envsnap, "f", "--policy", "on.toml")
    drifted = [kind["hosts"] for kind in report["kinds"] if kind["state"] == "drifted"]
    assert (code, found["same"], drifted) == (1, 8, [["n9"]])
    assert any(re.search(r" [1-9] findings? ignored", note) for note in report["notes"])


@pytest.mark.parametrize("style", ["terminal", "markdown", "html", "junit", "json"])
def test_each_form_has_the_notes(style: str, envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {}, 3)
    (tmp_path / "p.toml").write_text('[[ignore]]\npath = "packages.nosuch"\nreason = "old"\n')
    done = envsnap("fleet", "diff", "f", "--policy", "p.toml", "--format", style)
    assert "matched nothing" in done.stdout


def test_the_reason_of_an_entry_is_told_with_what_it_did(envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {"n2": fleets.package("torch", "2.6.0")}, 4)
    (tmp_path / "p.toml").write_text('[[ignore]]\npath = "packages.torch"\nreason = "ticket 7"\n')
    code, found, report = states(envsnap, "f", "--policy", "p.toml")
    assert (code, found["same"]) == (0, 4)
    assert any(re.fullmatch(r"ignore\[0\] \(packages\.torch\), \d+ findings?: ticket 7", note) for note in report["notes"])  # fmt: skip


def test_a_host_alone_is_nobodys_reference(envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {}, 1)
    text = envsnap("fleet", "diff", "f").stdout
    assert "there is none to compare it with" in text
    assert "(reference)" not in text


def test_what_of_a_policy_matched_nothing_is_said(envsnap: Run, tmp_path: Path) -> None:
    fill(tmp_path / "f", {}, 3)
    (tmp_path / "p.toml").write_text('[[ignore]]\npath = "packages.nosuch"\nreason = "old"\n')
    assert "ignore[0] (packages.nosuch) matched nothing" in envsnap(
        "fleet", "diff", "f", "--policy", "p.toml"
    ).stdout  # fmt: skip


@pytest.mark.parametrize("name", ["packages.flash_attn", "packages.Flash.Attn", 'packages["flash-attn"]'])  # fmt: skip
def test_a_policy_may_spell_a_distribution_as_its_users_do(
    name: str, envsnap: Run, tmp_path: Path
) -> None:
    fleets.write(tmp_path, "a", fleets.package("flash-attn", "2.5.0"))
    (tmp_path / "p.toml").write_text(f"[[allow]]\npath = '{name}'\nversions = '>=2.6'\noutside = 'error'\nreason = 'r'\n")  # fmt: skip
    done = envsnap("check", "a.json", "--policy", "p.toml")
    assert done.returncode == 1
    assert "the policy allows >=2.6" in done.stdout


def test_of_two_entries_about_one_fact_the_first_counts(envsnap: Run, tmp_path: Path) -> None:
    fleets.write(tmp_path, "a", fleets.package("flash-attn", "1.0.0"))
    entry = "[[allow]]\npath = 'packages.flash-attn'\nversions = '{}'\noutside = 'error'\nreason = 'r'\n"
    (tmp_path / "p.toml").write_text(entry.format(">=0.5") + entry.format(">=2"))
    assert "the policy allows" not in envsnap("check", "a.json", "--policy", "p.toml").stdout


def test_a_host_that_answered_twice_and_one_that_nobody_listed_are_told(
    envsnap: Run, tmp_path: Path
) -> None:
    fill(tmp_path / "f", {}, 3)
    fill(tmp_path / "g", {}, 2)
    done = envsnap("fleet", "diff", "f", "f", "g", "--inventory", "n[1-2]")
    assert done.stdout.startswith("5 hosts")
    assert "n1#2" in done.stdout
    assert "not in the inventory: n3" in done.stdout


def test_a_clock_that_is_ahead_is_told(envsnap: Run, tmp_path: Path) -> None:
    from envsnap.model import codec

    for name, at in (("ahead", "2036-01-01T00:00:00Z"), ("now", "2026-01-01T00:00:00Z")):
        folder = tmp_path / name
        fleets.write(folder, "n1")
        file = folder / "n1.json"
        tree = json.loads(file.read_text())
        tree["created_at"] = at
        file.write_text(json.dumps(tree))
        codec.decode(file.read_bytes(), "n1")
    assert "a time that has not come yet: n1" in envsnap("fleet", "add", "store", "ahead").stderr
    told = envsnap("fleet", "add", "store", "now").stderr
    assert "a time that has not come yet: n1" in told
    assert "older than what the store has (n1)" in told


def test_a_host_that_was_captured_weeks_before_the_others_is_told(
    envsnap: Run, tmp_path: Path
) -> None:
    fill(tmp_path / "f", {}, 4)
    old = tmp_path / "f" / "n3.json"
    tree = json.loads(old.read_text())
    tree["created_at"] = "2023-05-01T00:00:00Z"
    old.write_text(json.dumps(tree))
    assert envsnap("capture", "--seal", str(old), "-o", str(old)).returncode == 0
    _, _, report = states(envsnap, "f")
    assert "captured weeks before most of the others: n3 (2023-05-01)" in report["notes"]


def test_names_of_a_note_are_folded_or_counted() -> None:
    """Whoever reads a note sees of how many hosts it speaks."""
    assert gathering._some(["n1", "n2"]) == "n1, n2"
    assert gathering._some([f"n{number}" for number in range(1, 13)]) == "n[1-12] (12 hosts)"
    told = gathering._some([f"n{number} (a.json, beside b.json)" for number in range(8)])
    assert told.endswith("n4 (a.json, beside b.json) and 3 more")
