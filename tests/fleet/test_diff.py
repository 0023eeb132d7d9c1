"""`envsnap fleet diff` and `diff --peers`: every host ends in one of four states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from envsnap.fleet.verdict import STATES
from tests.conftest import Run
from tests.fleet import fleets


def told(envsnap: Run, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = envsnap("fleet", "diff", *arguments, "--format", "json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def hosts_in(report: dict[str, Any], state: str) -> list[str]:
    return sorted(
        host
        for group in (*report["kinds"], *report["silent"])
        if group["state"] == state
        for host in group["hosts"]
    )


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Hosts in all four states: the inventory has n8, which wrote nothing."""
    folder = tmp_path / "four"
    for number in range(1, 5):
        fleets.write(folder, f"n{number}")
    fleets.write(folder, "n5", fleets.lost_gpu)
    fleets.write(folder, "n6", fleets.hung)
    (folder / "n7.json").write_text("{}")
    return folder


def test_all_four_states(four: Path, envsnap: Run) -> None:
    code, report = told(envsnap, str(four), "--inventory", "n[1-8]")
    assert code == 1
    assert report["states"] == {"same": 4, "drifted": 1, "unknown": 2, "missing": 1}
    assert list(report["states"]) == list(STATES)
    found = [hosts_in(report, state) for state in STATES]
    assert found == [["n1", "n2", "n3", "n4"], ["n5"], ["n6", "n7"], ["n8"]]
    drifted = next(kind for kind in report["kinds"] if kind["state"] == "drifted")
    assert drifted["findings"][0]["severity"] == "error"
    assert "8 GPUs -> 7" in drifted["findings"][0]["message"]
    hung = next(kind for kind in report["kinds"] if kind["hosts"] == ["n6"])
    assert any(why.startswith("timeout") for why in hung["unknown"].values())


def test_unknown_and_missing_alone_are_exit_6(tmp_path: Path, envsnap: Run) -> None:
    folder = tmp_path / "some"
    for number in range(1, 4):
        fleets.write(folder, f"n{number}")
    assert told(envsnap, str(folder))[0] == 0
    assert told(envsnap, str(folder), "--inventory", "n[1-4]")[0] == 6
    fleets.write(folder, "n4", fleets.hung)
    code, report = told(envsnap, str(folder))
    assert (code, hosts_in(report, "unknown")) == (6, ["n4"])


def test_an_inventory_is_a_file_or_a_set(four: Path, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "hosts.txt").write_text("# rack 1\nn[1-4]\nn[5-9] # rack 2\n")
    for inventory in ("hosts.txt", "@hosts.txt", "n[1-9]"):
        _, report = told(envsnap, str(four), "--inventory", inventory)
        assert hosts_in(report, "missing") == ["n8", "n9"]


def test_what_timed_out_everywhere_is_nowhere_healthy(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 5):
        fleets.write(tmp_path / "all", f"n{number}", fleets.hung)
    code, report = told(envsnap, str(tmp_path / "all"))
    assert (code, report["states"]["same"]) == (6, 0)


def test_most_that_could_not_tell_are_no_majority(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 4):
        fleets.write(tmp_path / "most", f"n{number}", fleets.hung)
    fleets.write(tmp_path / "most", "n4")
    _, report = told(envsnap, str(tmp_path / "most"))
    assert hosts_in(report, "unknown") == ["n1", "n2", "n3"]


def test_four_equal_ranks_have_no_finding(tmp_path: Path, envsnap: Run) -> None:
    for rank in range(4):

        def change(sections: dict[str, Any], rank: int = rank) -> None:
            sections["env_vars"]["entries"].update(
                RANK=str(rank), LOCAL_RANK=str(rank), CUDA_VISIBLE_DEVICES=str(rank)
            )
            sections["seeds"]["rng"] = {"numpy": f"{rank:064d}"}
            sections["system"]["memory_total"] += rank * 4096
            sections["identity"]["pid"] = rank

        fleets.write(tmp_path / "ranks", f"rank{rank}", change)
    code, report = told(envsnap, str(tmp_path / "ranks"))
    assert (code, report["states"]["same"], len(report["kinds"])) == (0, 4, 1)
    files = [str(tmp_path / "ranks" / f"rank{rank}.json") for rank in range(4)]
    done = envsnap("diff", "--peers", *files, "--fail-on", "info")
    assert done.returncode == 0, done.stdout
    assert "0 errors, 0 warnings, 0 info" in done.stdout


