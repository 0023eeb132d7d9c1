"""Environments as people have them, on a real engine: built and proven, or refused with a way on.

Each is an image in which somebody installed things in their own way.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import engine as engines
from tests.conftest import Run, interpreter, lacking
from tests.image.test_build_and_prove import base, engine, image_of, trust

__all__ = ["base", "engine"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
CA = Path(engines.CERTIFICATES)
TRUST = "export PIP_CERT=/tmp/ca.crt GIT_SSL_CAINFO=/tmp/ca.crt; "
PIP = "pip install -q --no-cache-dir"
PROJECT = {
    "setup.py": b"from setuptools import setup\nsetup(name='proj', version='0.3', py_modules=['proj'])\n",
    "proj.py": b"X = 1\n",
}


def made(engine: Any, base: str, lines: list[str], files: dict[str, bytes] | None = None) -> str:
    """An image with a certificate to install by, and these lines."""
    data = {"ca.crt": CA.read_bytes() if CA.exists() else b"", **(files or {})}
    copies = [f"COPY {' '.join(data)} /tmp/"]
    return image_of(engine, [f"FROM {base}", *copies, *lines], data)


def captured(envsnap: Run, image: str, *options: str) -> None:
    done = envsnap("capture", "--image", image, "-o", "dev.json", *options)
    assert done.returncode == 0, done.stderr


def built(envsnap: Run, engine: Any, *options: str) -> subprocess.CompletedProcess[str]:
    """Build and prove; where it was proven, the same image is verified by itself."""
    name = "envsnap-test:environment"
    done = envsnap(
        "build", "dev.json", "-t", name, "-o", "context", *trust(), *options, timeout=900
    )
    if done.returncode == 0:
        again = envsnap("verify", "dev.json", "--image", name)
        engine.images.remove(name, force=True)
        assert again.returncode == 0, again.stderr
    return done


def test_a_uv_venv(engine: Any, base: str, envsnap: Run, tmp_path: Path) -> None:
    """Made by uv: without pip, with start-up code of its own."""
    uv = shutil.which("uv")
    if uv is None:
        lacking("uv is not installed")
    image = made(
        engine, base,
        [("RUN chmod 755 /tmp/uv && export SSL_CERT_FILE=/tmp/ca.crt && /tmp/uv venv -q -p"
         " /usr/bin/python3 /srv/venv && /tmp/uv pip install -q -p /srv/venv six==1.16.0 attrs==23.1.0"),
         'ENV PATH="/srv/venv/bin:$PATH"'],
        {"uv": Path(uv).read_bytes()},
    )  # fmt: skip
    captured(envsnap, image)
    done = built(envsnap, engine)
    assert done.returncode == 0, done.stderr


def test_apt_s_own_packages(engine: Any, base: str, envsnap: Run, tmp_path: Path) -> None:
    """No virtual environment: the system's Python, with what apt and pip installed."""
    image = made(
        engine, base,
        [("RUN apt-get update && apt-get install -y --no-install-recommends python3-numpy python3-yaml"
         " python3-pip"),
         f"RUN {TRUST} pip install -q --no-cache-dir --break-system-packages toml==0.10.2"],
    )  # fmt: skip
    captured(envsnap, image)
    done = built(envsnap, engine)
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "context" / "dockerfile.json").read_text())
    assert any(item.startswith("python3-numpy=1:1.24") for item in plan["apt"])


def test_a_venv_that_sees_the_system(engine: Any, base: str, envsnap: Run, tmp_path: Path) -> None:
    image = made(
        engine, base,
        ["RUN apt-get update && apt-get install -y --no-install-recommends python3-numpy",
         (f"RUN {TRUST} python3 -m venv --system-site-packages /srv/venv && /srv/venv/bin/{PIP}"
         " six==1.16.0"), 'ENV PATH="/srv/venv/bin:$PATH"'],
    )  # fmt: skip
    captured(envsnap, image)
    done = built(envsnap, engine)
    assert done.returncode == 0, done.stderr


