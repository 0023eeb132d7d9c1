"""Which threads let the recorder step aside while a further call runs."""

from __future__ import annotations

import io
import threading

import pytest

from envsnap.replay.recorder.inside import aside


def test_a_thread_that_may_call_a_model_keeps_the_hooks_on_all_modules() -> None:
    before = aside.alone()
    go = threading.Event()
    worker = threading.Thread(target=go.wait, daemon=True)
    worker.start()
    try:
        assert not aside.alone()
    finally:
        go.set()
        worker.join()
    assert aside.alone() == before


def test_the_thread_of_progress_bars_does_not() -> None:
    tqdm = pytest.importorskip("tqdm")
    before = aside.alone()
    bar = tqdm.tqdm(total=1, file=io.StringIO())
    try:
        assert any(type(item).__module__ == "tqdm._monitor" for item in threading.enumerate())
        assert aside.alone() == before
    finally:
        bar.close()
