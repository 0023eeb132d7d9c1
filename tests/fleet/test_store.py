"""The store: private, small, exact about what changed when, and bounded where facts are noise."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from envsnap.fleet import answers
from envsnap.model import codec
from envsnap.model.manifest import Target
from tests.conftest import Run
from tests.fleet import fleets
from tests.fleet.fleets import Change


def write(folder: Path, name: str, day: int, change: Change | None = None) -> None:
    folder.mkdir(exist_ok=True)
    manifest = replace(fleets.host(change), created_at=f"2026-11-{day:02d}T08:00:00Z")
    (folder / f"{name}.json").write_bytes(codec.encode(manifest))


def state(envsnap: Run, store: str, *options: str) -> dict[str, Any]:
    done = envsnap("fleet", "diff", store, "--format", "json", *options)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_store_says_what_the_files_say(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 6):
        write(tmp_path / "d1", f"n{number}", 1, fleets.lost_gpu if number == 5 else None)
    assert envsnap("fleet", "add", "st", "d1").returncode == 0
    files, store = state(envsnap, "d1"), state(envsnap, "st")
    assert files["states"] == store["states"]
    assert [kind["name"] for kind in files["kinds"]] == [kind["name"] for kind in store["kinds"]]
    assert [kind["hosts"] for kind in files["kinds"]] == [kind["hosts"] for kind in store["kinds"]]
    assert files["kinds"][1]["findings"] == store["kinds"][1]["findings"]
    assert state(envsnap, "st", "--inventory", "n[1-6]")["states"]["missing"] == 1


def test_only_the_owner_reads_it(tmp_path: Path, envsnap: Run) -> None:
    write(tmp_path / "d1", "n1", 1)
    assert envsnap("fleet", "add", "st", "d1").returncode == 0
    assert stat.S_IMODE(os.stat(tmp_path / "st").st_mode) == 0o700
    for name in os.listdir(tmp_path / "st"):
        assert stat.S_IMODE(os.stat(tmp_path / "st" / name).st_mode) == 0o600
    (tmp_path / "st").chmod(0o770)
    done = envsnap("fleet", "diff", "st")
    assert done.returncode == 2
    assert "only you may write" in done.stderr


def test_history(tmp_path: Path, envsnap: Run) -> None:
    for day, changed in ((1, ()), (2, (2, 3)), (3, (2, 3))):
        for number in range(1, 5):
            change = fleets.package("torch", "2.8.0") if number in changed else None
            write(tmp_path / f"d{day}", f"n{number}", day, change)
        assert envsnap("fleet", "add", "st", f"d{day}").returncode == 0
    told = json.loads(envsnap("fleet", "history", "st", "--json").stdout)
    assert len(told["changes"]) == 1
    change = told["changes"][0]
    assert (change["day"], change["hosts"]) == ("2026-11-02", ["n2", "n3"])
    assert any("torch 2.7.0 -> 2.8.0" in fact for fact in change["facts"])
    assert [kind["hosts"] for kind in told["kinds"]] == [2, 2]
    assert (
        json.loads(envsnap("fleet", "history", "st", "--json", "--since", "2026-11-03").stdout)[
            "changes"
        ]
        == []
    )
    one = envsnap("fleet", "history", "st", "--host", "n2").stdout
    assert "2026-11-02" in one
    assert envsnap("fleet", "history", "st", "--host", "n9").returncode == 2
    assert envsnap("fleet", "history", "st", "--since", "last tuesday").returncode == 2


def test_an_older_answer_changes_nothing(tmp_path: Path, envsnap: Run) -> None:
    write(tmp_path / "new", "n1", 9)
    write(tmp_path / "old", "n1", 2, fleets.lost_gpu)
    assert envsnap("fleet", "add", "st", "new").returncode == 0
    done = envsnap("fleet", "add", "st", "old")
    assert "added 0 hosts; 1 manifest older" in done.stderr
    assert json.loads(envsnap("fleet", "history", "st", "--json").stdout)["changes"] == []


def test_hosts_that_the_store_has_are_not_called_added(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 4):
        write(tmp_path / "first", f"n{number}", 1)
    assert "added 3 hosts\n" in envsnap("fleet", "add", "st", "first").stderr
    write(tmp_path / "next", "n1", 2, fleets.lost_gpu)
    for number in range(2, 5):
        write(tmp_path / "next", f"n{number}", 2)
    done = envsnap("fleet", "add", "st", "next")
    assert "added 1 host; of those it had, 1 changed and 2 did not" in done.stderr


def test_what_does_not_fit_is_refused_by_name(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 4):
        write(tmp_path / "d", f"n{number}", 1)
    tree = json.loads((tmp_path / "d" / "n2.json").read_text())
    tree["sections"]["python"]["version"] = "9.9.9"
    (tmp_path / "d" / "n2.json").write_text(json.dumps(tree))
    done = envsnap("fleet", "add", "st", "d")
    assert done.returncode == 2
    assert "n2.json" in done.stderr
    assert "added 2 hosts" in done.stderr
    assert state(envsnap, "st")["states"] == {"same": 2, "drifted": 0, "unknown": 1, "missing": 0}


def silent(folder: Path, *hosts: str, at: int) -> None:
    """The record of a capture in which these hosts gave no answer."""
    folder.mkdir(exist_ok=True)
    record = folder / "fleet.json"
    record.write_bytes(answers.record("ssh", hosts, dict.fromkeys(hosts, "no route"), 8))
    os.utime(record, (at, at))


def test_a_host_that_gives_no_answer_is_unknown_until_it_does(tmp_path: Path, envsnap: Run) -> None:
    silent(tmp_path / "outage", "n1", "n2", at=1_794_000_000)  # 2026-11-06
    assert envsnap("fleet", "add", "st", "outage").returncode == 0
    assert envsnap("fleet", "diff", "st").returncode == 6
    for number in range(1, 4):
        write(tmp_path / "d", f"n{number}", 10)
    assert envsnap("fleet", "add", "st", "d").returncode == 0
    assert state(envsnap, "st")["states"]["same"] == 3
    assert envsnap("fleet", "add", "st", "outage").returncode == 0  # it was before
    assert state(envsnap, "st")["states"]["same"] == 3
    silent(tmp_path / "later", "n2", at=1_796_000_000)  # 2026-11-29
    assert envsnap("fleet", "add", "st", "later").returncode == 0
    assert state(envsnap, "st")["states"] == {"same": 2, "drifted": 0, "unknown": 1, "missing": 0}


def test_a_store_without_a_host_compares_nothing(tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "empty").mkdir()
    envsnap("fleet", "add", "st", "empty")
    assert envsnap("fleet", "diff", "st").returncode == 6


def less_memory(sections: dict[str, Any]) -> None:
    sections["system"]["memory_total"] = sections["system"]["memory_total"] * 9 // 10


def test_less_memory_is_told_from_a_store_too(tmp_path: Path, envsnap: Run) -> None:
    for number in range(1, 6):
        write(tmp_path / "d", f"n{number}", 1, less_memory if number == 5 else None)
    assert envsnap("fleet", "add", "st", "d").returncode == 0
    files, store = state(envsnap, "d"), state(envsnap, "st")
    assert files["states"] == store["states"]
    assert store["states"]["drifted"] == 1


def vast(sections: dict[str, Any]) -> None:
    sections["system"]["memory_total"] = 1 << 70


def test_a_number_and_a_name_that_do_not_fit(tmp_path: Path, envsnap: Run) -> None:
    write(tmp_path / "d", "n1", 1)
    write(tmp_path / "d", "n2", 1, vast)
    manifest = (tmp_path / "d" / "n1.json").read_bytes()
    with open(os.fsencode(tmp_path / "d") + b"/c\xff.json", "wb") as stream:
        stream.write(manifest)
    done = envsnap("fleet", "add", "st", "d")
    assert done.returncode == 0, done.stderr
    assert "added 3 hosts" in done.stderr


def test_a_folder_of_captures_does_not_become_a_store(tmp_path: Path, envsnap: Run) -> None:
    """`fleet add FOLDER STORE`, the wrong way round."""
    (tmp_path / "monday").mkdir(mode=0o700)
    (tmp_path / "monday" / "a.json").write_text("{}")
    done = envsnap("fleet", "add", "monday", "store")
    assert done.returncode == 2
    assert "monday: holds files and is no store; the store comes first" in done.stderr
    assert [path.name for path in (tmp_path / "monday").iterdir()] == ["a.json"]


def test_retention(tmp_path: Path, envsnap: Run) -> None:
    for day, change in ((1, None), (2, fleets.lost_gpu)):
        write(tmp_path / f"d{day}", "n1", day, change)
        assert envsnap("fleet", "add", "st", f"d{day}").returncode == 0
    objects = "SELECT count(*) FROM object"
    with sqlite3.connect(tmp_path / "st" / "index.sqlite") as index:
        before = index.execute(objects).fetchone()[0]
    index.close()
    assert envsnap("fleet", "add", "st", "d2", "--keep", "0").returncode == 0
    told = json.loads(envsnap("fleet", "history", "st", "--json").stdout)
    assert (len(told["changes"]), len(told["kinds"])) == (0, 1)
    with sqlite3.connect(tmp_path / "st" / "index.sqlite") as index:
        assert index.execute(objects).fetchone()[0] < before
    index.close()
    assert sum(state(envsnap, "st")["states"].values()) == 1


def test_noise_is_bounded_and_named(tmp_path: Path) -> None:
    from benchmarks.fleet.hosts import Fleet
    from envsnap.api import judge_fleet
    from envsnap.fleet import adding, answers, store
    from envsnap.intake.many import Reader

    fleets.write(tmp_path, "base")
    base = json.loads((tmp_path / "base.json").read_text())
    reader, taken = Reader(), set[str]()
    found = (
        (answers.names(answer, taken), answer)
        for name, data in Fleet(base, "noise").hosts(2300)
        for answer in [reader.answer(data, name, name)]
    )
    place = str(tmp_path / "st")
    with store.opened(place, create=True) as opened:
        assert adding.add_answers(opened, found) == {"new": 2300}
        objects = opened.connection.execute("SELECT count(*) FROM object").fetchone()[0]
        assert objects < 1500
        assert [item.path for item in opened.noise()] == [("env_vars", "TORCH_RUN_TAG")]
        spans = opened.connection.execute(
            "SELECT count(*) FROM span WHERE kind NOT IN (SELECT id FROM kind)"
        ).fetchone()
        assert spans == (0,)
    verdict = judge_fleet([place])
    assert (len(verdict.kinds), verdict.states["same"]) == (1, 2300)


def test_parquet(tmp_path: Path, envsnap: Run) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra fleet")
    for number in range(1, 4):
        write(tmp_path / "d", f"n{number}", 1)
    assert envsnap("fleet", "add", "st", "d").returncode == 0
    done = envsnap("fleet", "export", "st", "--parquet", "out")
    assert done.returncode == 0, done.stderr
    import pyarrow.parquet as pq

    hosts = pq.read_table(tmp_path / "out" / "host.parquet").to_pylist()
    facts = pq.read_table(tmp_path / "out" / "fact.parquet").to_pylist()
    assert [row["host"] for row in hosts] == ["n1", "n2", "n3"]
    assert {row["host"] for row in facts if row["section"] == "packages"} == {"n1", "n2", "n3"}
    assert len({row["object"] for row in facts if row["section"] == "packages"}) == 1


def exported(tmp_path: Path, envsnap: Run) -> Path:
    """Two days of three hosts as Parquet; n2 has another torch on the second."""
    pytest.importorskip("pyarrow", reason="needs the extra fleet")
    for day in (1, 2):
        for number in (1, 2, 3):
            change = fleets.package("torch", "2.8.0") if (day, number) == (2, 2) else None
            write(tmp_path / f"d{day}", f"n{number}", day, change)
        assert envsnap("fleet", "add", "st", f"d{day}").returncode == 0
    assert envsnap("fleet", "export", "st", "--parquet", "out").returncode == 0
    return tmp_path / "out"


def test_duckdb_reads_it(tmp_path: Path, envsnap: Run) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs the extra test-fleet")
    folder = exported(tmp_path, envsnap)
    with duckdb.connect() as database:
        for name in ("fact", "object", "span"):
            made = f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)"  # noqa: S608 - our names
            database.execute(made, [str(folder / f"{name}.parquet")])
        versions = database.execute(
            "SELECT fact.host, json_extract_string(body, '$.entries.torch.version')"
            " FROM fact JOIN object USING (object) WHERE fact.section = 'packages' ORDER BY 1"
        ).fetchall()
        assert versions == [("n1", "2.7.0"), ("n2", "2.8.0"), ("n3", "2.7.0")]
        changed = database.execute(
            "SELECT host, count(DISTINCT kind) FROM span GROUP BY host HAVING count(DISTINCT kind) > 1"
        ).fetchall()
        assert changed == [("n2", 2)]


def test_polars_reads_it(tmp_path: Path, envsnap: Run) -> None:
    polars = pytest.importorskip("polars", reason="needs the extra test-fleet")
    folder = exported(tmp_path, envsnap)
    hosts = polars.read_parquet(folder / "host.parquet")
    kinds = polars.read_parquet(folder / "kind.parquet").select("kind", "name")
    sizes = hosts.join(kinds, on="kind").group_by("name").len().sort("len")
    assert sizes["len"].to_list() == [1, 2]
    assert all(name.startswith("hw-") for name in sizes["name"])


def test_which_image_was_that(tmp_path: Path, envsnap: Run) -> None:
    for day, image, change in ((1, "1b" * 32, None), (2, "2c" * 32, fleets.lost_gpu)):
        for number in (0, 1):
            name = f"train-{number}"
            target = Target(kind="pod", name=f"{name} of registry.internal/train@sha256:{image}")
            made = replace(
                fleets.host(change), target=target, created_at=f"2026-11-{day:02d}T08:00:00Z"
            )
            (tmp_path / f"d{day}").mkdir(exist_ok=True)
            (tmp_path / f"d{day}" / f"{name}.json").write_bytes(codec.encode(made))
        assert envsnap("fleet", "add", "st", f"d{day}").returncode == 0
    told = json.loads(envsnap("fleet", "history", "st", "--json").stdout)
    (change,) = told["changes"]
    assert (change["day"], change["hosts"]) == ("2026-11-02", ["train-0", "train-1"])
    images = {kind["name"]: kind["target"].rpartition(":")[2] for kind in told["kinds"]}
    assert images == {change["before"]: "1b" * 32, change["after"]: "2c" * 32}
    last = {kind["name"]: kind["last"] for kind in told["kinds"]}
    assert last[change["before"]] < last[change["after"]]
    screen = envsnap("fleet", "history", "st").stdout
    assert "1b" * 32 in screen


@pytest.mark.parametrize("command", ["diff", "history"])
def test_what_is_no_store(command: str, tmp_path: Path, envsnap: Run) -> None:
    (tmp_path / "st").mkdir(mode=0o700)
    (tmp_path / "st" / "index.sqlite").write_bytes(b"no database" * 100)
    done = envsnap("fleet", command, "st")
    assert done.returncode == 2
    assert "st" in done.stderr
