"""Records the models that the running program calls."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from types import TracebackType

import msgspec

from envsnap.errors import InputError
from envsnap.model import storage
from envsnap.model.manifest import Manifest
from envsnap.replay.recorder import spooled
from envsnap.replay.recorder.wanted import Wanted


class Recording:
    """`with envsnap.record(path):` records the first call of a model in the block.

    The file is written when the block ends, also where it ends with an exception.
    """

    def __init__(
        self, path: str, capture: Callable[[], Manifest | None], *, label: str | None = None,
        wanted: Wanted | None = None, task: dict[str, object] | None = None,
    ) -> None:  # fmt: skip
        torch = sys.modules.get("torch")
        if torch is None:
            raise InputError(f"{path}: import torch before recording a model")
        storage.require_place(path)
        from envsnap.replay.recorder.inside.recorder import Recorder

        self._path, self._capture, self._label = path, capture, label
        self._folder = tempfile.mkdtemp(prefix="envsnap-")
        options = msgspec.to_builtins(wanted or Wanted())
        self._recorder = Recorder(torch, self._folder, task=task, **options)

    def __enter__(self) -> None:
        self._recorder.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._recorder.finish(complete=error is None)
            left = spooled.one(self._folder)
            spooled.save(self._path, left, self._capture(), self._label, ())
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
