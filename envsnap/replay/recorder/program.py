"""Records the models that the running program calls."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import msgspec

from envsnap.errors import InputError
from envsnap.model import storage
from envsnap.model.manifest import Manifest
from envsnap.observe.inside.imports import Imports
from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import spooled, texts
from envsnap.replay.recorder.spooled import Ending
from envsnap.replay.recorder.wanted import Wanted

MOST_PRINTED = 8 << 20


class Recording:
    """`with envsnap.record(path):` records the models that are called in the block.

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
        self._wanted = wanted or Wanted()
        self._printed = _Printed()
        self._imports = Imports()
        self._recorder = Recorder(
            torch, self._folder, task=task, after=self._imports.after,
            **msgspec.to_builtins(self._wanted),
        )  # fmt: skip

    def __enter__(self) -> None:
        self._recorder.start()
        self._printed.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._printed.stop()
            self._imports.stop()
            self._recorder.finish(complete=error is None, error=error)
            left = spooled.one(self._folder)
            ending = Ending(printed=self._printed.told(text=self._wanted.text))
            spooled.save(self._path, left, self._capture(), self._label, (), ending)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


class _Printed:
    """Takes down what is printed by `sys.stdout` while a block runs."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._parts: list[bytes] = []
        self._digest = hashlib.sha256()
        self._size, self._began = 0, 0.0

    def start(self) -> None:
        """Stand before the stream that is there."""
        self._began = time.time()
        self._stream = sys.stdout
        if self._stream is not None:
            sys.stdout = _Tee(self._stream, self._take)

    def stop(self) -> None:
        """Step aside, unless another has taken the place."""
        if isinstance(sys.stdout, _Tee) and sys.stdout.stream is self._stream:
            sys.stdout = self._stream

    def _take(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        if self._size < MOST_PRINTED:
            self._parts.append(data)
        self._digest.update(data)
        self._size += len(data)

    def told(self, *, text: bool) -> Printed:
        """What was printed."""
        found = texts.listed(b"".join(self._parts), (self._began, time.time()), text=text)
        return Printed(
            size=self._size,
            sha256=self._digest.hexdigest(),
            whole=self._size < MOST_PRINTED,
            **msgspec.structs.asdict(found),
        )


class _Tee:
    """A stream of text that is written to as before, and listened to."""

    def __init__(self, stream: Any, take: Callable[[str], None]) -> None:
        self.stream, self._take = stream, take

    def write(self, text: str) -> Any:
        """Write, and tell."""
        self._take(text)
        return self.stream.write(text)

    def writelines(self, lines: Any) -> None:
        """Write lines, and tell each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
