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
    import docker

    try:
        client = docker.from_env(timeout=600)
        client.ping()
    except docker.errors.DockerException as error:
        name = type(error).__name__
        with warnings.catch_warnings(action="ignore"):
            gc.collect()  # what docker-py left open would be another test's warning
        lacking(f"no Docker Engine answers ({name}); DOCKER_HOST names one")
    return client


def debian(engine: Any, reference: str = "debian:bookworm") -> str:
    """Debian with its own Python as an image of that name, made if it is not there."""
    import docker

    try:
        engine.images.get(reference)
    except docker.errors.ImageNotFound:
        maker = shutil.which("mmdebstrap")
        if maker is None:
            lacking(f"no image {reference}, and no mmdebstrap to make one")
        repository, _, suite = reference.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            tar = Path(folder) / "base.tar"
            command = [maker, "--variant=minbase", f"--include={INCLUDED}", suite, str(tar)]
            subprocess.run(command, check=True, capture_output=True)
            engine.api.import_image(str(tar), repository=repository, tag=suite)
    return reference


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
