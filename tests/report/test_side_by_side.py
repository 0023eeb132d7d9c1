"""Several hosts side by side: the table of a real bug report, in every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envsnap as library
from envsnap import api
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text
from envsnap.rules.side_by_side import Table
from tests import examples
from tests.conftest import Run

# What pytorch/pytorch#181248 compares by hand, with values of our own.
FACTS = {
    "dev": ("580.95.05", False, "97.00.82.00.18", "GPU-5d0f", "3.12.3"),
    "ci-1": ("575.57.08", True, "97.00.5E.00.02", "GPU-77aa", "3.12.3"),
    "ci-2": ("575.57.08", True, "97.00.5E.00.02", "GPU-90c1", "3.12.3"),
    "ci-3": ("575.57.08", True, "97.00.5E.00.09", "GPU-90c1", "3.12.4"),
}


def host(name: str) -> Manifest:
    """One of the hosts."""
    driver, mig, vbios, uuid, python = FACTS[name]
    return examples.manifest(
        {
            "python": {"version": python},
            "driver": {"version": driver, "kernel_module": driver},
            "gpus": {"entries": {"0": {"name": "NVIDIA B200", "mig": mig, "vbios": vbios}}},
            "identity": {"hostname": f"{name}.example", "gpus": {"0": {"uuid": uuid}}},
        },
        label=name,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The hosts' manifests, and one of a host that says little."""
    for name in FACTS:
        library.save(host(name), str(tmp_path / f"{name}.json"))
    bare = examples.manifest({"python": {"version": "3.12.3"}}, label="bare")
    library.save(bare, str(tmp_path / "bare.json"))
    return tmp_path


