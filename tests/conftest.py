"""What the tests share: the real command, real interpreters, and honest skipping."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

# The installed command itself: `python -m` would put the current folder on sys.path.
COMMAND = str(Path(sys.executable).parent / "envsnap")
STRICT = bool(os.environ.get("ENVSNAP_TEST_STRICT"))
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")

Run = Callable[..., subprocess.CompletedProcess[str]]

# A loaded machine is slow, not wrong; and each run draws the same examples, so that a change is
# judged by what it changes. The full session draws others.
hypothesis.settings.register_profile(
    "envsnap", deadline=None, derandomize="ENVSNAP_FUZZ_SEED" not in os.environ
)
hypothesis.settings.load_profile("envsnap")

# Which fixture means which session of the noxfile.
MARKS = {
    "torch": "torch",
    "torch_python": "torch",
    "libraries_python": "torch",
    "engine": "engine",
}


def pytest_configure() -> None:
    """Start children with the default actions: what a background job ignores, they would, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what needs torch or an engine by the fixture that it asks for."""
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in MARKS:
                item.add_marker(MARKS[name])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was skipped, and why; each reason names the way to have it."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
    )
    if reasons:
        told = "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"skipped {reasons.total()} ({told})")


def lacking(what: str) -> NoReturn:
    """Skip visibly; where everything must be there (ENVSNAP_TEST_STRICT), fail."""
    if STRICT:
        pytest.fail(f"{what}, and ENVSNAP_TEST_STRICT asks for it")
    pytest.skip(what)


@pytest.fixture
def envsnap(tmp_path: Path) -> Run:
    """The real command, in a folder of its own, with a cache of its own."""

    def run(
        *arguments: str | Path,
        env: dict[str, str] | None = None,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        timeout: float = 180,
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {
            **os.environ,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "COLUMNS": "80",
            **(env or {}),
        }
        surroundings.pop("VIRTUAL_ENV", None) if not (env and "VIRTUAL_ENV" in env) else None
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            env=surroundings,
            cwd=cwd or tmp_path,
            timeout=timeout,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    return run


def interpreter(version: str) -> str:
    """The path of a CPython X.Y of this machine; skips where there is none."""
    roots = [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]
    if shutil.which("pyenv"):
        roots.append(
            subprocess.run(
                ["pyenv", "root"], capture_output=True, text=True, check=False
            ).stdout.strip()
        )
    for root in filter(None, roots):
        for folder in sorted(Path(root).glob(f"versions/{version}.*")):
            if (folder / "bin" / "python").exists():
                return str(folder / "bin" / "python")
    found = shutil.which(f"python{version}")
    if found and "shims" not in found:
        return found
    lacking(f"no Python {version} on this machine (looked in PYENV_ROOT, pyenv root, PATH)")


@pytest.fixture(scope="session")
def torch_python() -> str:
    """A Python with torch: this one, or the one that ENVSNAP_TEST_TORCH_PYTHON names."""
    named = os.environ.get("ENVSNAP_TEST_TORCH_PYTHON", sys.executable)
    if subprocess.run([named, "-c", "import torch"], capture_output=True, check=False).returncode:
        lacking("torch is not installed (the extra is called torch)")
    return named


@pytest.fixture(scope="session")
def libraries_python() -> str:
    """A Python with Pillow, OpenCV and scikit-learn: this one, or the one that is named."""
    named = os.environ.get("ENVSNAP_TEST_LIBRARIES_PYTHON", sys.executable)
    if subprocess.run(
        [named, "-c", "import PIL, cv2, sklearn"], capture_output=True, check=False
    ).returncode:
        lacking(
            "Pillow, OpenCV or scikit-learn is not installed (ENVSNAP_TEST_LIBRARIES_PYTHON names a Python)"
        )
    return named


@pytest.fixture(scope="session")
def bare_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment without pip, as uv makes them."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def site_packages(venv: Path) -> Path:
    """The folder that a virtual environment installs into."""
    return next((venv / "lib").glob("python3*/site-packages"))
