"""A world for bisections, and a cache that belongs to the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.image.locking.uv import executable
from tests.bisection.world import World
from tests.conftest import lacking


@pytest.fixture(name="uv", scope="session")
def _uv() -> str:
    """The uv that makes a world's environments."""
    try:
        return executable()
    except InputError:
        lacking("uv is not installed (the extra is called lock)")


@pytest.fixture(scope="session")
def world(uv: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Both environments, made once."""
    assert uv
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def _isolated(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each test works in a folder of its own; all share one cache, and nothing is fetched."""
    cache = tmp_path_factory.getbasetemp() / "bisect-cache"
    cache.mkdir(exist_ok=True, mode=0o700)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("UV_OFFLINE", "1")
