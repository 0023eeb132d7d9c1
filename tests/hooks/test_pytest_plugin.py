"""The plugin in a pytest of its own: a header, and a fixture that fails where something drifted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from envsnap import api
from envsnap.model import codec

TEST = """
def test_the_environment(same_environment):
    same_environment("environment.json")
"""


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


@pytest.fixture(params=["envsnap.hooks.pytest", "envsnap.pytest_plugin"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of tests; the plugin's first name works as well."""
    (tmp_path / "conftest.py").write_text(f'pytest_plugins = ["{request.param}"]\n')
    (tmp_path / "test_it.py").write_text(TEST)
    return tmp_path


def test_a_baseline_is_recorded_and_drift_fails(folder: Path) -> None:
    missing = run(folder)
    assert missing.returncode == 1
    assert "there is no baseline; run pytest --record-golden" in missing.stdout
    assert run(folder, "--record-golden").returncode == 0
    assert run(folder).returncode == 0
    path = folder / "environment.json"
    manifest = api.load(str(path))
    python = replace(manifest.sections.python, version="3.8.10")
    sections = replace(manifest.sections, python=python)
    api.save(codec.sealed(replace(manifest, sections=sections)), str(path))
    done = run(folder)
    assert done.returncode == 1
    assert "python.version" in done.stdout
    assert "environment.json (reference) against this environment" in done.stdout
    (folder / "envsnap.toml").write_text(
        '[[ignore]]\npath = "python.version"\nreason = "an upgrade on purpose"\n'
    )
    assert run(folder).returncode == 0


def test_the_header_names_the_environment(folder: Path) -> None:
    done = run(folder, "-v", "--record-golden")
    digest = api.load(str(folder / "environment.json")).fingerprint.removeprefix("sha256:")[:12]
    assert f"envsnap: environment {digest} (Python {sys.version.split()[0]}, " in done.stdout
    off = run(folder, "-v", ENVSNAP_HOOKS="off")
    assert "envsnap: environment" not in off.stdout


def test_both_names_together_are_one_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["envsnap.hooks.pytest", "envsnap.pytest_plugin"]\n'
    )
    (tmp_path / "test_it.py").write_text("def test_nothing():\n    pass\n")
    assert run(tmp_path).returncode == 0


def test_a_level_that_is_none_fails_whatever_differs(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["envsnap.hooks.pytest"]\n')
    (tmp_path / "test_it.py").write_text(
        "def test_it(same_environment):\n    same_environment('x.json', fail_on='critical')\n"
    )
    done = run(tmp_path)
    assert done.returncode == 1
    assert "fail_on='critical': it is one of error, warning, info" in done.stdout
