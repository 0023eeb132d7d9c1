"""Fleets as people have them: states, exit code and what the first screen names.

The expectations were written down before the first run; see the history of this file for what was
wrong then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from envsnap.model import codec
from tests.conftest import Run
from tests.fleet import fleets
from tests.fleet.fleets import Change
from tests.fleet.test_diff import hosts_in

Tree = dict[str, Any]


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(sections: Tree) -> None:
        for each in changes:
            each(sections)

    return change


def node(sections: Tree) -> None:
    """What a node of a cluster has beside the base."""
    version = "570.124.06"
    sections["driver"] = {
        "complete": True, "version": version, "kernel_module": version, "libcuda": version,
    }  # fmt: skip
    for gpu in sections["gpus"]["entries"].values():
        gpu.update(mig=False, ecc=True)


def cards(**facts: object) -> Change:
    """Every card says something else."""

    def change(sections: Tree) -> None:
        for gpu in sections["gpus"]["entries"].values():
            gpu.update(facts)

    return change


def one_card(**facts: object) -> Change:
    """The third card says something else."""
    return lambda sections: sections["gpus"]["entries"]["3"].update(facts)


def fact(section: str, **facts: object) -> Change:
    """A section says something else."""
    return lambda sections: sections[section].update(facts)


def driver(version: str) -> Change:
    """Another driver, all of it."""
    return fact("driver", version=version, kernel_module=version, libcuda=version)


def gap(section: str, path: str, why: str) -> Change:
    """A fact could not be told."""

    def change(sections: Tree) -> None:
        found = sections[section]
        found.pop(path, None)
        found["complete"] = False
        found["gaps"] = {**found.get("gaps", {}), path: why}

    return change


def partial_packages(sections: Tree) -> None:
    """A listing that broke off before torch."""
    sections["packages"]["complete"] = False
    sections["packages"]["entries"].pop("torch")


def memory(factor: float) -> Change:
    """More or less memory."""
    return lambda sections: sections["system"].update(
        memory_total=int(sections["system"]["memory_total"] * factor)
    )


A100 = both(cards(name="NVIDIA A100-SXM4-80GB", compute_capability="8.0"))
OLD_IMAGE = both(
    fleets.package("torch", "2.6.0"),
    fleets.package("msgpack", "1.0.8"),
    fact("system", glibc="2.31"),
)


class Case(NamedTuple):
    """Odd hosts among `size`; `drifted` and `unknown` name hosts, the rest is the same."""

    odd: dict[str, Change]
    code: int
    drifted: str = ""
    unknown: str = ""
    words: tuple[str, ...] = ()
    size: int = 5
    options: tuple[str, ...] = ()


CASES = {
    "a rolling driver upgrade, last one left": Case(
        {"n5": driver("550.90.07")}, 1, "n5", words=("n5", "550.90.07")
    ),
    "a rolling upgrade half done": Case(
        {"n4": driver("550.90.07"), "n5": driver("550.90.07"), "n6": driver("550.90.07")},
        1, "n1 n2 n3 n4 n5 n6", words=("No majority", "550.90.07"), size=6,
    ),
    "half of the driver: reboot pending": Case(
        {"n2": fact("driver", libcuda="580.65.06")}, 1, "n2", words=("580.65.06",)
    ),
    "another network interface": Case(
        {"n3": fleets.variable("NCCL_SOCKET_IFNAME", "eth1")}, 1, "n3", words=("NCCL_SOCKET_IFNAME",)
    ),
    "a variable by name only": Case(
        {"n3": fleets.named_variable("MY_SITE_FLAG")}, 1, "n3", words=("MY_SITE_FLAG",)
    ),
    "MIG on one": Case({"n1": cards(mig=True)}, 1, "n1", words=("mig",)),
    "MIG on one card": Case({"n1": one_card(mig=True)}, 1, "n1", words=("mig",)),
    "ECC off on one card": Case({"n1": one_card(ecc=False)}, 1, "n1", words=("ecc",)),
    "another model in one slot": Case(
        {"n2": one_card(name="NVIDIA H100 PCIe")}, 1, "n2", words=("H100 PCIe",)
    ),
    "no card at all": Case(
        {"n2": lambda sections: sections["gpus"].update(entries={})}, 1, "n2", words=("8 GPUs -> 0",)
    ),
    "threads of one rank": Case(
        {"n4": fleets.variable("OMP_NUM_THREADS", "1")}, 1, "n4", words=("OMP_NUM_THREADS",)
    ),
    "a listing that broke off": Case({"n2": partial_packages}, 6, unknown="n2", words=("n2",)),
    "a driver that denied": Case(
        {"n2": gap("driver", "version", "denied: NVML: insufficient permissions")},
        6, unknown="n2", words=("denied",),
    ),
    "denied, and drifted": Case(
        {"n2": both(fleets.lost_gpu, gap("driver", "version", "denied: NVML"))},
        1, "n2", words=("8 GPUs -> 7",),
    ),
    "a package too many": Case(
        {"n2": fleets.package("flash-attn", "2.7.4")}, 1, "n2", words=("flash-attn",)
    ),
    "a package too few": Case(
        {"n2": fleets.package("cloudpickle", None)}, 1, "n2", words=("cloudpickle",)
    ),
    "another C library": Case({"n2": fact("system", glibc="2.31")}, 1, "n2", words=("glibc",)),
    "another NCCL configuration": Case(
        {"n2": fact("system", nccl_conf={"NCCL_IB_TC": "106"})}, 1, "n2", words=("NCCL_IB_TC",)
    ),
    "memory nearly equal": Case({"n2": memory(0.995)}, 0),
    "a memory module lost": Case({"n2": memory(0.9)}, 1, "n2", words=("memory",)),
    "three kinds of odd at once": Case(
        {"n1": fleets.lost_gpu, "n2": fleets.package("msgpack", "1.0.8"), "n3": driver("550.90.07")},
        1, "n1 n2 n3", words=("8 GPUs -> 7", "msgpack", "550.90.07"), size=9,
    ),
    "two cohorts, each of its own image": Case(
        {f"n{i}": both(A100, OLD_IMAGE) for i in (5, 6, 7, 8)}, 0, size=8,
        options=("--cohort", "hw"),
    ),
    "the odd one of its cohort": Case(
        {**{f"n{i}": both(A100, OLD_IMAGE) for i in (5, 6, 7, 8)}, "n9": A100}, 1, "n9", size=9,
        options=("--cohort", "hw"), words=("torch",),
    ),
    "a host that lost its GPUs stays in its cohort": Case(
        {"n5": lambda sections: sections["gpus"]["entries"].clear()}, 1, "n5", size=6,
        options=("--cohort", "hw"), words=("8 GPUs -> 0",),
    ),
    "a cohort of two is no part of another": Case(
        {"n5": A100, "n6": A100}, 0, size=6, options=("--cohort", "hw"), words=("A100",)
    ),
    "two hosts that differ": Case(
        {"n2": fleets.package("msgpack", "1.0.8")}, 1, "n1 n2", size=2, words=("No majority",)
    ),
    "one host": Case({}, 0, size=1),
    "a locale of its own": Case({"n2": fleets.variable("LC_ALL", "tr_TR.UTF-8")}, 1, "n2",
                                words=("LC_ALL",)),
}  # fmt: skip


def build(folder: Path, case: Case) -> None:
    for number in range(1, case.size + 1):
        name = f"n{number}"
        own = case.odd.get(name)
        fleets.write(folder, name, both(node, own) if own else node)


@pytest.mark.parametrize("name", CASES)
def test_a_fleet(name: str, envsnap: Run, tmp_path: Path) -> None:
    case = CASES[name]
    build(tmp_path / "f", case)
    done = envsnap("fleet", "diff", "f", *case.options, "--format", "json")
    report = json.loads(done.stdout)
    assert (hosts_in(report, "drifted"), hosts_in(report, "unknown")) == (
        case.drifted.split(), case.unknown.split(),
    )  # fmt: skip
    assert done.returncode == case.code
    screen = envsnap("fleet", "diff", "f", *case.options).stdout
    assert screen.count("\n") <= 40
    assert [word for word in case.words if word not in screen] == []


def plain(folder: Path, *names: str) -> None:
    for name in names:
        fleets.write(folder, name)


def told(envsnap: Run, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = envsnap("fleet", "diff", *arguments, "--format", "json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:09Z", "2099-01-01T00:00:00Z", None])
def test_a_clock_that_is_wrong(moment: str | None, envsnap: Run, tmp_path: Path) -> None:
    plain(tmp_path / "f", "n1", "n2")
    odd = codec.encode(replace(fleets.host(), created_at=moment))
    (tmp_path / "f" / "n3.json").write_bytes(odd)
    code, report = told(envsnap, "f")
    assert (code, report["states"]["same"]) == (0, 3)
    assert envsnap("fleet", "add", "st", "f").returncode == 0
    assert told(envsnap, "st")[1]["states"]["same"] == 3


def test_cloned_hosts_of_two_racks(envsnap: Run, tmp_path: Path) -> None:
    plain(tmp_path / "r1", "n1", "n2")
    plain(tmp_path / "r2", "n1", "n2")
    fleets.write(tmp_path / "r2", "n1", fleets.lost_gpu)
    code, report = told(envsnap, "r1", "r2")
    assert (code, report["states"]["same"], hosts_in(report, "drifted")) == (1, 3, ["n1#2"])


NAMES = (
    "nöde1",
    "節点2",
    "n 3 (old)",
    "rack-1_slot-4",
    "10.0.0.5",
    "[fe80::1]",
    "N7.EXAMPLE",
    "-n8",
)


def test_odd_names(envsnap: Run, tmp_path: Path) -> None:
    plain(tmp_path / "f", *NAMES)
    fleets.write(tmp_path / "f", "nöde9", fleets.lost_gpu)
    code, report = told(envsnap, "f")
    assert (code, hosts_in(report, "same"), hosts_in(report, "drifted")) == (
        1, sorted(NAMES), ["nöde9"],
    )  # fmt: skip
    screen = envsnap("fleet", "diff", "f").stdout
    assert "nöde9" in screen
    assert envsnap("fleet", "add", "st", "f").returncode == 0
    assert hosts_in(told(envsnap, "st")[1], "same") == sorted(NAMES)


def altered(data: bytes) -> bytes:
    return data.replace(b'"2.7.0"', b'"2.7.1"', 1)


def newer(data: bytes) -> bytes:
    return data.replace(b'"schema_version": 1', b'"schema_version": 99', 1)


@pytest.mark.parametrize(
    "spoil",
    [
        altered,
        newer,
        lambda data: data[:4000],
        lambda _: b"",
        lambda _: b"\xff\xfe\x00",
        lambda _: b"[]",
    ],
    ids=["altered", "newer", "cut", "empty", "binary", "list"],
)
def test_a_file_that_cannot_be_believed(
    spoil: Callable[[bytes], bytes], envsnap: Run, tmp_path: Path
) -> None:
    plain(tmp_path / "f", "n1", "n2", "n3")
    whole = (tmp_path / "f" / "n3.json").read_bytes()
    spoilt = spoil(whole)
    assert spoilt != whole
    (tmp_path / "f" / "n3.json").write_bytes(spoilt)
    code, report = told(envsnap, "f")
    assert (code, hosts_in(report, "same"), hosts_in(report, "unknown")) == (
        6,
        ["n1", "n2"],
        ["n3"],
    )
    assert report["silent"][0]["reason"].startswith("refused")


def test_manifests_of_the_first_release(envsnap: Run, tmp_path: Path) -> None:
    archive = Path(__file__).parents[1] / "archive" / "0.1.0"
    (tmp_path / "f").mkdir()
    for name in ("n1", "n2", "n3"):
        (tmp_path / "f" / f"{name}.json").write_bytes((archive / "dev.json").read_bytes())
    (tmp_path / "f" / "n4.json").write_bytes((archive / "prod.json").read_bytes())
    code, report = told(envsnap, "f")
    assert (code, hosts_in(report, "same"), hosts_in(report, "drifted")) == (
        1, ["n1", "n2", "n3"], ["n4"],
    )  # fmt: skip


def test_nobody_wrote(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    assert envsnap("fleet", "diff", "f").returncode == 2
    code, report = told(envsnap, "f", "--inventory", "n[1-3]")
    assert (code, hosts_in(report, "missing")) == (6, ["n1", "n2", "n3"])


def test_a_store_beside_new_files(envsnap: Run, tmp_path: Path) -> None:
    plain(tmp_path / "a", "n1", "n2", "n3")
    fleets.write(tmp_path / "b", "n4", fleets.lost_gpu)
    assert envsnap("fleet", "add", "st", "a").returncode == 0
    for paths in (("st", "b"), ("b", "st")):
        code, report = told(envsnap, *paths)
        assert (code, hosts_in(report, "same"), hosts_in(report, "drifted")) == (
            1, ["n1", "n2", "n3"], ["n4"],
        )  # fmt: skip
    assert envsnap("fleet", "add", "st2", "a", "b").returncode == 0
    code, report = told(envsnap, "st", "st2")
    assert hosts_in(report, "same") == ["n1", "n1#2", "n2", "n2#2", "n3", "n3#2"]


@pytest.mark.parametrize(
    "inventory",
    [
        b"n1\r\nn2\r\nn3\r\n",
        b"\xef\xbb\xbfn[1-3]\n",
        b"N[1-3]\n",
        b"n[1-3].cluster.local\n",
        b"n1 n2,n3\n",
    ],
    ids=["windows", "mark", "upper case", "domain", "blanks"],
)
def test_inventories_as_people_write_them(inventory: bytes, envsnap: Run, tmp_path: Path) -> None:
    plain(tmp_path / "f", "n1", "n2", "n3")
    (tmp_path / "hosts").write_bytes(inventory)
    code, report = told(envsnap, "f", "--inventory", "hosts")
    assert (code, report["states"]) == (0, {"same": 3, "drifted": 0, "unknown": 0, "missing": 0})


def test_hosts_whose_files_would_be_called_alike(tmp_path: Path, envsnap: Run) -> None:
    from envsnap.fleet.capturing import _Folder

    kept = _Folder(str(tmp_path / "f"))
    for host in ("nöde1", "nåde1", "n_de1", "a/b", "..", "."):
        own = fleets.host(fleets.lost_gpu if host == "nåde1" else None)
        kept.write(host, codec.encode(replace(own, label=host)))
    kept.finish("dask", kept.hosts, {}, 9.0)
    code, report = told(envsnap, "f")
    assert (code, sum(report["states"].values()), hosts_in(report, "drifted")) == (1, 6, ["nåde1"])
    assert {"nöde1", "n_de1", "a/b"} < set(hosts_in(report, "same"))


def test_what_is_no_answer_is_named(envsnap: Run, tmp_path: Path) -> None:
    """A freeze beside manifests may be meant as a host: it is not read, and that is said."""
    plain(tmp_path / "f", "n1", "n2", "n3")
    (tmp_path / "f" / "n4.txt").write_text("numpy==1.26.4\ntorch==2.6.0\n")
    (tmp_path / "f" / "n1.json.sig").write_text("a signature")
    (tmp_path / "f" / ".notes").write_text("hidden")
    for command in (["fleet", "diff", "f"], ["fleet", "add", "store", "f"]):
        done = envsnap(*command)
        assert "not read: n4.txt; a host's answer ends in .json or .facts" in done.stderr
    assert "not read" not in envsnap("fleet", "diff", "store").stderr
