"""Reads files of this machine as the probe does, in this process: what a run has opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from envsnap.probe.record import Record

Named = Sequence[tuple[str, str]]


def configs(named: Named) -> dict[str, Any]:
    """The `configs` section of these files, still with their texts: intake parses and redacts."""
    if not named:
        return {"facts": {"entries": {}}, "gaps": {}}
    from envsnap.probe.collectors import configs as config_files

    record = Record()
    config_files.collect(record, list(named), travels=False)
    return {"facts": record.facts, "gaps": record.gaps}


def hashed(named: Named, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """SHA-256, size and tensors of these files; those that are known are not read again."""
    if not named:
        return {"entries": {}, "gaps": {}}  # what is known of others is long to read
    from envsnap.probe.collectors import weights as weight_files
    from envsnap.targets import known_weights

    hashing = weight_files.Hashing(list(named), known_weights.load(), progress)
    hashing.run()
    known_weights.add(hashing.fresh)
    return {"entries": hashing.entries, "gaps": hashing.gaps}
