"""What two manifests say of the run itself: the files that it read, and the seeds that it set.

The values of configurations are told, of other files that they are others. What shapes numbers
in the environment is not meant: see `environment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from envsnap.model.manifest import Manifest

LONGEST = 60
MOST_KEYS, DEEPEST = 2000, 8


def configs(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Keys of configuration files that differ, as `config.json: limit` and how."""
    here, there = (_entries(item, "configs") for item in (golden, other))
    for name in here.keys() & there.keys():
        one, two = (_leaves(side[name].tree) for side in (here, there))
        for key in [*one, *(key for key in two if key not in one)]:
            if one.get(key) != two.get(key):
                yield f"{name}: {key}", f"{_shown(one, key)} -> {_shown(two, key)}"


def files(golden: Manifest, other: Manifest) -> Iterator[str]:
    """Files that both runs read and that hold something else; weights show in the models."""
    here, there = (_entries(item, "files") for item in (golden, other))
    for name, one in here.items():
        digests = (one.sha256, getattr(there.get(name), "sha256", UNSET))
        if UNSET not in digests and digests[0] != digests[1]:
            yield name


def seeds(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Functions that were given other seeds, with how."""
    here, there = (_of(item, "seeds", "calls") for item in (golden, other))
    for name in here.keys() & there.keys():
        one, two = here[name].values, there[name].values
        if UNSET not in (one, two) and one != two:
            yield name, f"{_few(one)} -> {_few(two)}"


def _entries(manifest: Manifest, section: str) -> Mapping[str, Any]:
    return _of(manifest, section, "entries")


def _of(manifest: Manifest, section: str, part: str) -> Mapping[str, Any]:
    found = getattr(getattr(manifest.sections, section, None), part, UNSET)
    return found if isinstance(found, Mapping) else {}


def _leaves(tree: Any, key: str = "", depth: int = 0) -> dict[str, Any]:
    """The plain values of a tree, by their keys joined by dots."""
    if isinstance(tree, Mapping) and depth < DEEPEST:
        parts = [(f"{key}.{name}" if key else str(name), item) for name, item in tree.items()]
    elif isinstance(tree, list | tuple) and depth < DEEPEST:
        parts = [(f"{key}[{place}]", item) for place, item in enumerate(tree)]
    else:
        return {key: tree} if key else {}
    found: dict[str, Any] = {}
    for name, item in parts[:MOST_KEYS]:
        found.update(_leaves(item, name, depth + 1))
        if len(found) > MOST_KEYS:
            break
    return found


def _shown(leaves: Mapping[str, Any], key: str) -> str:
    return str(leaves[key])[:LONGEST] if key in leaves else "not set"


def _few(values: Any) -> str:
    return ", ".join(map(str, values))[:LONGEST] or "none"
