"""Who waits for an import never changes it, however many wait."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from envsnap.observe.inside.imports import Imports


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Imports]]:
    """Three that can wait, and a module that is not imported yet."""
    (tmp_path / "awaited_module.py").write_text("here = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [Imports(), Imports(), Imports()]
    yield found
    for item in found:
        item.stop()
    sys.modules.pop("awaited_module", None)


def test_all_are_told_and_the_import_succeeds(waiting: list[Imports]) -> None:
    told: list[tuple[int, ModuleType]] = []
    for number, item in enumerate(waiting):
        item.after("awaited_module", lambda module, number=number: told.append((number, module)))  # type: ignore[misc]
    module = importlib.import_module("awaited_module")
    assert sorted(told, key=lambda item: item[0]) == [(0, module), (1, module), (2, module)]
    assert module.here == 1
    assert not [item for item in sys.meta_path if item in waiting]
    assert "exec_module" not in vars(module.__spec__.loader)  # type: ignore[union-attr]


def test_one_that_stops_waits_no_longer(waiting: list[Imports]) -> None:
    told: list[ModuleType] = []
    for item in waiting:
        item.after("awaited_module", told.append)
    waiting[0].stop()
    waiting[2].stop()
    module = importlib.import_module("awaited_module")
    assert told == [module]
