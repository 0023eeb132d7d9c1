"""Starts the recorder in a process of the recorded command, once torch is imported."""

from __future__ import annotations

import json
import sys
from typing import Any

from . import piped

OPTIONS = ("full", "calls", "repeat", "zoom", "roots", "text")


def attach(process: Any, options: dict[str, Any]) -> Session:
    """Wait for torch in a process of the command."""
    piped.listen()
    session = Session(process.folder, options, process.imports.after)
    process.imports.after("torch", session.begin)
    return session


class Session:
    """One process: its recorder, once there is one."""

    def __init__(self, folder: str, options: dict[str, Any], after: Any) -> None:
        self._folder, self._options, self._after = folder, options, after
        self._recorder: Any = None

    def begin(self, torch: Any) -> None:
        """Torch has been imported: watch its modules."""
        from .recorder import Recorder

        options = self._options
        self._recorder = Recorder(
            torch,
            self._folder,
            **{name: options[name] for name in OPTIONS},
            task=_task(options["task"]),
            after=self._after,
        )
        self._recorder.words = sys.argv[1:]
        self._recorder.start()

    def end(self, copied: bool) -> bool:
        """Write the recording; the facts of a process that called a model are wanted."""
        if copied or self._recorder is None:
            return False
        # What ended the script was printed before anything of ours runs at its end.
        self._recorder.finish(error=getattr(sys, "last_value", None))
        return bool(self._recorder.calls)


def _task(path: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    with open(path, encoding="utf-8") as stream:
        task: dict[str, Any] = json.load(stream)
    return task
