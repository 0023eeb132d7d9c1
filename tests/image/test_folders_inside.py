"""A folder of weights that the image carries is asked for as one."""

from __future__ import annotations

from envsnap.image.proving.subjects import _by_folder


def test_a_folder_is_asked_for_and_single_files_by_their_names() -> None:
    places = {
        "m/model.safetensors.index.json": "/app/model/model.safetensors.index.json",
        "m/deep/one.safetensors": "/app/model/deep/one.safetensors",
        "index": "/app/index.json",
        "index/shard": "/app/shard",
        "k/single": "/app/single",
    }
    assert _by_folder(places) == {
        "m": "/app/model",
        "index": "/app/index.json",
        "index/shard": "/app/shard",
        "k/single": "/app/single",
    }
