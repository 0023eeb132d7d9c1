"""A Docker Engine for tests, and base images made on this machine: nothing is pulled."""

from __future__ import annotations

import gc
import io
import shutil
import subprocess
import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import lacking

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
INCLUDED = "ca-certificates,python3,python3-venv"


def connected() -> Any:
    """A client of the Docker Engine that answers; skips visibly where none does."""
    client = _attempt()
    if isinstance(client, str):
        with warnings.catch_warnings(action="ignore"):
            gc.collect()  # what docker-py left open would be another test's warning
        lacking(f"no Docker Engine answers ({client}); DOCKER_HOST names one")
    return client


def _attempt() -> Any:
    """A client, or the name of the error; the error itself would keep sockets open."""
    import docker

    try:
        client = docker.from_env(timeout=600)
        client.ping()
    except docker.errors.DockerException as error:
        return type(error).__name__
    return client


def debian(
    engine: Any,
    reference: str = "debian:bookworm",
    suite: str | None = None,
    *,
    python: bool = True,
) -> str:
    """Debian, with its own Python, as an image of that name, made if it is not there."""
    import docker

    try:
        engine.images.get(reference)
    except docker.errors.ImageNotFound:
        maker = shutil.which("mmdebstrap")
        if maker is None:
            lacking(f"no image {reference}, and no mmdebstrap to make one")
        repository, _, tag = reference.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            tar = Path(folder) / "base.tar"
            included = [f"--include={INCLUDED}"] if python else []
            command = [maker, "--variant=minbase", *included, suite or tag, str(tar)]
            subprocess.run(command, check=True, capture_output=True)
            engine.api.import_image(str(tar), repository=repository, tag=tag)
    return reference


LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "__pycache__")
SEEDS = ("pip", "setuptools", "_distutils_hack", "distutils-precedence", "pkg_resources")


def slim(engine: Any, base: str, python: str, version: str) -> str:
    """A slim Python image: Debian, and an interpreter of this machine under /usr/local."""
    root = Path(python).resolve().parents[1]
    data = io.BytesIO()
    libraries = "libssl3 libffi8 libsqlite3-0 liblzma5 libbz2-1.0 libreadline8 zlib1g"
    lines = (
        f"FROM {base}\nRUN apt-get update && apt-get install -y {libraries}\nCOPY local/ /usr/local/\n"
        "RUN rm -f /usr/bin/python3 && ldconfig\n"
    )

    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = member.name.split("/")
        if not set(LEFT_OUT).isdisjoint(parts[3:]):
            return None
        if "site-packages" in parts[:-1]:
            inside = parts[parts.index("site-packages") + 1]
            return member if inside.startswith(SEEDS) else None
        return member

    with tarfile.open(fileobj=data, mode="w") as tar:
        content = lines.encode()
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
        tar.add(str(root), "local", filter=wanted)
    data.seek(0)
    tag = f"python:{version}-slim-bookworm"
    engine.images.build(fileobj=data, custom_context=True, rm=True, forcerm=True, tag=tag)
    return tag


def from_tar(engine: Any, tag: str, files: dict[str, bytes], command: str = "/bin/none") -> str:
    """Make an image that holds only these files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    repository, _, version = tag.partition(":")
    engine.api.import_image_from_data(
        data.getvalue(), repository=repository, tag=version, changes=[f'CMD ["{command}"]']
    )
    return tag


@contextmanager
def running(engine: Any, image: str, **options: Any) -> Iterator[Any]:
    """A container that sleeps."""
    container = engine.containers.run(image, ["sleep", "300"], detach=True, init=True, **options)
    try:
        yield container
    finally:
        container.remove(force=True)


@contextmanager
def session() -> Iterator[Any]:
    """A client for as long as it is needed.

    docker-py leaves sockets of its pool to the garbage collector, which would warn when pytest
    ends; they are collected here.
    """
    client = connected()
    try:
        yield client
    finally:
        client.close()
        del client
        with warnings.catch_warnings(action="ignore"):
            gc.collect()
