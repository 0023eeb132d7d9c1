"""Digests of base images, from a registry that this test serves to a real engine."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from envsnap.errors import BuildError
from envsnap.image.building import build, make
from envsnap.image.locking import digests
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile, render
from tests import engine as engines
from tests.image.image_cases import manifest

# docker-py leaves connections of its pool to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
KIND = "application/vnd.docker."
MANIFEST = f"{KIND}distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry(http.server.BaseHTTPRequestHandler):
    """Serves one image, and nothing can be pushed."""

    blobs: dict[str, bytes]
    listed: bytes

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts == ["v2"]:
            self.answer(b"{}", "application/json")
        elif "manifests" in parts and parts[-1] in ("1.0", sha256(self.listed)):
            self.answer(self.listed, MANIFEST)
        elif "blobs" in parts and parts[-1] in self.blobs:
            self.answer(self.blobs[parts[-1]], "application/octet-stream")
        else:
            self.answer(
                b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}',
                "application/json",
                404,
            )

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, data: bytes, kind: str, code: int = 200) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", sha256(data))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def image() -> tuple[dict[str, bytes], bytes]:
    """The blobs and the manifest of an image with one file."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        member = tarfile.TarInfo("hello")
        member.size = 2
        tar.addfile(member, io.BytesIO(b"hi"))
    packed = gzip.compress(layer.getvalue(), mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64", "os": "linux", "config": {"Env": ["A=1"]},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer.getvalue())]},
        }
    ).encode()  # fmt: skip
    listed = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": f"{KIND}container.image.v1+json", "size": len(config),
                       "digest": sha256(config)},
            "layers": [{"mediaType": f"{KIND}image.rootfs.diff.tar.gzip", "size": len(packed),
                        "digest": sha256(packed)}],
        }
    ).encode()  # fmt: skip
    return {sha256(config): config, sha256(packed): packed}, listed


@pytest.fixture(scope="module")
def registry() -> Iterator[tuple[str, str]]:
    """A reference to the image in the registry, and its digest."""
    blobs, listed = image()
    handler = type("Bound", (Registry,), {"blobs": blobs, "listed": listed})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}/some/base:1.0", sha256(listed)
    server.shutdown()
    server.server_close()


def pinned(reference: str) -> Plan:
    return digests.pin(make_plan(manifest(), reference))


def base_digest(plan: Plan) -> tuple[str, str]:
    (told,) = [item for item in plan.decisions if item.subject == "base.digest"]
    return told.certainty, told.why


def first_lines(plan: Plan) -> list[str]:
    return render.dockerfile(dockerfile.build(plan)).splitlines()


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_registry_states_the_digest_and_the_build_takes_it(
    engine: Any, registry: tuple[str, str], builder: str
) -> None:
    reference, digest = registry
    plan = pinned(reference)
    assert plan.base.digest == digest
    assert base_digest(plan) == ("exact", "its registry states this digest")
    assert f"FROM {reference}@{digest} AS base" in first_lines(plan)
    assert any(f'org.opencontainers.image.base.digest="{digest}"' in x for x in first_lines(plan))
    lines = f"FROM {reference}@{digest}\nENV B=2\n".encode()
    made = build.build(engine, {"Dockerfile": lines}, builder=builder, tell=lambda *_: None)
    assert {"A=1", "B=2"} <= set(engine.images.get(made).attrs["Config"]["Env"])
    engine.images.remove(made, force=True)


def test_an_image_that_was_pulled_keeps_its_digest(engine: Any, registry: tuple[str, str]) -> None:
    reference, digest = registry
    engine.images.pull(reference)
    try:
        plan = pinned(reference)
    finally:
        engine.images.remove(reference, force=True)
    assert plan.base.digest == digest
    assert base_digest(plan) == ("exact", "the digest by which the engine pulled it")


def test_without_a_digest_the_plan_warns(
    engine: Any, registry: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines.from_tar(engine, "envsnap-test:own", {"x": b"1"})
    own = pinned("envsnap-test:own")
    engine.images.remove("envsnap-test:own", force=True)
    assert own.base.digest is None
    assert base_digest(own)[0] == "unknown"
    assert "the engine made this image itself" in base_digest(own)[1]
    nowhere = pinned(registry[0].replace("base:1.0", "base:9.9"))
    assert base_digest(nowhere)[0] == "unknown"
    named = pinned(f"{registry[0]}@{registry[1]}")
    assert base_digest(named) == ("exact", "named by its digest")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    alone = pinned(registry[0])
    assert base_digest(alone)[0] == "unknown"
    assert "no Docker Engine answers" in base_digest(alone)[1]
    assert f"FROM {registry[0]} AS base" in first_lines(alone)


def test_python_s_own_image_gets_a_digest_too(engine: Any, registry: tuple[str, str]) -> None:
    assert engine
    plan = make_plan(manifest(), registry[0])
    copied = replace(plan, python=replace(plan.python, how="copy", image=registry[0]))
    found = digests.pin(copied)
    assert found.python.image == f"{registry[0]}@{registry[1]}"
    assert f"FROM {registry[0]}@{registry[1]} AS interpreter" in first_lines(found)


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_base_is_pulled_by_its_digest_and_stays_as_it_is(
    engine: Any, registry: tuple[str, str], builder: str
) -> None:
    """Its layers are those of the registry, even where the build's own are normalised."""
    reference, digest = registry
    plan = pinned(reference)
    text = f"FROM {reference}@{digest}\nCOPY x /x\n".encode()
    switches = make.Switches(builder=builder, reproducible=True, no_cache=True)
    made = {
        make.image(engine, plan, {"Dockerfile": text, "x": b"x"}, switches, None, lambda *_: None)
        for _ in range(2)
    }
    assert len(made) == 1
    assert make.base_settings(engine, plan).variables.keys() == {"A"}
    (image,) = made
    layers = engine.images.get(image).attrs["RootFS"]["Layers"]
    base = engine.images.get(f"{reference.rpartition(':')[0]}@{digest}")
    assert layers[:-1] == base.attrs["RootFS"]["Layers"]
    engine.images.remove(image, force=True)


def test_a_base_that_no_registry_has(engine: Any, registry: tuple[str, str]) -> None:
    plan = pinned(registry[0].replace("base:1.0", "base:9.9"))
    with pytest.raises(BuildError, match=r"base:9\.9 cannot be pulled \(image tag missing\)"):
        make.image(engine, plan, {}, make.Switches(), None, lambda *_: None)
