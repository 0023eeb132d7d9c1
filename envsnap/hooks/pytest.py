"""pytest: golden tests of models, and of the environment that tests run in.

`pytest_plugins = ["envsnap.hooks.pytest"]` in conftest.py, or `-p envsnap.hooks.pytest`.

    def test_the_model(golden):
        with golden("model.esr"):
            model(sample)

    def test_the_environment(same_environment):
        same_environment("environment.json")

The first run with `--record-golden` writes the files beside the tests; every other run fails where
the model, its weights, its input or a layer of it is not what was recorded, or where the
environment has drifted from its baseline. Rounding of another CPU does not fail;
`golden("model.esr", strict=True)` asks for bits. The header of every run names the environment.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

OPTION = "--record-golden"
SHORT = 12


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records anew."""
    with contextlib.suppress(ValueError):  # added under the plugin's other name
        parser.getgroup("envsnap").addoption(
            OPTION, action="store_true", help="Write golden recordings and baselines anew."
        )


def pytest_report_header() -> str | None:
    """One line: which environment the tests ran in."""
    from envsnap.hooks import environment
    from envsnap.model import reading

    manifest = environment.of_interpreter() if environment.is_on() else None
    if manifest is None:
        return None
    digest = manifest.fingerprint.removeprefix("sha256:")[:SHORT]
    python = reading.stated(manifest, "python", "version") or "of unknown version"
    told = [f"Python {python}", f"{len(reading.packages(manifest))} packages"]
    torch = reading.version(manifest, "torch")
    if torch is not None:
        told.append(f"torch {torch}")
    told.append(f"{len(reading.gpus(manifest))} GPUs")
    return f"envsnap: environment {digest} ({', '.join(told)})"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[None]]:
    """Compare the model that a block calls with its golden recording."""

    @contextmanager
    def compared(name: str, *, strict: bool = False) -> Iterator[None]:
        from envsnap import api

        path = request.path.parent / name
        if request.config.getoption(OPTION):
            with tempfile.TemporaryDirectory() as folder:
                made = Path(folder) / name.rpartition("/")[2]
                with api.record(str(made)):
                    yield
                shutil.copyfile(made, path)  # only where the block came to its end
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


@pytest.fixture
def same_environment(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare this environment with a baseline that is committed beside the test.

    `fail_on` is error, warning (the default) or info; the policy of the working folder counts. A
    comparison of which nothing was compared fails, too.
    """

    def compared(name: str, *, fail_on: str = "warning") -> None:
        from envsnap import api
        from envsnap.hooks import environment
        from envsnap.rules.finding import Severity

        levels = [level.value for level in Severity]
        if fail_on not in levels:
            pytest.fail(f"fail_on={fail_on!r}: it is one of {', '.join(levels)}")
        path = request.path.parent / name
        here = environment.of_interpreter()
        if here is None:
            pytest.fail("the environment could not be described; the log `envsnap` says why")
        if request.config.getoption(OPTION):
            api.save(here, str(path))
            return
        if not path.exists():
            pytest.fail(f"{path}: there is no baseline; run pytest {OPTION}")
        reference = api.load(str(path))
        result = api.diff(reference, here, policy=api.load_policy())
        told = _told(name, reference, here, result, fail_on)
        if told:
            pytest.fail(told, pytrace=False)

    return compared


def _told(name: str, reference: object, here: object, result: object, fail_on: str) -> str:
    """The report, where the environment has drifted; empty where it has not."""
    from envsnap.model.manifest import Manifest
    from envsnap.report import document, formats
    from envsnap.rules.engine import Result
    from envsnap.rules.finding import Severity

    assert isinstance(reference, Manifest)
    assert isinstance(here, Manifest)
    assert isinstance(result, Result)
    worst = result.worst()
    if result.compared and (worst is None or worst.rank > Severity(fail_on).rank):
        return ""
    judged = document.Judged(side=document.side("this environment", here), result=result)
    report = document.Report(reference=document.side(name, reference), judged=(judged,))
    return formats.render(report, "terminal", color=False, width=None, ascii_only=False)
