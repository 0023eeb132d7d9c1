"""End to end with a real Docker Engine: an environment is captured, locked, built and proven.

The environment lives in an image of its own on Debian bookworm, made here, so that everything it
holds can be had again. Then it is spoilt, and the proof has to name what was spoilt.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import envsnap
from envsnap import api
from tests import engine as engines
from tests.conftest import Run, interpreter, lacking

# docker-py leaves connections of its pool to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

ROOT = Path(__file__).parents[2]
CONFIG = b"logging:\n  level: DEBUG\nbatch: 8\n"
SMALL = ("six==1.16.0", "attrs==23.1.0", "numpy==1.26.4", "typing-extensions==4.8.0")
TORCH = "torch==2.13.0+cpu"
TORCH_NEEDS = (
    "filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4", "markupsafe==3.0.1", "mpmath==1.3.0",
    "networkx==3.4.1", "numpy==1.26.4", "sympy==1.13.3", "typing-extensions==4.12.2",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


@pytest.fixture(scope="module")
def base(engine: Any) -> str:
    return engines.debian(engine)


@pytest.fixture(autouse=True)
def _needs_uv() -> None:
    from envsnap.errors import InputError
    from envsnap.image.locking import uv

    try:
        uv.executable()
    except InputError:
        lacking("uv is not installed (the extra is called lock)")


def image_of(engine: Any, lines: list[str], files: dict[str, bytes]) -> str:
    """Build an image from a Dockerfile's lines with the classic builder; returns its ID."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in {"Dockerfile": "\n".join(lines).encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    data.seek(0)
    image, _ = engine.images.build(fileobj=data, custom_context=True, rm=True, forcerm=True)
    return str(image.id)


def environment(
    engine: Any, base: str, packages: list[str], wheels: dict[str, bytes] | None = None
) -> str:
    """An image in which a developer installed packages into a virtual environment."""
    wheels = wheels or {}
    ca = Path(engines.CERTIFICATES)
    files = {
        "packages.txt": "\n".join(packages).encode(),
        "settings.yaml": CONFIG,
        "ca.crt": ca.read_bytes() if ca.exists() else b"",
        **wheels,
    }
    trust = "export PIP_CERT=/tmp/made/ca.crt; " if ca.exists() else ""
    install = (
        "/srv/venv/bin/pip install -q --no-deps --no-cache-dir --find-links /tmp/made"
        " -r /tmp/made/packages.txt"
    )
    return image_of(
        engine,
        [
            f"FROM {base} AS build",
            f"COPY packages.txt ca.crt {' '.join(wheels)} /tmp/made/",
            f"RUN {trust}/usr/bin/python3 -m venv /srv/venv && {install}",
            f"FROM {base}",
            "COPY --from=build /srv/venv /srv/venv",
            "COPY settings.yaml /srv/settings.yaml",
            'ENV PATH="/srv/venv/bin:$PATH" OMP_NUM_THREADS="3" PYTHONHASHSEED="7"',
            'ENV XLA_FLAGS="--a=$(id) \\"b\\" \\${PATH}"',
        ],
        files,
    )


def captured(envsnap: Run, image: str, *options: str) -> None:
    done = envsnap(
        "capture", "--image", image, "--label", "dev", "-o", "dev.json",
        "--config", "app=/srv/settings.yaml", *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def trust() -> tuple[str, ...]:
    """What a build needs behind a proxy with a certificate of its own."""
    return ("--extra-ca", engines.CERTIFICATES) if os.path.exists(engines.CERTIFICATES) else ()


def proof_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "proof.json").read_text())


@pytest.fixture(scope="module")
def dev(engine: Any, base: str) -> Iterator[str]:
    image = environment(engine, base, list(SMALL))
    yield image
    engine.images.remove(image, force=True)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_bytes(CONFIG)
    return path


