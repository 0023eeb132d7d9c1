"""Synthetic hosts: one real capture, with planted drifts; digests are those of the facts."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from envsnap.model import codec
from envsnap.model.digests import fingerprint, section_digest
from envsnap.model.manifest import Manifest

Tree = dict[str, Any]
NODE, VARIABLES, PRINT = "@node@", "@variables@", "@fingerprint@"  # what each host has its own of
H100 = {
    "name": "NVIDIA H100 80GB HBM3",
    "compute_capability": "9.0",
    "memory_total": 85520809984,
    "sm_count": 132,
}


def eight_gpus(tree: Tree) -> None:
    """Give a capture what a node of a cluster has."""
    sections = tree["sections"]
    gpus = {str(index): dict(H100) for index in range(8)}
    sections["gpus"] = {"complete": True, "entries": gpus}
    driver = {"version": "570.124.06", "kernel_module": "570.124.06", "libcuda": "570.124.06"}
    sections["driver"] = {"complete": True, **driver}
    sections["packages"]["entries"].setdefault("transformers", {"version": "4.57.0"})


def _set(section: str, *keys: str, value: Any) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        node = tree["sections"][section]
        for key in keys[:-1]:
            node = node[key]
        node[keys[-1]] = value

    return change


# Every so many hosts, from which on: 0 is one host alone.
DRIFTS: dict[str, tuple[int, int, Callable[[Tree], None], str]] = {
    "glibc": (0, 500, _set("system", "glibc", value="2.31"), "glibc"),
    "kernel": (50, 7, _set("system", "kernel", value="6.1.0-18-amd64"), "6.1.0"),
    "package": (
        200,
        33,
        _set("packages", "entries", "transformers", "version", value="4.46.0"),
        "transformers",
    ),
    "nccl": (
        97,
        13,
        _set("env_vars", "entries", "NCCL_ALGO", value="Ring"),
        "NCCL_ALGO",
    ),
    "threads": (
        333,
        100,
        _set("env_vars", "entries", "OMP_NUM_THREADS", value="2"),
        "OMP_NUM_THREADS",
    ),
    "driver": (
        450,
        5,
        _set("driver", "version", value="550.90.07"),
        "NVIDIA driver",
    ),
}


def _is_hit(number: int, count: int, every: int, first: int) -> bool:
    return number == first % count if every == 0 else number % every == first


def _nothing(tree: Tree) -> None:
    """The base itself."""


class Fleet:
    """Hosts of one size and one shape: few, skewed or noise."""

    def __init__(self, base: Tree, shape: str) -> None:
        self._base = copy.deepcopy(base)
        eight_gpus(self._base)
        self._base["label"] = NODE
        self._base["target"] = {"kind": "ssh", "name": NODE}
        self._base["sections"]["identity"]["hostname"] = NODE
        self._shape = shape
        self._made: dict[object, Manifest] = {}
        self._written: dict[object, bytes] = {}
        self._random = random.Random(17)  # noqa: S311

    def hosts(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Each host's name and its manifest."""
        for number in range(count):
            name = f"node{number:06d}"
            yield name, self._host(number, count).replace(NODE.encode(), name.encode())

    def _host(self, number: int, count: int) -> bytes:
        if self._shape == "skewed":
            # As many kinds as 5,000, the n-th as rare as 1/n: a Zipf distribution.
            kind = int(self._random.paretovariate(0.35)) % 5000
            return self._variant(kind, _several(kind))
        if self._shape == "noise":
            return self._tagged(number)
        drift = next(
            (name for name, row in DRIFTS.items() if _is_hit(number, count, *row[:2])), None
        )
        return self._variant(drift, DRIFTS[drift][2] if drift else _nothing)

    def _variant(self, key: object, change: Callable[[Tree], None]) -> bytes:
        if key not in self._written:
            self._written[key] = codec.encode(self._sealed(key, change))
        return self._written[key]

    def _sealed(self, key: object, change: Callable[[Tree], None]) -> Manifest:
        if key not in self._made:
            tree = copy.deepcopy(self._base)
            change(tree)
            self._made[key] = codec.sealed(msgspec.convert(tree, Manifest))
        return self._made[key]

    def _tagged(self, number: int) -> bytes:
        """A host with a variable that no other has; only that section is sealed anew."""
        base = self._sealed("noise", _nothing)
        if "noise" not in self._written:
            whole = json.loads(codec.encode(base))
            whole["sections"]["env_vars"], whole["fingerprint"] = VARIABLES, PRINT
            self._written["noise"] = json.dumps(whole, indent=2).encode() + b"\n"
        section = base.sections.env_vars
        assert not isinstance(section, msgspec.UnsetType)
        assert isinstance(section.entries, dict)
        entries = {**section.entries, "TORCH_RUN_TAG": f"run-{number}"}
        tagged = msgspec.structs.replace(section, entries=entries)
        tagged = msgspec.structs.replace(tagged, digest=section_digest(tagged))
        sections = msgspec.structs.replace(base.sections, env_vars=tagged)
        written = self._written["noise"].replace(
            f'"{VARIABLES}"'.encode(), msgspec.json.encode(tagged), 1
        )
        return written.replace(PRINT.encode(), fingerprint(sections).encode(), 1)


def _several(kind: int) -> Callable[[Tree], None]:
    """A kind that differs in several places, by its number."""

    def change(tree: Tree) -> None:
        packages = tree["sections"]["packages"]["entries"]
        names = sorted(packages)
        for digit in range(4):
            step = kind // 9**digit % 9
            if step:
                packages[names[digit * 7 % len(names)]]["version"] = f"{step}.{digit}.0"

    return change
