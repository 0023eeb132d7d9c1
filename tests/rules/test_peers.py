"""Peers that differ in one fact: each is named, and graded as it is among peers."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest

from envsnap.fleet import parts, peers_of
from envsnap.model import codec
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path
from envsnap.rules import peers
from envsnap.rules.finding import Severity
from tests import examples
from tests.fleet import fleets
from tests.fleet.fleets import Change


def system(**facts: Any) -> Change:
    return lambda sections: sections["system"].update(facts)


def more_memory(sections: dict[str, Any]) -> None:
    sections["system"]["memory_total"] += 8192


def half_the_memory(sections: dict[str, Any]) -> None:
    sections["system"]["memory_total"] //= 2


def secret(sections: dict[str, Any]) -> None:
    sections["env_vars"].setdefault("gaps", {})["WANDB_API_KEY"] = "redacted"


GRAVE: list[tuple[str, Change, str, Severity]] = [
    ("a lost GPU", fleets.lost_gpu, "8 GPUs -> 7", Severity.ERROR),
    ("NCCL", fleets.variable("NCCL_IB_DISABLE", "1"), "NCCL_IB_DISABLE", Severity.WARNING),
    ("NCCL's log", fleets.variable("NCCL_DEBUG", "INFO"), "NCCL_DEBUG", Severity.WARNING),
    ("UCX", fleets.variable("UCX_TLS", "tcp"), "UCX_TLS", Severity.WARNING),
    ("libfabric", fleets.variable("FI_PROVIDER", "efa"), "FI_PROVIDER", Severity.WARNING),
    ("GLOO", fleets.variable("GLOO_SOCKET_IFNAME", "eth1"), "GLOO_", Severity.WARNING),
    ("NVSHMEM", fleets.named_variable("NVSHMEM_BOOTSTRAP"), "NVSHMEM_", Severity.WARNING),
    ("unlisted", fleets.named_variable("MY_SWEEP"), "MY_SWEEP", Severity.WARNING),
    ("a setting", fleets.variable("LORA_RANK", "8"), "LORA_RANK", Severity.WARNING),
    ("a secret", secret, "WANDB_API_KEY", Severity.WARNING),
    ("msgpack", fleets.package("msgpack", "1.0.8"), "msgpack", Severity.WARNING),
    ("a patch", fleets.package("cloudpickle", "3.1.1"), "cloudpickle", Severity.WARNING),
    ("missing", fleets.package("torch", None), "torch 2.7.0 is missing", Severity.WARNING),
    ("missing tool", fleets.package("pytest", None), "pytest", Severity.WARNING),
    ("one more", fleets.package("unheard-of", "1.0"), "unheard-of", Severity.WARNING),
    ("kernel", system(kernel="5.15.0-1"), "5.15.0-1", Severity.WARNING),
    ("C library", system(glibc="2.31"), "glibc", Severity.WARNING),
    ("memory", half_the_memory, "memory total", Severity.WARNING),
]


@pytest.mark.parametrize(
    ("change", "words", "least"), [row[1:] for row in GRAVE], ids=[row[0] for row in GRAVE]
)
@pytest.mark.parametrize("mirrored", [False, True], ids=["there", "here"])
def test_one_fact(change: Change, words: str, least: Severity, mirrored: bool) -> None:
    sides = fleets.host(), fleets.host(change)
    result = peers.compare(*(reversed(sides) if mirrored else sides))
    first = result.findings[0]
    assert first.severity.rank <= least.rank
    if not mirrored:
        assert words in first.message


@pytest.mark.parametrize(
    "change",
    [
        fleets.variable("RANK", "3"),
        fleets.variable("TORCHELASTIC_ERROR_FILE", "/tmp/3/error.json"),
        fleets.variable("SLURM_PROCID", "3"),
        fleets.variable("MASTER_PORT", "29501"),
        fleets.variable("TMPDIR", "/tmp"),
        lambda sections: sections["seeds"].update(rng={"numpy": "0" * 64}),
        lambda sections: sections["identity"].update(hostname="n7", pid=17),
    ],
    ids=["rank", "elastic", "slurm", "port", "default", "states", "host"],
)
def test_what_only_says_who_it_is_is_no_finding(change: Change) -> None:
    result = peers.compare(fleets.host(), fleets.host(change))
    assert [found for found in result.findings if found.severity is not Severity.INFO] == []
    assert not any(found.changes for found in result.findings if "TMPDIR" not in found.message)


@pytest.mark.parametrize(
    "change",
    [
        more_memory,
        fleets.package("pip", "999.0"),
        fleets.named_variable("SSH_TTY"),
    ],
    ids=["a little memory", "a tool", "session"],
)
def test_what_equal_machines_differ_in_is_info(change: Change) -> None:
    result = peers.compare(fleets.host(), fleets.host(change))
    assert {found.severity for found in result.findings} <= {Severity.INFO}
    assert result.findings


def test_visible_devices_count() -> None:
    def visible(text: str) -> Change:
        return fleets.variable("CUDA_VISIBLE_DEVICES", text)

    one, other, both = (fleets.host(visible(text)) for text in ("0", "1", "0,1"))
    assert {found.severity for found in peers.compare(one, other).findings} == {Severity.INFO}
    assert peers.compare(one, both).findings[0].severity is Severity.WARNING


def test_equal_peers_have_no_finding() -> None:
    result = peers.compare(fleets.host(), fleets.host())
    assert (result.findings, result.unknown) == ((), {})


def changed(value: object) -> Any:
    """Another value of the same type; None where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 2 + 1
    if isinstance(value, str):
        return f"{value}9"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [*value, "zzz"]
    return None


def container(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """What holds the last key of a path."""
    node: dict[str, Any] = tree["sections"][path[0]]
    for key in path[1:]:
        node = node if key in node else node["entries"]
        if key != path[-1]:
            node = node[key]
    return node


def test_every_compared_fact_that_differs_sets_hosts_apart_and_is_named() -> None:
    base = fleets.host()
    tree = json.loads(codec.encode(base))
    told: set[tuple[str, ...]] = set()
    for name, section in present(base.sections).items():
        for path, value, _ in parts.leaves(name, section):
            shape = (path[0], str(len(path)), "" if path[0] == "env_vars" else path[-1])
            other = changed(value)
            if other is None or shape in told or peers.is_own(path, value):
                continue
            copied = copy.deepcopy(tree)
            place = container(copied, path)
            if isinstance(place[path[-1]], dict):
                continue  # an entry, whose facts come next
            told.add(shape)
            place[path[-1]] = other
            host = codec.sealed(msgspec.convert(copied, Manifest))
            assert len(peers_of.grouped([base, host]).kinds) == 2, path
            assert peers.compare(base, host).findings, path
    assert len(told) > 40


def test_a_symptom_orders_what_is_equally_grave_among_peers() -> None:
    sides = [
        examples.manifest(
            {
                "env_vars": {"entries": {"NVIDIA_TF32_OVERRIDE": str(number)}},
                "driver": {"version": f"{535 + 15 * number}.54.14"},
            }
        )
        for number in range(2)
    ]
    orders = {
        symptom: [found.path for found in peers.compare(*sides, symptom=symptom).findings]
        for symptom in ("wrong", "slower")
    }
    driver, precision = ("driver", "version"), ("env_vars", "NVIDIA_TF32_OVERRIDE")
    assert orders["wrong"].index(precision) < orders["wrong"].index(driver)
    assert orders["slower"].index(driver) < orders["slower"].index(precision)