def test_two_halves_have_no_majority(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 5):
        change = fleets.package("msgpack", "1.0.8") if number > 2 else None
        fleets.write(tmp_path / "halves", f"n{number}", change)
    code, report = told(envsnap, str(tmp_path / "halves"))
    assert (code, report["states"]["drifted"]) == (1, 4)
    assert report["cohorts"][0]["reference"].startswith("No majority")
    code, report = told(
        envsnap, str(tmp_path / "halves"),
        "--golden-manifest", str(tmp_path / "halves" / "n4.json"),
    )  # fmt: skip
    assert hosts_in(report, "drifted") == ["n1", "n2"]


def test_an_incomplete_section_is_no_kind_of_a_complete_one(tmp_path: Path, envsnap: Run) -> None:
    def partial(sections: dict[str, Any]) -> None:
        sections["packages"]["complete"] = False

    for number in range(1, 4):
        fleets.write(tmp_path / "part", f"n{number}")
    fleets.write(tmp_path / "part", "n4", partial)
    _, report = told(envsnap, str(tmp_path / "part"))
    assert len(report["kinds"]) == 2


def test_cohorts_by_hardware(tmp_path: Path, envsnap: Run) -> None:
    def older(sections: dict[str, Any]) -> None:
        for gpu in sections["gpus"]["entries"].values():
            gpu.update(name="NVIDIA A100-SXM4-80GB", compute_capability="8.0")

    def older_and_odd(sections: dict[str, Any]) -> None:
        older(sections)
        fleets.package("msgpack", "1.0.8")(sections)

    for number in range(1, 5):
        fleets.write(tmp_path / "mixed", f"h{number}")
        fleets.write(tmp_path / "mixed", f"a{number}", older_and_odd if number == 4 else older)
    _, together = told(envsnap, str(tmp_path / "mixed"))
    assert together["cohorts"][0]["reference"].startswith("No majority")
    code, apart = told(envsnap, str(tmp_path / "mixed"), "--cohort", "hw")
    assert (code, hosts_in(apart, "drifted"), len(apart["cohorts"])) == (1, ["a4"], 2)


def test_a_fact_of_each_host_is_named_and_left_out(tmp_path: Path, envsnap: Run) -> None:
    for number in range(40):

        def change(sections: dict[str, Any], number: int = number) -> None:
            sections["env_vars"]["entries"]["TORCH_RUN_TAG"] = f"run-{number}"
            if number == 7:
                fleets.lost_gpu(sections)

        fleets.write(tmp_path / "noisy", f"n{number}", change)
    code, report = told(envsnap, str(tmp_path / "noisy"))
    assert [item["path"] for item in report["noise"]] == ["env_vars.TORCH_RUN_TAG"]
    assert (code, hosts_in(report, "drifted")) == (1, ["n7"])


def test_a_policy_is_kept(four: Path, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "envsnap.toml").write_text(
        '[[ignore]]\nrule = "gpu-model"\nreason = "n5 is being repaired"\n'
    )
    code, report = told(envsnap, str(four))
    assert (code, hosts_in(report, "drifted")) == (6, [])


HOSTILE = '</script><b>x|`"\x1b[31m'


