"""Waits for the end of one call of a model, without hooks on the modules below it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

PROGRESS_BARS = "tqdm._monitor"  # its thread runs on for ever after the first bar


class Aside:
    """Hooks of one module for one call.

    They are left where they are when the call ends, because torch may be walking over them, and
    do nothing until somebody lets them go.
    """

    def __init__(self, module: Any, done: Callable[..., None]) -> None:
        self._done, self._within, self.over = done, 0, False
        self._handles = [
            module.register_forward_pre_hook(self._before),
            module.register_forward_hook(self._after, with_kwargs=True, always_call=True),
        ]

    def _before(self, module: Any, arguments: Any) -> None:
        if not self.over:
            self._within += 1  # the model calls itself

    def _after(self, module: Any, arguments: Any, named: Any, result: Any) -> None:
        if self.over:
            return
        if self._within:
            self._within -= 1
            return
        self.over = True
        self._done(module, arguments, named, result)

    def let_go(self) -> None:
        """Remove the hooks."""
        self.over = True
        for handle in self._handles:
            handle.remove()


def alone() -> bool:
    """Whether no other thread could call a model; the one of progress bars never does."""
    others = [item for item in threading.enumerate() if item is not threading.current_thread()]
    return all(type(item).__module__ == PROGRESS_BARS for item in others)
