"""What two manifests say of the run itself: the files that it read, and the seeds that it set.

The values of configurations are told, of other files that they are others. What shapes numbers
in the environment is not meant: see `environment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from envsnap.changes import trees
from envsnap.model import paths
from envsnap.model.manifest import Manifest

LONGEST = 60
OF_TORCH = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".index.json")


def configs(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Keys of configuration files that differ, as `config.json: limit` and how."""
    here, there = (_entries(item, "configs") for item in (golden, other))
    for name in sorted(here.keys() & there.keys()):
        for path, one, two in trees.compare(here[name].tree, there[name].tree):
            if path:
                yield f"{name}: {paths.text(path)}", f"{_shown(one)} -> {_shown(two)}"


def files(golden: Manifest, other: Manifest) -> Iterator[str]:
    """Files that both runs read and that hold something else; weights of torch show in the models."""
    here, there = (
        {**_entries(item, "files"), **_not_of_torch(_entries(item, "weights"))}
        for item in (golden, other)
    )
    for name, one in here.items():
        digests = (one.sha256, getattr(there.get(name), "sha256", UNSET))
        if UNSET not in digests and digests[0] != digests[1]:
            yield name


def _not_of_torch(weights: Mapping[str, Any]) -> Mapping[str, Any]:
    """Weights that something else than torch loads: no model that is recorded has them."""
    return {name: item for name, item in weights.items() if not name.endswith(OF_TORCH)}


def seeds(golden: Manifest, other: Manifest) -> Iterator[tuple[str, str]]:
    """Functions that were given other seeds, with how."""
    here, there = (_of(item, "seeds", "calls") for item in (golden, other))
    for name in sorted(here.keys() & there.keys()):
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
