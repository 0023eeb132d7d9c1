"""What two manifests say of the run itself: the files that it read, and the seeds that it set.

The values of configurations are told, of other files that they are others. What shapes numbers
in the environment is not meant: see `environment`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from envsnap.changes import trees
from envsnap.model import paths
from envsnap.model.manifest import Manifest
from envsnap.replay.compare import sections
from envsnap.replay.compare.fact import NOT_HERE

LONGEST, FEW_FILES = 60, 4
ONLY_WATCHED = ("inotify",)
# What they change: hours of local time, the order of sets, asserts and what `__debug__` guards.
READ_BY_PYTHON = ("TZ", "PYTHONHASHSEED", "PYTHONOPTIMIZE")
OF_TORCH = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".index.json")


def configs(
    golden: Manifest, other: Manifest, given: Collection[str] = ()
) -> Iterator[tuple[str, str, bool]]:
    """Keys of configuration files that differ: as `config.json: limit`, how, and whether they may act.

    `given` are the words that both commands were given, see `sections`.
    """
    here, there = (_entries(item, "configs") for item in (golden, other))
    for name in sorted(here.keys() & there.keys()):
        if UNSET in (here[name].tree, there[name].tree):
            continue
        for path, one, two in trees.compare(here[name].tree, there[name].tree):
            where, left, right = _inner(path, one, two)
            if where or UNSET not in (left, right):
                title = f"{name}: {paths.text(where)}" if where else name
                acts = not sections.is_left(here[name].tree, path, given)
                yield title, f"{_shown(left)} -> {_shown(right)}", acts


def variables(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Variables that Python itself reads, and that differ: whatever the code names, they act on it."""
    here, there = (_entries(item, "env_vars") for item in (golden, other))
    whole = all(
        getattr(item.sections.env_vars, "complete", False) is True for item in (golden, other)
    )
    for name in READ_BY_PYTHON:
        one, two = here.get(name, UNSET), there.get(name, UNSET)
        if one != two and (whole or UNSET not in (one, two)):
            yield name, f"{_shown(one)} -> {_shown(two)}"


def _inner(path: paths.Path, one: Any, two: Any) -> tuple[paths.Path, Any, Any]:
    """The first element in which two lists of one length differ: a long list is cut before it."""
    while (
        isinstance(one, list)
        and isinstance(two, list)
        and len(one) == len(two)
        and max(len(str(one)), len(str(two))) > LONGEST
    ):
        at = next(at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
        path, one, two = (*path, str(at)), one[at], two[at]
    return path, one, two


def files(golden: Manifest, other: Manifest, told: Collection[str]) -> Iterator[str]:
    """Files that both runs read and that hold something else; weights of torch show in the models.

    Configurations in `told` are left out: what differs in them is known.
    """
    here, there = (
        {
            **_entries(item, "files"),
            **_weights(item, of_torch=False),
            **{name: each for name, each in _entries(item, "configs").items() if name not in told},
        }
        for item in (golden, other)
    )
    yield from _others(here, there)


def alone(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Files that one run alone reads, where those are few, with which run that is.

    What only the watch of a folder saw, another program may have read.
    """
    here, there = (
        {
            name: entry
            for part in ("files", "configs")
            for name, entry in _entries(item, part).items()
            if getattr(entry, "seen_by", None) != ONLY_WATCHED
        }
        for item in (golden, other)
    )
    for one, two, which in ((here, there, NOT_HERE), (there, here, "here only")):
        names = [name for name in one if name not in two]
        if len(names) <= FEW_FILES:
            yield from ((name, which) for name in sorted(names))


def listings(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Folders that both runs list and that have other names, or the same in another order."""
    here, there = (_of(item, "files", "listed") for item in (golden, other))
    for name in sorted(here.keys() & there.keys()):
        one, two = here[name], there[name]
        if one.sha256 != two.sha256:
            counts = "" if one.names == two.names else f": {one.names} -> {two.names}"
            yield name, f"holds other names{counts}"
        elif one.order_sha256 != two.order_sha256:
            yield name, "lists the same names in another order"


def same_weights(golden: Manifest, other: Manifest) -> bool:
    """Whether both runs read the same files of torch's weights, none more and none less."""
    return not any(weights_alone(golden, other)) and not any(weights(golden, other))


def weights_alone(golden: Manifest, other: Manifest) -> tuple[list[str], list[str]]:
    """Files of torch's weights that the golden run alone reads, and that the other one alone reads."""
    here, there = (_weights(item, of_torch=True) for item in (golden, other))
    return sorted(here.keys() - there.keys()), sorted(there.keys() - here.keys())


def weights(golden: Manifest, other: Manifest) -> Iterator[str]:
    """Files of torch's weights that both runs read and that hold something else."""
    yield from _others(_weights(golden, of_torch=True), _weights(other, of_torch=True))


def _others(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    for name, one in here.items():
        digests = (one.sha256, getattr(there.get(name), "sha256", UNSET))
        if UNSET not in digests and digests[0] != digests[1]:
            yield name


def _weights(manifest: Manifest, *, of_torch: bool) -> Mapping[str, Any]:
    """Files of weights; those that something else than torch loads, no model that is recorded has."""
    found = _entries(manifest, "weights")
    return {name: item for name, item in found.items() if name.endswith(OF_TORCH) is of_torch}


def seeds(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Functions that were given other seeds, with how."""
    here, there = (_of(item, "seeds", "calls") for item in (golden, other))
    for name in sorted(here.keys() & there.keys()):
        if "@" in name:  # a worker's, which follows from the draws of the process that started it
            continue
        one, two = here[name].values, there[name].values
        if UNSET not in (one, two) and one != two:
            yield name, f"{_few(one)} -> {_few(two)}"


def _entries(manifest: Manifest, section: str) -> Mapping[str, Any]:
    return _of(manifest, section, "entries")


def _of(manifest: Manifest, section: str, part: str) -> Mapping[str, Any]:
    found = getattr(getattr(manifest.sections, section, None), part, UNSET)
    return found if isinstance(found, Mapping) else {}


def _shown(value: Any) -> str:
    return "not set" if value is UNSET else str(value)[:LONGEST]


def _few(values: Any) -> str:
    return ", ".join(map(str, values))[:LONGEST] or "none"
