"""The system's packages: which are needed, at which version, from which archive."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.planning import apt
from envsnap.image.planning.extras import Extras, add
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Plan
from envsnap.image.writing import context, dockerfile, render
from envsnap.model.compute import Framework, Library
from tests import engine as engines
from tests.conftest import Run
from tests.image.image_cases import DEBIAN_12, UBUNTU_22, manifest
from tests.image.test_build_and_prove import image_of

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
DEBIAN_13 = {"os_id": "debian", "os_version": "13", "glibc": "2.41"}
GOMP = "12.2.0-14+deb12u1"
MAPPED = {
    "libgomp.so.1": Library(
        path="/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0", build_id="ab", package="libgomp1"
    )
}


def plan(system: dict[str, str] = DEBIAN_12, source: str = "captured", **packages: str) -> Plan:
    found = packages or {"libgomp1": GOMP, "libc6": "2.36-9+deb12u4", "libcuda1": "535.1-1"}
    whole = manifest(
        "3.13.13" if system is DEBIAN_13 else "3.11.7",
        {"numpy": "1.26.4"},
        {**system, "packages": found},  # type: ignore[dict-item]
        frameworks={"torch": Framework(distribution="torch", mapped_on_import=MAPPED)},
    )
    return add(make_plan(whole), whole, Extras(apt=source))[0]


def written(made: Plan) -> str:
    return render.dockerfile(dockerfile.build(made))


def test_the_captured_release_gets_the_captured_versions() -> None:
    made = plan()
    assert made.base.system == "debian 12"
    assert made.apt == (f"libgomp1={GOMP}",)
    assert "hadolint ignore" not in written(made)
    assert [item.certainty for item in made.decisions if item.subject == "apt"] == ["exact"]
    assert apt.pinned(made) == {"libgomp1"}


def test_another_release_gets_what_a_table_knows() -> None:
    made = plan(UBUNTU_22)
    assert made.apt == ("libgomp1",)
    assert [item.certainty for item in made.decisions if item.subject == "apt"] == ["nearest"]


def test_the_latest_versions_on_demand() -> None:
    made = plan(source="latest")
    assert made.apt == ("libgomp1",)
    assert "the day of the build" in next(d.why for d in made.decisions if d.choice == "latest")


def test_a_date_where_apt_knows_dates() -> None:
    made = plan(DEBIAN_13, "20260901T000000Z")
    assert "apt-get update --snapshot 20260901T000000Z; \\" in written(made)
    assert "--no-install-recommends --snapshot 20260901T000000Z libgomp1" in written(made)
    with pytest.raises(InputError, match="the apt of debian 12 takes no date"):
        plan(source="20260901T000000Z")


def test_an_address_becomes_the_only_source() -> None:
    made = plan(source="http://archive.example.org/debian/20260901T000000Z")
    files = context.files(made, b"{}")
    assert files["apt.list"] == (
        b"deb [check-valid-until=no] http://archive.example.org/debian/20260901T000000Z SUITE main\n"
    )
    assert "COPY apt.list /etc/apt/sources.list" in written(made)
    assert b"!apt.list\n" in files[".dockerignore"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "source", ["tomorrow", "2026-09-01", "http://a b/c", "ftp://a.org/x", "http://a.org/x\nRUN id"]
)
def test_other_sources_are_refused(source: str) -> None:
    with pytest.raises(InputError, match="--apt: "):
        plan(source=source)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("lib;id", "1"),
        ("libgomp1", "1; id"),
        ("-oDebug", "1"),
        ("libgomp1", "$(id)"),
        ("l\n", "1"),
        ("curl-", "1"),
        ("curl+", "1"),
        ("a.+", "1"),
        ("li*", "1"),
        ("a/b", "1"),
        (".x", "1"),
        ("curl", "1.0-"),
        ("curl", "1.0+"),
        ("curl", "1 2"),
        ("curl", "*"),
    ],
)
def test_hostile_packages_are_refused(name: str, version: str) -> None:
    with pytest.raises(InputError, match=r"system\.packages") as refused:
        plan(**{name: version})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["g++", "libstdc++-12-dev", "libglib2.0-0", "libdb5.3t64", "python3.11", "libc++1-14"]
)
def test_real_names_are_accepted(name: str) -> None:
    assert validate.APT_PACKAGE.fullmatch(name)


def test_a_library_of_a_package_that_nobody_names_is_said() -> None:
    library = Library(path="/usr/lib/x86_64-linux-gnu/libevil.so.1", package="nosuch")
    whole = manifest(
        "3.11.7",
        {"numpy": "1.26.4"},
        {**DEBIAN_12, "packages": {"libgomp1": "1"}},  # type: ignore[dict-item]
        frameworks={"torch": Framework(mapped_on_import={"libevil.so.1": library})},
    )
    left = [item.path for item in make_plan(whole).not_carried]
    assert left == ['frameworks.torch.mapped_on_import["libevil.so.1"]']


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


def test_libraries_that_a_package_loads_from_the_system(
    engine: Any, envsnap: Run, tmp_path: Path
) -> None:
    """OpenCV with windows needs libGL: without it in the image, importing it fails."""
    base = engines.debian(engine)
    certificates = Path(engines.CERTIFICATES)
    here = certificates.exists()
    trust = "export PIP_CERT=/tmp/ca.crt; " if here else ""
    image = image_of(
        engine,
        [
            f"FROM {base}",
            "COPY ca.crt /tmp/",
            "RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0",
            (
                f"RUN {trust}python3 -m venv /srv/venv && /srv/venv/bin/pip install -q --no-deps"
                " --no-cache-dir numpy==1.26.4 opencv-python==4.8.1.78"
            ),
            'ENV PATH="/srv/venv/bin:$PATH"',
        ],
        {"ca.crt": certificates.read_bytes() if here else b""},
    )
    done = envsnap("capture", "--image", image, "-o", "dev.json")
    assert done.returncode == 0, done.stderr
    packages = json.loads((tmp_path / "dev.json").read_text())["sections"]["system"]["packages"]
    asked = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages]
    stated = engine.containers.run(image, asked, remove=True).decode()
    assert packages == dict(line.split() for line in stated.splitlines())
    assert {"libc6", "libgl1", "libglib2.0-0"} <= set(packages)

    mirror = engine.containers.run(
        image, ["sh", "-c", "grep -h ^deb /etc/apt/sources.list /etc/apt/sources.list.d/* | head -1"],
        remove=True,
    ).decode().split()  # fmt: skip
    archive = next(word for word in mirror if word.startswith("http"))
    more = ("--extra-ca", engines.CERTIFICATES) if here else ()
    done = envsnap(
        "build", "dev.json", "-t", "envsnap-test:apt", "-o", "out", "--apt", archive, *more
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out/Dockerfile").read_text()
    assert f"libgl1={packages['libgl1']}" in lines
    said = engine.containers.run(
        "envsnap-test:apt", ["python", "-c", "import cv2; print(cv2.__version__)"], remove=True
    )
    assert said.strip() == b"4.8.1"
    subprocess.run(
        ["sed", "-i", f's/"libgl1": "[^"]*"/"libgl1": "{packages["libgl1"]}0"/', "dev.json"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    done = envsnap("build", "dev.json", "-t", "envsnap-test:apt", *more)
    assert done.returncode == 4
    assert "apt version gone" in done.stderr