def test_a_user_s_own_installs(engine: Any, base: str, envsnap: Run) -> None:
    image = made(
        engine, base,
        ["RUN apt-get update && apt-get install -y --no-install-recommends python3-pip",
         "RUN useradd -m me", "USER me", "ENV HOME=/home/me",
         f"RUN {TRUST} {PIP} --user --break-system-packages six==1.16.0 numpy==1.26.4"],
    )  # fmt: skip
    captured(envsnap, image)
    done = built(envsnap, engine)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("version", "packages"),
    [("3.8", "six==1.16.0 numpy==1.24.4"), ("3.9", "onnxruntime==1.16.3 numpy==1.26.4"),
     ("3.13", "numpy==2.1.3 six==1.16.0")],
)  # fmt: skip
def test_another_python(engine: Any, base: str, envsnap: Run, version: str, packages: str) -> None:
    """A slim image of an old and a new Python, with the variables that such images set."""
    from envsnap.image.planning import images

    python = interpreter(version)
    release = Path(python).resolve().parents[1].name
    if "bookworm" not in images.slim().get(release, ()):
        lacking(f"no slim image of Python {release} on bookworm is listed")
    slim = engines.slim(engine, base, python, release)
    named = image_of(
        engine, [f"FROM {slim}", f"ENV PYTHON_VERSION={release} GPG_KEY=ABC LANG=C.UTF-8"], {}
    )
    repository, _, tag = slim.rpartition(":")
    engine.images.get(named).tag(repository, tag)
    image = made(
        engine, slim,
        [f"RUN {TRUST} python3 -m venv /srv/venv && /srv/venv/bin/{PIP} {packages}",
         'ENV PATH="/srv/venv/bin:$PATH"'],
    )  # fmt: skip
    captured(envsnap, image)
    done = built(envsnap, engine)
    assert done.returncode == 0, done.stderr


def test_git_a_local_wheel_and_an_editable_install(
    engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    """The message says to build a wheel and to name its folder; then it is proven."""
    for folder, name in (("edit", "editable_one"), ("repo", "from_git"), ("local", "from_wheel")):
        project = tmp_path / folder
        project.mkdir()
        text = f"from setuptools import setup\nsetup(name='{name}', version='0.3', py_modules=['{name}'])\n"
        (project / "setup.py").write_text(text)
        (project / f"{name}.py").write_text("X = 1\n")
    wheels = tmp_path / "wheels"
    pip = ("pip", "wheel", "-q", "--no-deps", "-w", str(wheels))
    for folder in ("edit", "repo", "local"):
        subprocess.run([*pip, str(tmp_path / folder)], check=True, capture_output=True)
    context = {
        f"{folder}-{path.name}": path.read_bytes()
        for folder in ("edit", "repo")
        for path in (tmp_path / folder).iterdir()
        if path.is_file()
    }
    local = next(wheels.glob("from_wheel-*.whl"))
    lines = [
        "RUN apt-get update && apt-get install -y --no-install-recommends git",
        (
            "RUN mkdir -p /srv/edit /srv/repo && cd /tmp && cp edit-setup.py /srv/edit/setup.py"
            " && cp edit-editable_one.py /srv/edit/editable_one.py && cp repo-setup.py /srv/repo/setup.py"
            " && cp repo-from_git.py /srv/repo/from_git.py"
        ),
        (
            "RUN cd /srv/repo && git init -q && git add setup.py from_git.py && git -c user.name=a -c"
            " user.email=a@b commit -qm x"
        ),
        (
            f"RUN {TRUST} python3 -m venv /srv/venv && /srv/venv/bin/{PIP} -e /srv/edit git+file:///srv/repo"
            f" /tmp/{local.name}"
        ),
        'ENV PATH="/srv/venv/bin:$PATH"',
    ]
    image = made(engine, base, lines, {**context, local.name: local.read_bytes()})
    captured(envsnap, image)
    lost = built(envsnap, engine)
    assert lost.returncode == 2
    assert "--find-links" in lost.stderr
    done = built(envsnap, engine, "--find-links", str(wheels))
    assert done.returncode == 0, done.stderr
