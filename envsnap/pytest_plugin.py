"""Golden tests of models: `pytest_plugins = ["envsnap.pytest_plugin"]` in conftest.py.

    def test_the_model(golden):
        with golden("model.esr"):
            model(sample)

The first run with `--record-golden` writes the file beside the test; every other run fails where
the model, its weights, its input or a layer of it is not what was recorded. Rounding of another
CPU does not fail; `golden("model.esr", strict=True)` asks for bits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

OPTION = "--record-golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records anew."""
    parser.getgroup("envsnap").addoption(
        OPTION, action="store_true", help="Write golden recordings of models instead of comparing."
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[None]]:
    """Compare the model that a block calls with its golden recording."""

    @contextmanager
    def compared(name: str, *, strict: bool = False) -> Iterator[None]:
        from envsnap import api

        path = request.path.parent / name
        if request.config.getoption(OPTION):
            with api.record(str(path)):
                yield
            return
        if not path.exists():
            pytest.fail(f"{path}: there is no golden recording; run pytest {OPTION}")
        recording = api.load_recording(str(path))
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder) / "here.esr"
            with api.record(str(here), golden=recording):
                yield
            verdict = api.compare(recording, api.load_recording(str(here)), strict=strict)
        if verdict.exit_code:
            from envsnap.report import verdict_formats

            text = verdict_formats.render(
                verdict, "terminal", color=False, width=None, ascii_only=False
            )
            pytest.fail(text, pytrace=False)

    return compared
