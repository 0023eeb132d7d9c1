"""How a container is run, and what an image says of itself: both against the plan, on a real engine."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import docker
import pytest
from msgspec.structs import replace

from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import settings
from envsnap.model import paths
from tests import engine as engines
from tests.conftest import Run
from tests.image.image_cases import manifest
from tests.image.test_build_and_prove import base, engine, image_of
from tests.image.test_sabotage import NAMED, proven

__all__ = ["base", "engine", "proven"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_where_and_by_what_a_container_was_started(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    words = ["verify", str(folder / "dev.json"), *NAMED, "--container"]
    with engines.running(engine, image, dns=["10.9.9.9"], privileged=True) as container:
        as_it_is = envsnap(*words, container.name)
    assert as_it_is.returncode == 0, as_it_is.stderr
    assert "servers of names from outside: 10.9.9.9" in as_it_is.stderr
    assert "rights from outside: privileged" in as_it_is.stderr
    with engines.running(
        engine, image, working_dir="/tmp", entrypoint=["/usr/bin/env"]
    ) as container:
        elsewhere = envsnap(*words, container.name)
    assert elsewhere.returncode == 5, elsewhere.stderr
    assert "differs: image.working_folder" in elsewhere.stderr
    assert "differs: image.entrypoint" in elsewhere.stderr


def test_the_manifest_that_an_image_carries_is_the_plans(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    _, folder = proven
    context = tmp_path / "context"
    shutil.copytree(folder / "context", context)
    text = (context / "manifest.json").read_text()
    (context / "manifest.json").write_text(
        text.replace('"architecture": "x86_64"', '"architecture": "z80"')
    )
    assert (context / "manifest.json").read_text() != text
    made, _ = engine.images.build(path=str(context), rm=True)
    try:
        done = envsnap("verify", str(folder / "dev.json"), "--image", made.id, *NAMED)
    finally:
        engine.images.remove(made.id, force=True)
    assert done.returncode == 5, done.stderr
    assert "differs: image.manifest" in done.stderr


def test_what_a_container_is_given_in_the_place_of_the_images(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    words = ["verify", str(folder / "dev.json"), *NAMED, "--container"]
    with engines.running(
        engine, image, tmpfs={"/app/data": ""}, environment={"APP_CONF": "other.json"},
        security_opt=["seccomp=unconfined"], stop_signal="SIGKILL",
        healthcheck={"test": ["NONE"]},
    ) as container:  # fmt: skip
        named = envsnap(*words, container.name)
    assert named.returncode == 0, named.stderr
    assert "mounted from outside: /app/data" in named.stderr
    assert "set for the container, and not in the image: APP_CONF" in named.stderr
    assert "security options from outside: seccomp=unconfined" in named.stderr
    assert "other than the image's: Healthcheck, StopSignal" in named.stderr
    pairs = engine.images.get(image).attrs["Config"]["Env"]
    path = next(pair.partition("=")[2] for pair in pairs if pair.startswith("PATH="))
    with engines.running(engine, image, environment={"PATH": f"{path}:/srv"}) as container:
        other = envsnap(*words, container.name)
    assert other.returncode == 5, other.stderr
    assert "differs: image.env.PATH" in other.stderr


def test_a_file_that_root_writes_beside_a_running_application(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    with engines.running(
        engine, image, sysctls={"net.ipv4.ip_forward": "0"}, dns_search=["corp.example"]
    ) as container:
        done = container.exec_run(["sh", "-c", "echo x > /app/late.bin"], user="root")
        assert done.exit_code == 0, done.output
        told = envsnap("verify", str(folder / "dev.json"), *NAMED, "--container", container.name)
    assert told.returncode == 5, told.stderr
    assert "/app/late.bin" in told.stderr
    assert "by user 0, whom the program does not run as" in told.stderr
    assert "settings of the kernel from outside: net.ipv4.ip_forward" in told.stderr
    assert "domains to look in from outside: corp.example" in told.stderr


SAME_AGAIN = """\
RUN touch $(find /app /opt/venv/bin -type f) && chmod --reference=/etc/hostname /etc/hostname; \
/opt/venv/bin/python -m compileall -q -f /opt/venv/lib; mkdir -p /root/.cache/pip && date > /root/.cache/pip/x; \
date > /root/.bash_history; true
"""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (SAME_AGAIN, 0),
        ("RUN f=$(find /opt/venv/lib -name '*.py' | head -1) && echo '# x' >> $f\n", 5),
        ("RUN chmod 4755 /usr/bin/env\n", 5),
    ],
)
def test_files_of_a_layer_that_are_what_lies_below(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path, line: str, code: int
) -> None:
    image, folder = proven
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nUSER root\n{line}USER 10001:10001\n")
    made, _ = engine.images.build(path=str(tmp_path), rm=True)
    try:
        done = envsnap("verify", str(folder / "dev.json"), "--image", made.id, *NAMED)
    finally:
        engine.images.remove(made.id, force=True)
    assert done.returncode == code, done.stderr


def test_a_base_that_was_replaced_under_its_name(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    _, folder = proven
    plan = json.loads((folder / "context" / "dockerfile.json").read_text())
    reference = plan["base"]["reference"]
    before = engine.images.get(reference)
    assert plan["base"]["layers"] == before.attrs["RootFS"]["Layers"]
    other = image_of(engine, [f"FROM {reference}", "RUN echo : > /etc/profile.d/x.sh"], {})
    name, _, version = reference.rpartition(":")
    made = None
    try:
        engine.images.get(other).tag(name, version)
        made, _ = engine.images.build(path=str(folder / "context"), rm=True)
        done = envsnap("verify", str(folder / "dev.json"), "--image", made.id, *NAMED)
    finally:
        before.tag(name, version)
        if made is not None:
            engine.images.remove(made.id, force=True)
        with contextlib.suppress(docker.errors.APIError):  # stages of the build stand on it
            engine.images.remove(other, force=True)
    assert done.returncode == 5, done.stderr
    assert "/etc/profile.d/x.sh" in done.stderr


def test_layers_that_were_joined_to_one(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    image, folder = proven
    container = engine.containers.create(image)
    try:
        files = b"".join(container.export())
    finally:
        container.remove()
    engine.api.import_image_from_data(files, repository="envsnap-test", tag="flat")
    words = ("--plan", folder / "context" / "dockerfile.json", "-o", tmp_path / "proof.json")
    try:
        done = envsnap(
            "verify", folder / "dev.json", "--image", "envsnap-test:flat", *NAMED, *words
        )
    finally:
        engine.images.remove("envsnap-test:flat", force=True)
    assert done.returncode == 5, done.stderr
    found = [item["path"] for item in json.loads((tmp_path / "proof.json").read_text())["differs"]]
    assert "image.base" in found


class Started:
    """A container as an engine describes it: a stand-in, since only its description counts here."""

    def __init__(self, tmpfs: dict[str, str]) -> None:
        self.attrs = {"HostConfig": {"Tmpfs": tmpfs}, "Config": {}}


@pytest.mark.parametrize(
    ("mount", "hidden"),
    [("/app/assets", ["assets/vocab.json"]), ("/app", ["assets/vocab.json", "main.py"]), ("/tmp", []), ("/app/as", [])],
)  # fmt: skip
def test_an_empty_file_system_hides_files_of_the_plan(mount: str, hidden: list[str]) -> None:
    plan = replace(
        make_plan(manifest()), app_files={"main.py": "0" * 64, "assets/vocab.json": "1" * 64}
    )
    found = settings._hidden(Started({mount: ""}), plan)
    assert [item.path for item in found] == [
        paths.text(("image", "files", f"/app/{name}")) for name in hidden
    ]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/root/.ssh/authorized_keys", True), ("/app/.netrc", True), ("/home/app/.config/pip/pip.conf", True),
        ("/app/numpy-9.9.dist-info/METADATA", True), ("/app/out/result.json", False), ("/app/cache/x.bin", False),
    ],
)  # fmt: skip
def test_what_is_read_of_a_users_counts_in_a_container_that_runs(path: str, counts: bool) -> None:
    found, rest = settings.since_start({path: True}, make_plan(manifest()), {})
    assert (len(found), len(rest)) == ((1, 0) if counts else (0, 1))


@pytest.mark.parametrize("others", [{"/app/out/cache.bin": 0}, {}])
def test_a_file_of_another_user_beside_the_application_counts(others: dict[str, int]) -> None:
    files = {"/app/out/cache.bin": True}
    found, rest = settings.since_start(files, make_plan(manifest()), others)
    assert (len(found), len(rest)) == ((1, 0) if others else (0, 1))


def test_a_journal_of_a_database_of_the_plan_counts() -> None:
    plan = replace(make_plan(manifest()), app_files={"facts.db": "0" * 64})
    found, rest = settings.since_start({"/app/facts.db-wal": True, "/app/x-wal": True}, plan, {})
    assert ([item.path[-20:] for item in found], len(rest)) == (['["/app/facts.db-wal"]'[-20:]], 1)
