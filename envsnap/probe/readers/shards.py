"""What an index of shards promises of the weight files beside it."""

import json
import os

from ..record import open_regular

ENDING = ".index.json"
LARGEST = 64 << 20


def damage(file: str, by_path: dict) -> str:
    """Return what is wrong with the shards that an index names, or an empty text.

    `by_path` holds the facts of each captured file. An index that is no JSON raises ValueError.
    """
    with open_regular(file) as stream:
        found = json.loads(stream.read(LARGEST).decode("utf-8"))
    places = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(places, dict):
        return ""
    folder = os.path.dirname(file)
    for tensor, shard in sorted(places.items(), key=str):
        if not isinstance(shard, str) or os.path.basename(shard) != shard:
            return "it names a file outside its folder"
        path = os.path.join(folder, shard)
        if not os.path.exists(path):
            return "it names %s, which is not there" % shard[:100]
        inside = by_path.get(path, {}).get("tensors")
        if inside and tensor not in inside:
            return "%s does not hold %s, as it says" % (shard[:100], tensor[:100])
    return ""