def hosts_of(envsnap: Run, *names: str) -> dict[str, Any]:
    done = envsnap("diff", *(f"{name}.json" for name in names), "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)["hosts"]
    assert isinstance(found, dict)
    return found


def test_the_table_of_three_hosts(envsnap: Run, folder: Path) -> None:
    shown = envsnap("diff", "dev.json", "ci-1.json", "ci-3.json").stdout
    table = shown.split("\n\n")[0]
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
    assert "\n".join(table.splitlines()[:7]) in page
    assert (
        table
        == """\
3 hosts side by side
          where                           dev           ci-1         ci-3
────────────────────────────────────────────────────────────────────────────────
warning   driver.version                  580.95.05     575.57.08    575.57.08
warning   gpus[0].mig                     false         true         true
info      gpus[0].vbios                   97.00.82.00   97.00.5E.0   97.00.5E.00
                                          .18           0.02         .09
info      python.version                  3.12.3        3.12.3       3.12.4
name      identity.hostname               dev.example   ci-1.examp   ci-3.exampl
                                                        le           e
name      identity.gpus[0].uuid           GPU-5d0f      GPU-77aa     GPU-90c1
dev alone has driver.version 580.95.05 (the others: 575.57.08); gpus[0].mig
false (the others: true)
ci-3 alone has python.version 3.12.4 (the others: 3.12.3)"""
    )


def test_equal_hosts_are_one_column_and_one_comparison(envsnap: Run, folder: Path) -> None:
    found = hosts_of(envsnap, "dev", "ci-1", "ci-2", "ci-3")
    assert found["names"] == ["dev", "ci-1", "ci-2", "ci-3"]
    assert found["columns"] == [["dev"], ["ci-1", "ci-2"], ["ci-3"]]
    shown = envsnap("diff", "dev.json", "ci-1.json", "ci-2.json", "ci-3.json").stdout
    assert "4 hosts side by side, of 3 kinds" in shown
    assert "against ci-1 (ci-1.json); the same for ci-2" in " ".join(shown.split())
    assert "2 values" in shown


def test_odd_ones_out_and_groups(envsnap: Run, folder: Path) -> None:
    rows = {row["path"]: row for row in hosts_of(envsnap, "dev", "ci-1", "ci-2", "ci-3")["rows"]}
    assert rows["driver.version"]["odd_one_out"] == "dev"
    assert rows["driver.version"]["severity"] == "warning"
    assert rows["driver.version"]["rule"] == "driver-version"
    assert rows["gpus[0].vbios"]["odd_one_out"] is None
    assert [group["hosts"] for group in rows["gpus[0].vbios"]["groups"]] == [
        ["dev"], ["ci-1", "ci-2"], ["ci-3"],
    ]  # fmt: skip
    assert rows["python.version"]["odd_one_out"] == "ci-3"


def test_one_card_behind_two_names_is_shown(envsnap: Run, folder: Path) -> None:
    identity = hosts_of(envsnap, "ci-1", "ci-2", "ci-3")["identity"]
    assert [row["path"] for row in identity] == ["identity.hostname", "identity.gpus[0].uuid"]
    assert [group["hosts"] for group in identity[1]["groups"]] == [["ci-1"], ["ci-2", "ci-3"]]
    assert [row["severity"] for row in identity] == [None, None]


def test_cards_that_nothing_sets_apart_need_no_names(envsnap: Run, folder: Path) -> None:
    identity = hosts_of(envsnap, "ci-1", "ci-2", "bare")["identity"]
    assert [row["path"] for row in identity] == ["identity.hostname"]
    identity = hosts_of(envsnap, "dev", "bare", "bare")["identity"]
    assert identity == []


def test_what_a_host_does_not_tell_is_unknown_not_different(envsnap: Run, folder: Path) -> None:
    found = hosts_of(envsnap, "dev", "ci-1", "bare")
    rows = {row["path"]: row for row in found["rows"]}
    states = [(group["hosts"], group["state"]) for group in rows["driver.version"]["groups"]]
    assert states == [(["dev"], "known"), (["ci-1"], "known"), (["bare"], "unknown")]
    assert rows["driver.version"]["odd_one_out"] is None
    shown = envsnap("diff", "dev.json", "ci-1.json", "bare.json").stdout
    assert "Not known: bare (3 of the facts above)" in shown


def test_cards_that_differ_alike_share_a_line(envsnap: Run, tmp_path: Path) -> None:
    for name, old in (("a", ""), ("b", "012"), ("c", "0125")):
        cards = {
            str(index): {"name": "NVIDIA H100", "vbios": "96.1" if str(index) in old else "96.2"}
            for index in range(8)
        }
        made = examples.manifest({"gpus": {"entries": cards}}, label=name)
        library.save(made, str(tmp_path / f"{name}.json"))
    shown = envsnap("diff", "a.json", "b.json", "c.json").stdout.split("\n\n")[0]
    lines = [line.split() for line in shown.splitlines()]
    assert ["info", "gpus[0-2].vbios", "96.2", "96.1", "96.1"] in lines
    assert ["info", "gpus[5].vbios", "96.2", "96.2", "96.1"] in lines
    assert "a alone has gpus[0-2].vbios 96.2 (the others: 96.1)" in shown
    rows = hosts_of(envsnap, "a", "b", "c")["rows"]
    assert [row["path"] for row in rows] == [f"gpus[{index}].vbios" for index in (0, 1, 2, 5)]


def test_hosts_without_a_difference(envsnap: Run, folder: Path) -> None:
    done = envsnap("diff", "ci-1.json", "ci-2.json", "ci-1.json")
    assert done.returncode == 0
    assert "No fact differs between them." in done.stdout


def test_two_hosts_are_not_laid_side_by_side(envsnap: Run, folder: Path) -> None:
    done = envsnap("diff", "dev.json", "ci-1.json", "--format", "json")
    assert json.loads(done.stdout)["hosts"] is None


def test_same_labels_get_names_that_differ(envsnap: Run, folder: Path) -> None:
    for name in ("a", "b", "c"):
        library.save(host("dev"), str(folder / f"{name}.json"))
    assert hosts_of(envsnap, "a", "b", "c")["names"] == ["a", "b", "c"]
    assert hosts_of(envsnap, "a", "a", "a")["names"] == ["a", "a #2", "a #3"]


def test_many_hosts_are_listed_by_value_where_columns_do_not_fit(
    envsnap: Run, folder: Path
) -> None:
    done = envsnap("diff", "dev.json", "ci-1.json", "ci-2.json", "ci-3.json", "bare.json")
    assert (
        "warning driver.version\n   575.57.08: ci-1, ci-2, ci-3\n   580.95.05: dev" in done.stdout
    )
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("style", ["markdown", "html", "github"])
def test_other_formats_hold_the_table(style: str, envsnap: Run, folder: Path) -> None:
    summary = folder / "summary.md"
    done = envsnap(
        "diff", "dev.json", "ci-1.json", "ci-3.json", "--format", style,
        env={"GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip
    shown = summary.read_text() if style == "github" else done.stdout
    for told in ("3 hosts side by side", "97.00.82.00.18", "GPU-90c1", "alone has"):
        assert told in shown.replace("\\", "")


def test_a_detail_is_shown_where_it_alone_sets_hosts_apart(envsnap: Run, tmp_path: Path) -> None:
    """Another build of the same version is a difference that the version does not show."""
    for name, version, build in (("a", "2.0", "0"), ("b", "2.1", "1"), ("c", "2.1", "2")):
        package = {"version": version, "format": "dist-info", "record_sha256": build * 64}
        made = examples.manifest({"packages": {"entries": {"numpy": package}}}, label=name)
        library.save(made, str(tmp_path / f"{name}.json"))
    found = hosts_of(envsnap, "a", "b", "c")
    assert [row["path"] for row in found["rows"]] == [
        "packages.numpy.version", "packages.numpy.record_sha256",
    ]  # fmt: skip
    assert found["columns"] == [["a"], ["b"], ["c"]]
    found = hosts_of(envsnap, "a", "b", "b")
    assert [row["path"] for row in found["rows"]] == ["packages.numpy.version"]


VALUES = st.sampled_from(["1", "2", "3", None])


def made(facts: Sequence[str | None]) -> Manifest:
    """A host with three packages, some of them absent."""
    names = ("numpy", "torch", "click")
    versions = {name: version for name, version in zip(names, facts, strict=True) if version}
    return examples.manifest({"packages": examples.packages(**versions)})


@given(facts=st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=3, max_size=5))
def test_the_table_holds_each_difference_once(facts: list[tuple[str | None, ...]]) -> None:
    hosts = [made(one) for one in facts]
    results = [api.diff(hosts[0], other) for other in hosts[1:]]
    table: Table = api.side_by_side(hosts, results)
    named = {row.path[1] for row in table.rows}
    for place, name in enumerate(("numpy", "torch", "click")):
        values = [one[place] for one in facts]
        assert (name in named) is (len(set(values)) > 1)
        rows = [row for row in table.rows if row.path[1] == name]
        assert len(rows) <= 1
        for row in rows:
            for group in row.groups:
                assert len({values[number] for number in group.hosts}) == 1, text(row.path)
            odd = row.odd_one_out()
            alone = [number for number, value in enumerate(values) if values.count(value) == 1]
            assert (odd is not None) is (len(set(values)) == 2 and bool(alone) and len(values) > 2)
            assert odd is None or list(odd.hosts) == alone
    assert sorted(number for column in table.columns for number in column) == list(
        range(len(facts))
    )
    for column in table.columns:
        assert len({facts[number] for number in column}) == 1
    assert len(table.columns) == len(set(facts))


BUILDS = st.sampled_from([("1.0", "a"), ("1.0", "b"), ("2.0", "a"), None])


@given(facts=st.lists(st.tuples(BUILDS, BUILDS), min_size=3, max_size=5))
def test_hosts_share_a_column_exactly_where_nothing_differs(facts: list[Any]) -> None:
    hosts = []
    for one in facts:
        entries = {
            name: {"version": build[0], "format": "dist-info", "record_sha256": build[1] * 64}
            for name, build in zip(("torch", "click"), one, strict=True)
            if build is not None
        }
        hosts.append(examples.manifest({"packages": {"entries": entries}}))
    results = [api.diff(hosts[0], other) for other in hosts[1:]]
    columns = api.side_by_side(hosts, results).columns
    for reference in range(len(hosts)):
        for other in range(len(hosts)):
            together = any(reference in column and other in column for column in columns)
            assert together is (facts[reference] == facts[other])
