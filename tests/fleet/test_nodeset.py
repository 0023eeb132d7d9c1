"""Node sets: what is written is what is meant, and folding loses nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.errors import InputError
from envsnap.fleet import inventory, nodeset

names = st.from_regex(r"[a-z]{1,3}[0-9]{0,4}(?:\.[a-z]{1,4}[0-9]?)?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n1", ["n1"]),
        ("n[1-3],login", ["n1", "n2", "n3", "login"]),
        ("n[08-10]", ["n08", "n09", "n10"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("n[1-7/3]", ["n1", "n4", "n7"]),
        ("n[1-4] !n[2-3]", ["n1", "n4"]),
        ("user@n[1-2].gpu", ["user@n1.gpu", "user@n2.gpu"]),
    ],
)
def test_expanding(text: str, expected: list[str]) -> None:
    assert nodeset.expand(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "n[1-",
        "n]1",
        "n[a]",
        "n[5-1]",
        "-oProxyCommand=x",
        "n[1-99999999]",
        "n[[1]]",
        "a;b",
        f"n[{'9' * 5000}]",
        f"n[1-{'9' * 5000}]",
        "n[1-٣]",
    ],
)
def test_what_is_no_node_set_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        nodeset.expand(text)


def test_too_many_hosts_are_refused_early() -> None:
    with pytest.raises(InputError, match="more than"):
        nodeset.expand("n[1-9999]x[1-9999]")


@given(st.lists(names, max_size=40))
def test_folding_and_expanding_is_identity(hosts: list[str]) -> None:
    assert sorted(nodeset.expand(nodeset.fold(hosts))) == sorted(set(hosts))


def test_folding_is_short() -> None:
    assert nodeset.fold([f"n{i}" for i in (*range(1, 17), 18)]) == "n[1-16,18]"
    assert nodeset.fold(["n08", "n09", "n10"]) == "n[08-10]"


@pytest.mark.parametrize("name", ["n" + "9" * 5000, "n٣", "n²", "٣", "n" + "0" * 30 + "1"])
def test_a_name_that_only_looks_numbered_is_told_as_it_is(name: str) -> None:
    assert nodeset.fold([name, "m1"]).split(",")[0] == name


@given(st.lists(st.text(min_size=1).filter(lambda text: "," not in text), max_size=9, unique=True))
def test_folding_loses_no_name(hosts: list[str]) -> None:
    told = nodeset.fold(hosts)
    assert all(host in told for host in hosts if not any(letter.isdigit() for letter in host))


def test_clustershell_reads_what_we_fold() -> None:
    cluster = pytest.importorskip("ClusterShell.NodeSet", reason="needs the extra test-fleet")
    hosts = [f"gpu{i:03d}" for i in range(1, 40, 3)] + ["login", "r1n7", "r1n8"]
    assert sorted(cluster.NodeSet(nodeset.fold(hosts))) == sorted(hosts)
    for text in ("n[1-16,18]", "n[01-10]", "r[1-3]n[1-2]"):
        assert sorted(cluster.NodeSet(text)) == sorted(nodeset.expand(text))


def test_aliases() -> None:
    assert inventory.aliases("ssh://me@n1.gpu.example:22") == (
        "ssh://me@n1.gpu.example:22",
        "n1.gpu.example",
        "n1",
    )
    assert inventory.aliases("10.0.0.7") == ("10.0.0.7",)
