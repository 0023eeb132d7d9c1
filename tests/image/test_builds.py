"""Builds that fail, and what BuildKit says: on a real engine where there is one."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from envsnap.errors import BuildError
from envsnap.image.building import build, failures, trace
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import PythonSource
from envsnap.image.writing import dockerfile, render
from tests import engine as engines
from tests.conftest import interpreter
from tests.image.image_cases import DEBIAN_12, manifest

# docker-py leaves connections of its pool to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

CA = Path(engines.CERTIFICATES)
PIP = "python3 -m venv /v && PIP_CERT=/ca.crt /v/bin/pip install --no-deps "


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


@pytest.fixture(scope="module")
def base(engine: Any) -> str:
    return engines.debian(engine)


def attempt(engine: Any, builder: str, *lines: str) -> tuple[str, list[str]]:
    """Build from a Dockerfile's lines; return the failure and the steps that were told."""
    told: list[str] = []
    files = {
        "Dockerfile": "\n".join(lines).encode(),
        "ca.crt": CA.read_bytes() if CA.exists() else b"",
    }
    with pytest.raises(BuildError) as caught:
        build.build(
            engine, files, builder=builder, tell=lambda step, _, text: told.append(f"{step} {text}")
        )
    return str(caught.value), told


FAILS = [
    ("hash mismatch",
     f"RUN {PIP} --require-hashes -r /r.txt", "six==1.16.0 --hash=sha256:" + "0" * 64),
    ("no wheel", f"RUN {PIP} six==999.0", ""),
    ("apt version gone", "RUN apt-get update && apt-get install -y hello=0.0-nowhere", ""),
    ("failed", "RUN echo the end is near && exit 7", ""),
]  # fmt: skip


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
@pytest.mark.parametrize(("kind", "line", "text"), FAILS, ids=[row[0] for row in FAILS])
def test_a_failure_has_its_kind_and_the_log_s_tail(
    engine: Any, base: str, builder: str, kind: str, line: str, text: str
) -> None:
    said, told = attempt(
        engine, builder, f"FROM {base}", "COPY ca.crt /ca.crt", f"RUN echo '{text}' > /r.txt", line
    )
    assert said.startswith(f"the build failed ({kind}): ")
    assert "\n  | " in said
    assert any(item[0] != "0" for item in told), "steps were told"
    if kind == "failed":
        assert "the end is near" in said


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_base_that_nobody_has(engine: Any, builder: str) -> None:
    """Which of the kinds depends on whether a registry can be reached from here."""
    said, _ = attempt(engine, builder, "FROM envsnap-test-nowhere:0.0", "RUN true")
    kind = said.partition("(")[2].partition(")")[0]
    assert kind in ("image tag missing", "network", "certificate"), said


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_dockerfile_that_is_none(engine: Any, base: str, builder: str) -> None:
    said, _ = attempt(engine, builder, f"FROM {base}", "RUNN true")
    assert "RUNN" in said


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_the_image_is_the_last_stage_s(engine: Any, base: str, builder: str) -> None:
    lines = [f"FROM {base} AS first", "ENV A=1", "FROM first", "ENV B=2"]
    image = build.build(
        engine, {"Dockerfile": "\n".join(lines).encode()}, builder=builder, tell=lambda *_: None
    )
    try:
        assert {"A=1", "B=2"} <= set(engine.images.get(image).attrs["Config"]["Env"])
        assert engine.images.get(image).tags == []
    finally:
        engine.images.remove(image, force=True)


