"""A generated build context, built by a real Docker Engine, and looked at from inside.

The base image is Debian made by mmdebstrap, under the name that the Dockerfile asks for; it
holds this machine's certificates, as a base image behind a proxy would.
"""

from __future__ import annotations

import gc
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envsnap import api
from envsnap.intake import facts
from envsnap.model.codec import Document
from envsnap.model.manifest import Manifest, Target
from envsnap.probe import packing
from envsnap.targets import script
from tests import examples
from tests.conftest import lacking

BASE = "debian:bookworm"
TAG = "envsnap-test:bookworm"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PACKAGES = "ca-certificates,python3,python3-venv"


# docker-py leaves connections of its pool to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def connected() -> Any:
    """A client of the Docker Engine that answers, or the name of the error."""
    import docker

    try:
        client = docker.from_env(timeout=600)
        client.ping()
    except docker.errors.DockerException as error:
        return type(error).__name__
    return client


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """A client of the Docker Engine, if one answers."""
    client = connected()
    if isinstance(client, str):
        with warnings.catch_warnings(action="ignore"):
            gc.collect()  # what docker-py left open would be another test's warning
        lacking(f"no Docker Engine answers ({client}); DOCKER_HOST names one")
    yield client
    client.close()


@pytest.fixture(scope="module")
def base(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Debian bookworm as an image of that name, made if it is not there."""
    import docker

    try:
        engine.images.get(BASE)
    except docker.errors.ImageNotFound:
        maker = shutil.which("mmdebstrap")
        if maker is None:
            lacking(f"no image {BASE}, and no mmdebstrap to make one")
        tar = tmp_path_factory.mktemp("base") / "base.tar"
        hook = f'cp {CERTIFICATES} "$1"{CERTIFICATES}'
        command = [maker, "--variant=minbase", f"--include={PACKAGES}", f"--customize-hook={hook}"]
        subprocess.run([*command, "bookworm", str(tar)], check=True, capture_output=True)
        repository, _, tag = BASE.partition(":")
        engine.api.import_image(
            str(tar), repository=repository, tag=tag, changes=[f"ENV PIP_CERT={CERTIFICATES}"]
        )
    return BASE


def described(engine: Any, image: str) -> Manifest:
    """Describe the Python of an image: the probe runs in a container without a network."""
    marker = script.new_marker()
    text = script.build({"import": False}, marker)
    container = engine.containers.create(
        image,
        ["python", *packing.READ_STDIN],
        stdin_open=True,
        network_disabled=True,
        cap_drop=["ALL"],
    )
    try:
        stream = container.attach_socket(params={"stdin": 1, "stream": 1})
        container.start()
        stream._sock.sendall(text.encode("ascii"))
        stream._sock.shutdown(1)
        stream._sock.close()
        stream.close()
        assert container.wait(timeout=60)["StatusCode"] == 0, container.logs()
        said = container.logs(stdout=True, stderr=False)
    finally:
        container.remove(force=True)
    target = Target(kind="file", name=image)
    return facts.to_manifest(facts.parse(said, image), target, None, {}, image)


def test_what_runs_inside_is_what_was_captured(engine: Any, base: str, tmp_path: Path) -> None:
    assert base
    versions = {"six": "1.16.0", "packaging": "23.2", "typing-extensions": "4.8.0"}
    captured = examples.manifest(
        {
            "python": {"version": "3.11.2", "implementation": "CPython", "prefix": "/srv/venv",
                       "base_prefix": "/usr"},
            "packages": {"entries": {name: {"version": text} for name, text in versions.items()}},
            "system": {"os_id": "debian", "os_version": "12", "glibc": "2.36",
                       "architecture": "x86_64", "platform": "linux"},
            "env_vars": {"entries": {"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "7"}},
        },
        partial=("python", "system"),
        seeds={"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    plan = api.write_context(Document(captured), tmp_path / "context")
    assert plan.base.reference == BASE
    try:
        engine.images.build(path=str(tmp_path / "context"), tag=TAG, rm=True, forcerm=True)
        inside = described(engine, TAG).sections
    finally:
        if engine.images.list(TAG):
            engine.images.remove(TAG, force=True)
    assert inside.python.version == "3.11.2"
    assert {name: entry.version for name, entry in inside.packages.entries.items()} == versions
    assert inside.env_vars.entries["OMP_NUM_THREADS"] == "3"
    assert inside.seeds.entries["PYTHONHASHSEED"] == "7"
    assert inside.system.glibc == "2.36"
    told = {
        finding.path: finding
        for finding in api.diff(captured, described_as(inside, captured)).findings
        if finding.severity.value != "info"
    }
    assert told == {}


def described_as(inside: Any, captured: Manifest) -> Manifest:
    """The container's facts in a manifest of their own."""
    from msgspec.structs import replace

    return replace(captured, sections=inside)