def test_proven_on_both_builders_with_one_image_id(
    engine: Any, dev: str, envsnap: Run, tmp_path: Path, settings: Path
) -> None:
    """Twice without cache on BuildKit, once on the classic builder: one ID, no difference."""
    captured(envsnap, dev)
    found = []
    for number, builder in enumerate(("buildkit", "buildkit", "classic")):
        done = envsnap(
            "build", "dev.json", "-t", f"envsnap-test:prove{number}", "-o", f"context{number}",
            "--builder", builder, "--no-cache", "--reproducible",
            "--config", f"app={settings}", "--cmd", "python -c 'print(1)'", *trust(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        proof = proof_in(tmp_path / f"context{number}")
        image = engine.images.get(f"envsnap-test:prove{number}")
        assert proof["proven"] is True
        assert proof["differs"] == []
        assert proof["subject"] == f"image {image.id}"
        assert proof["facts"] - proof["reproduced"] == len(proof["announced"])
        assert {item["path"] for item in proof["announced"]} <= {"env_vars.PATH"}
        assert proof["reproduced"] > 40
        found.append(image.id)
        assert done.stdout.strip() == image.id
    assert len(set(found)) == 1
    config = engine.images.get(found[0]).attrs["Config"]
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["python", "-c", "print(1)"]
    assert 'XLA_FLAGS=--a=$(id) "b" ${PATH}' in config["Env"]
    assert config["Labels"]["org.opencontainers.image.base.name"] == "debian:bookworm"
    manifest = json.loads((tmp_path / "dev.json").read_text())
    assert config["Labels"]["io.envsnap.fingerprint"] == manifest["fingerprint"]
    listing = engine.containers.run(
        found[0], ["/bin/sh", "-c", "ls -l /app; find / -xdev -name '*extra-ca*' 2>/dev/null || :"],
        remove=True,
    ).decode()  # fmt: skip
    assert "settings.yaml" in listing
    assert "extra-ca" not in listing
    for number in range(3):
        engine.images.remove(f"envsnap-test:prove{number}", force=True)


@pytest.fixture(scope="module")
def built(
    engine: Any, dev: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The image of the small environment, and the folder with its manifest and plan."""
    from tests.conftest import COMMAND

    folder = tmp_path_factory.mktemp("built")
    (folder / "settings.yaml").write_bytes(CONFIG)
    for arguments in (
        ["capture", "--image", dev, "-o", "dev.json", "--config", "app=/srv/settings.yaml"],
        ["build", "dev.json", "-t", "envsnap-test:built", "-o", "context", "--config",
         "app=settings.yaml", *trust()],
    ):  # fmt: skip
        done = subprocess.run(
            [COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    yield "envsnap-test:built", folder
    engine.images.remove("envsnap-test:built", force=True)


def test_the_public_function_may_be_called_twice(built: tuple[str, Path], engine: Any) -> None:
    """From the plan and the files that the image was built from."""
    _, folder = built
    manifest = envsnap.load(str(folder / "dev.json"))
    plan = api.load_plan(str(folder / "context" / "dockerfile.json"))
    files: dict[str, bytes | Path] = {
        path.relative_to(folder / "context").as_posix(): path
        for path in (folder / "context").rglob("*")
        if path.is_file() and path.name != "proof.json"
    }
    first, second = (envsnap.build(manifest, plan, files) for _ in range(2))
    assert first == second == engine.images.get(first).id


INSTALL = "export PIP_CERT=/tmp/ca.crt; /opt/venv/bin/pip install -q --no-deps --no-cache-dir "
SITE = "/opt/venv/lib/python3.11/site-packages"
SABOTAGE = [
    ("another version", f"RUN {INSTALL} six==1.15.0", "packages.six.version"),
    ("one package more", f"RUN {INSTALL} toml==0.10.2", "packages.toml"),
    ("one package less", "RUN /opt/venv/bin/pip uninstall -q -y attrs", "packages.attrs"),
    ("one byte", f"RUN sed -i '$s/$/ /' {SITE}/six.py", "packages.six.altered"),
    ("a file less", f"RUN rm {SITE}/attr/__init__.py", "packages.attrs.missing"),
    ("edited metadata", f"RUN sed -i 's/^six.py.*/six.py,sha256=abc,1/' {SITE}/six-1.16.0.dist-info/RECORD",
     "packages.six.record_sha256"),
    ("a shadow", "ENV OMP_NUM_THREADS=4", "env_vars.OMP_NUM_THREADS"),
    ("a variable less", "ENV PYTHONHASHSEED=", "env_vars.PYTHONHASHSEED"),
    ("a changed config", "RUN sed -i s/DEBUG/INFO/ /app/settings.yaml", "configs.app.logging.level"),
    ("a lost config", "RUN rm /app/settings.yaml", "configs.app.sha256"),
    ("optimised Python", "ENV PYTHONOPTIMIZE=2", "python.optimize"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "path"), [row[1:] for row in SABOTAGE], ids=[r[0] for r in SABOTAGE]
)
def test_every_sabotage_is_named(
    engine: Any, built: tuple[str, Path], envsnap: Run, tmp_path: Path, line: str, path: str
) -> None:
    image, folder = built
    ca = Path(engines.CERTIFICATES)
    spoilt = image_of(
        engine,
        [f"FROM {image}", "USER 0", "COPY ca.crt /tmp/ca.crt", line, "USER 10001"],
        {"ca.crt": ca.read_bytes() if ca.exists() else b""},
    )
    try:
        done = envsnap(
            "verify", folder / "dev.json", "--image", spoilt, "-o", "proof.json",
            "--plan", folder / "context" / "dockerfile.json", "--config", "app=/app/settings.yaml",
        )  # fmt: skip
    finally:
        engine.images.remove(spoilt, force=True)
    assert done.returncode == 5, done.stderr
    assert "NOT proven" in done.stderr
    differs = {
        item["path"] for item in json.loads((tmp_path / "proof.json").read_text())["differs"]
    }
    assert path in differs
    assert f"differs: {path}: " in done.stderr


def test_what_is_not_spoilt_is_proven_anywhere(
    engine: Any, built: tuple[str, Path], envsnap: Run
) -> None:
    """The image, a container of it with a network, and the image's Python as a host's."""
    image, folder = built
    plan = ("--plan", folder / "context" / "dockerfile.json", "--config", "app=/app/settings.yaml")
    again = envsnap("verify", folder / "dev.json", "--image", image, *plan)
    assert again.returncode == 0, again.stderr
    with engines.running(engine, image) as container:
        inside = envsnap("verify", folder / "dev.json", "--container", container.name, *plan)
    assert inside.returncode == 0, inside.stderr
    here = envsnap("verify", folder / "dev.json", "--python", sys.executable)
    assert here.returncode == 5


def test_the_limit_is_the_one_of_diff(engine: Any, built: tuple[str, Path], envsnap: Run) -> None:
    image, folder = built
    spoilt = image_of(engine, [f"FROM {image}", "ENV OMP_NUM_THREADS=4"], {})
    options = (
        "verify", folder / "dev.json", "--image", spoilt, "--plan",
        folder / "context" / "dockerfile.json", "--config", "app=/app/settings.yaml",
    )  # fmt: skip
    codes = {
        level: envsnap(*options, "--fail-on", level).returncode
        for level in ("info", "error", "never")
    }
    engine.images.remove(spoilt, force=True)
    assert codes == {"info": 5, "error": 0, "never": 0}


def test_an_image_that_is_not_proven_gets_no_name(
    engine: Any, dev: str, base: str, envsnap: Run, tmp_path: Path, settings: Path
) -> None:
    """The base stands in for another and holds a variable that changes results."""
    captured(envsnap, dev)
    other = "envsnap-test:other"
    engine.images.get(image_of(engine, [f"FROM {base}", "ENV PYTHONOPTIMIZE=1"], {})).tag(other)
    done = envsnap(
        "build", "dev.json", "-t", "envsnap-test:unproven", "-o", "context",
        "--base-image", f"debian:bookworm={other}",
        "--config", f"app={settings}", *trust(),
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "differs: python.optimize: captured 0, inside 1" in done.stderr
    assert "was not named envsnap-test:unproven" in done.stderr
    assert done.stdout == ""
    assert engine.images.list("envsnap-test:unproven") == []
    proof = proof_in(tmp_path / "context")
    assert proof["proven"] is False
    engine.images.remove(proof["subject"].removeprefix("image "), force=True)
    engine.images.remove(other, force=True)


def test_a_context_that_was_made_without_a_network_builds_with_docker_alone(
    engine: Any, dev: str, envsnap: Run, tmp_path: Path
) -> None:
    """Exact versions without hashes, and a plan that says beforehand what will be otherwise."""
    captured(envsnap, dev)
    made = envsnap("dockerfile", "dev.json", "-o", "context", *trust())
    assert made.returncode == 0, made.stderr
    assert "exact version, without hashes" in made.stderr
    image, _ = engine.images.build(path=str(tmp_path / "context"), rm=True, forcerm=True)
    done = envsnap("verify", "dev.json", "--image", image.id, "-o", "proof.json")
    engine.images.remove(image.id, force=True)
    assert done.returncode == 0, done.stderr
    proof = json.loads((tmp_path / "proof.json").read_text())
    assert {item["path"] for item in proof["announced"]} == {"configs.app", "env_vars.PATH"}


def test_a_config_that_is_not_the_captured_one_is_refused(
    dev: str, envsnap: Run, tmp_path: Path
) -> None:
    captured(envsnap, dev)
    (tmp_path / "other.yaml").write_text("logging: {level: INFO}\n")
    done = envsnap("build", "dev.json", "-t", "x:1", "--config", "app=other.yaml", "-o", "context")
    assert done.returncode == 2
    assert "configs.app: other.yaml is not the file that was captured" in done.stderr
    assert not (tmp_path / "context").exists()


def built_with(
    engine: Any, envsnap: Run, folder: Path, builder: str, *options: str
) -> dict[str, Any]:
    """Build with one builder, and return the proof; the image is removed."""
    done = envsnap(
        "build", "dev.json", "-t", "envsnap-test:large", "-o", builder, "--builder", builder,
        *options, *trust(), timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engine.images.remove("envsnap-test:large", force=True)
    return proof_in(folder / builder)


def test_a_hundred_packages(
    engine: Any, base: str, envsnap: Run, tmp_path: Path, settings: Path
) -> None:
    lines = (ROOT / "benchmarks" / "packages.txt").read_text().splitlines()
    large = {"pandas", "scipy", "transformers", "grpcio", "sentencepiece", "matplotlib"}
    names = [line for line in lines if line and not line.startswith("#") and line not in large]
    image = environment(engine, base, names)
    try:
        captured(envsnap, image)
        proofs = [
            built_with(engine, envsnap, tmp_path, builder, "--config", f"app={settings}")
            for builder in ("buildkit", "classic")
        ]
    finally:
        engine.images.remove(image, force=True)
    assert (
        len(json.loads((tmp_path / "dev.json").read_text())["sections"]["packages"]["entries"])
        > 100
    )
    for proof in proofs:
        assert proof["differs"] == []
        assert proof["reproduced"] > 400


def test_torch(engine: Any, base: str, envsnap: Run, tmp_path: Path, settings: Path) -> None:
    wheels = tmp_path / "wheels"
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
         "--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "-d", str(wheels),
         "--extra-index-url", "https://download.pytorch.org/whl/cpu", TORCH],
        capture_output=True, check=False,
    )  # fmt: skip
    if fetched.returncode:
        lacking(f"no wheel of {TORCH} can be had")
    (wheel,) = wheels.iterdir()
    image = environment(engine, base, [TORCH, *TORCH_NEEDS], {wheel.name: wheel.read_bytes()})
    try:
        captured(envsnap, image)
        more = ("--find-links", str(wheels), "--config", f"app={settings}")
        proofs = [
            built_with(engine, envsnap, tmp_path, builder, *more)
            for builder in ("buildkit", "classic")
        ]
    finally:
        engine.images.remove(image, force=True)
    sections = json.loads((tmp_path / "dev.json").read_text())["sections"]
    assert sections["frameworks"]["entries"]["torch"]["imported"] is True
    assert [proof["differs"] for proof in proofs] == [[], []]
    plan = json.loads((tmp_path / "buildkit" / "dockerfile.json").read_text())
    (torch,) = [item for item in plan["artifacts"] if item["name"] == "torch"]
    assert (torch["source"], torch["proof"], torch["file"]) == ("folder", "record", wheel.name)


def test_what_apt_installs_is_reproducible_too(
    engine: Any, dev: str, envsnap: Run, settings: Path
) -> None:
    """The base has no Python here: apt brings it, with its caches, logs and dates."""
    captured(envsnap, dev)
    engines.debian(engine, "envsnap-test:minimal", "bookworm", python=False)
    found = set()
    for builder in ("buildkit", "classic"):
        done = envsnap(
            "build", "dev.json", "-t", "envsnap-test:apt", "--builder", builder, "--no-cache",
            "--reproducible", "--base-image", "debian:bookworm=envsnap-test:minimal",
            "--config", f"app={settings}", *trust(), timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    engine.images.remove("envsnap-test:apt", force=True)
    assert len(found) == 1


def test_a_host_s_environment_on_a_slim_base(
    engine: Any, base: str, envsnap: Run, tmp_path: Path
) -> None:
    """A virtual environment of this very machine, on a Python that is not a distribution's."""
    from envsnap.image.locking import uv
    from envsnap.image.planning import images

    python = interpreter("3.11")
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    if "bookworm" not in images.slim().get(version, ()):
        lacking(f"no slim image of Python {version} on bookworm is listed")
    engines.slim(engine, base, python, version)
    venv = tmp_path / "venv"
    subprocess.run([uv.executable(), "venv", "-q", "-p", python, str(venv)], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(venv), "install", "-q", "--no-deps", *SMALL],
        check=True, capture_output=True,
    )  # fmt: skip
    made = envsnap("capture", "--python", venv / "bin" / "python", "-o", "host.json")
    assert made.returncode == 0, made.stderr
    done = envsnap("build", "host.json", "-t", "envsnap-test:slim", "-o", "context", *trust())
    engine.images.remove("envsnap-test:slim", force=True)
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "context" / "dockerfile.json").read_text())
    if plan["base"]["reference"] != f"python:{version}-slim-bookworm":
        lacking("this machine is not Debian 12: another base was decided")
    assert proof_in(tmp_path / "context")["differs"] == []


def test_dev_in_one_release_and_prod_in_another(engine: Any, base: str, envsnap: Run) -> None:
    for name in ("bullseye", "trixie"):
        image = engines.debian(engine, f"debian:{name}")
        done = envsnap("capture", "--image", image, "--label", name, "-o", f"{name}.json")
        assert done.returncode == 0, done.stderr
    assert base
    found = envsnap("diff", "bullseye.json", "trixie.json", "--format", "json")
    assert found.returncode == 1
    paths = {item["path"] for item in json.loads(found.stdout)["results"][0]["findings"]}
    assert {"python.version", "system.glibc"} <= paths
