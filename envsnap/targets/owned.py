"""What we started and have to end, whenever a signal comes: between any two lines of ours."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from envsnap.errors import TargetError

ENDING_SECONDS = 2.0
_ENDINGS: dict[str, Callable[[], object]] = {}
_STARTING = threading.RLock()
_WAITING: list[Callable[[], object]] = []  # what signals asked for while something was started
_over = threading.Event()
_starting_here = 0  # in the main thread, where signals are handled


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """What is started inside is noted before anything may end us: no signal and no other thread.

    A signal that came meanwhile is answered on the way out. Raises TargetError once `close` ran.
    """
    global _starting_here  # noqa: PLW0603
    is_main = threading.current_thread() is threading.main_thread()
    try:
        with _STARTING:
            if _over.is_set():
                raise TargetError("envsnap is ending, and starts nothing more")
            _starting_here += is_main
            try:
                yield
            finally:
                _starting_here -= is_main
    finally:
        while is_main and not _starting_here and _WAITING:
            _WAITING.pop(0)()


def put_off(answer: Callable[[], object]) -> bool:
    """Whether a signal has to wait, as something is being started; then `answer` is called after."""
    if _starting_here:
        _WAITING.append(answer)
    return bool(_starting_here)


def add(name: str, end: Callable[[], object]) -> None:
    """Note how to end something that is about to start."""
    _ENDINGS[name] = end


def release(name: str) -> None:
    """Forget what has ended."""
    _ENDINGS.pop(name, None)


def close() -> None:
    """End whatever is left, and let nothing else start: what follows is the end of the process."""
    _over.set()
    with_lock = _STARTING.acquire(timeout=ENDING_SECONDS)  # what is being started is noted first
    end_all()
    if with_lock:
        _STARTING.release()


def end_all() -> None:
    """End whatever is left."""
    for name, end in list(_ENDINGS.items()):
        with contextlib.suppress(Exception):  # the next one has to be ended, too
            end()
        release(name)