LINES = [
    ("disk full", "write /opt/x: no space left on device"),
    ("certificate", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]"),
    ("certificate", 'Get "https://registry.invalid/v2/": x509: certificate signed by unknown authority'),
    ("network", "W: Failed to fetch http://e/x  Temporary failure resolving 'e'"),
    ("network", "dial tcp: lookup registry.invalid: no such host"),
    ("image tag missing", "manifest for nvidia/cuda:11.8-runtime not found: manifest unknown"),
    ("image tag missing", "pull access denied for x, repository does not exist or may require"),
    ("apt version gone", "E: Version '1.2' for 'curl' was not found"),
    ("apt version gone", "E: Unable to locate package libgomp9"),
    ("no compiler", "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory"),
    ("hash mismatch", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
    ("failed", "the moon is in the wrong place"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_what_ended_a_build(kind: str, line: str) -> None:
    assert failures.classify(["fine so far", line])[0] == kind


def test_the_cause_is_told_before_its_consequence() -> None:
    log = ["CERTIFICATE_VERIFY_FAILED", "ERROR: No matching distribution found for six"]
    assert failures.classify(log)[0] == "certificate"


def field(number: int, value: bytes | int) -> bytes:
    """One protobuf field, written here once more."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


@given(
    digest=st.text(max_size=80), name=st.text(max_size=300), cached=st.booleans(),
    log=st.text(max_size=300), number=st.integers(0, 2**63),
)  # fmt: skip
def test_progress_is_read_as_it_was_written(
    digest: str, name: str, cached: bool, log: str, number: int
) -> None:
    vertex = (
        field(1, digest.encode()) + field(2, b"input") + field(3, name.encode())
        + field(4, int(cached)) + field(5, field(1, number)) + field(6, b"")
    )  # fmt: skip
    written = (
        field(1, vertex) + field(9, number) + field(3, field(1, b"d") + field(4, log.encode()))
    )
    found = list(trace.decode(base64.b64encode(written).decode()))
    assert found == [
        trace.Vertex(
            digest=digest, name=name, cached=cached, started=True, completed=True, error=""
        ),
        trace.Log(vertex="d", text=log),
    ]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_progress(data: bytes) -> None:
    list(trace.decode(base64.b64encode(data).decode()))
    list(trace.decode(data.decode("latin-1")))


def test_a_long_line_keeps_its_end_where_the_reason_is() -> None:
    line = "error running container: [" + "apt-get install; " * 200 + "]: cgroups are not supported"
    assert build._short(line).endswith("]: cgroups are not supported")
    assert build._short(line).startswith("error running container: [apt-get")
    assert len(build._short(line)) < 620
    assert build._short("short") == "short"


@pytest.fixture(scope="module")
def archive(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A stand-in for a standalone build: this machine's Python in an archive, where the engine reads.

    The real ones lie where no test reaches; how they are fetched, checked and unpacked is the same.
    """
    folder = tmp_path_factory.mktemp("archive")
    python = Path(interpreter("3.11")).resolve().parents[1]
    with tarfile.open(folder / "python.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(python, "python", filter=_small)
    digest = hashlib.sha256((folder / "python.tar.gz").read_bytes()).hexdigest()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/python.tar.gz", digest
    server.shutdown()
    server.server_close()


def _small(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return (
        None if {"test", "site-packages", "__pycache__"} & set(member.name.split("/")) else member
    )


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_standalone_python_is_unpacked_if_it_is_the_one_that_was_meant(
    engine: Any, base: str, archive: tuple[str, str], builder: str
) -> None:
    address, digest = archive
    python = PythonSource(
        version="3.11.9", how="standalone", executable="/usr/local/bin/python3",
        archive="https://example.org/python.tar.gz", archive_sha256=digest,
    )  # fmt: skip
    plan = make_plan(manifest("3.11.9", {}, DEBIAN_12), base)
    stages = list(dockerfile.base_stages(replace(plan, python=python)))
    text = render.dockerfile(stages).replace("https://example.org/python.tar.gz", address)
    made = build.build(engine, {"Dockerfile": text.encode()}, builder=builder, tell=_silent)
    said = engine.containers.run(
        made, ["sh", "-c", "/usr/local/bin/python3 -c 'import sys; print(sys.prefix)'; ls /opt"],
        remove=True,
    )  # fmt: skip
    assert said.split() == [b"/usr/local"]
    wrong = text.replace(digest, digest[::-1])
    with pytest.raises(BuildError, match=r"the build failed \(hash mismatch\)"):
        build.build(engine, {"Dockerfile": wrong.encode()}, builder=builder, tell=_silent)
    engine.images.remove(made, force=True)


def _silent(step: int, steps: int, text: str) -> None:
    del step, steps, text