@pytest.mark.parametrize("style", ["terminal", "markdown", "html", "junit", "prometheus", "json"])
def test_formats(style: str, four: Path, envsnap: Run) -> None:
    def change(sections: dict[str, Any]) -> None:
        fleets.lost_gpu(sections)
        fleets.variable("VLLM_NOTE", HOSTILE)(sections)

    fleets.write(four, "n5", change)
    done = envsnap("fleet", "diff", str(four), "--inventory", "n[1-8]", "--format", style)
    assert done.returncode == 1
    text = done.stdout
    assert "\x1b" not in text
    assert "</script><b>" not in text or style not in ("html", "junit")
    if style == "terminal":
        assert "4 same, 1 drifted, 2 unknown, 1 missing" in text
        assert "8 GPUs -> 7" in text
    elif style == "junit":
        suite = ET.fromstring(text)[0]  # noqa: S314 - we wrote it
        assert suite.attrib["tests"] == "8"
        cases = {case.attrib["name"]: case for case in suite}
        assert cases["n1"].find("failure") is None
        assert "8 GPUs" in cases["n5"].find("failure").attrib["message"]  # type: ignore[union-attr]
        assert "missing" in cases["n8"].find("error").attrib["message"]  # type: ignore[union-attr]
    elif style == "prometheus":
        assert 'envsnap_fleet_hosts{state="missing"} 1' in text
        assert 'envsnap_fleet_host_odd{host="n5",state="drifted"} 1' in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "no such file"),
        (("four", "nowhere.json"), "no such file"),
        ((".",), "no manifest"),
        (("four", "--inventory", "n[a]"), "holds no numbers"),
        (("four", "--golden-manifest", "nowhere"), "no such file"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], words: str, four: Path, envsnap: Run) -> None:
    assert four.is_dir()
    done = envsnap("fleet", "diff", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_thousand_hosts_are_one_screen(tmp_path: Path, envsnap: Run) -> None:
    import benchmarks.fleet.hosts as made

    base = json.loads((tmp_path / _written(tmp_path)).read_text())
    folder = tmp_path / "many"
    folder.mkdir()
    for name, data in made.Fleet(base, "few").hosts(1000):
        (folder / f"{name}.json").write_bytes(data)
    done = envsnap("fleet", "diff", str(folder))
    assert done.stdout.count("\n") <= 60
    for row in made.DRIFTS.values():
        assert row[3] in done.stdout
    code, report = told(envsnap, str(folder))
    assert (code, len(report["kinds"])) == (1, 1 + len(made.DRIFTS))


def test_who_was_not_judged_comes_last(tmp_path: Path) -> None:
    import benchmarks.fleet.hosts as made
    from envsnap.api import judge_fleet

    base = json.loads((tmp_path / _written(tmp_path)).read_text())
    folder = tmp_path / "many"
    folder.mkdir()
    for name, data in made.Fleet(base, "skewed").hosts(500):
        (folder / f"{name}.json").write_bytes(data)
    found = judge_fleet([str(folder)]).kinds
    flags = [kind.judged for kind in found]
    assert flags.count(True) == 50
    assert flags.count(False) > 0
    assert flags == sorted(flags, reverse=True)
    odd = [kind for kind in found if kind.judged][1:]  # the largest is what they are compared with
    assert all(kind.findings for kind in odd)


def test_nobody_is_the_same_where_a_section_was_not_compared(tmp_path: Path, envsnap: Run) -> None:
    """No package has many versions, and their sets are all different."""
    for number in range(40):

        def change(sections: dict[str, Any], number: int = number) -> None:
            for digit in range(6):
                if number >> digit & 1:
                    sections["packages"]["entries"][f"own{digit}"] = {"version": "1.0"}

        fleets.write(tmp_path / "sets", f"n{number}", change)
    code, report = told(envsnap, str(tmp_path / "sets"))
    assert [item["path"] for item in report["noise"]] == ["packages"]
    assert (code, report["states"]["same"], report["states"]["unknown"]) == (6, 0, 40)
    text = envsnap("fleet", "diff", str(tmp_path / "sets")).stdout
    assert "packages (not compared: 40 sorts on 40 hosts)" in text


def _written(folder: Path) -> str:
    fleets.write(folder, "base")
    return "base.json"
