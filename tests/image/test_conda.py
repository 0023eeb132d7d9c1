"""Environments that conda made: an explicit list with digests, in a stage of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from envsnap.errors import InputError
from envsnap.image import facts
from envsnap.image.locking import uv
from envsnap.image.locking.lock import resolve
from envsnap.image.planning import conda
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Lock
from envsnap.image.writing import context, dockerfile, inside, render
from envsnap.model.python import Conda, Package
from tests import engine as engines
from tests.conftest import Run, lacking
from tests.image import conda_packages as made
from tests.image.image_cases import DEBIAN_12, UBUNTU_22, manifest

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
PROGRAM = Path(inside.__file__).parent / conda.PROGRAM
FORGE = "https://conda.example.org/forge"
DIGEST = "0" * 63


def by_conda(name: str, version: str, subdir: str = "linux-64", **facts: Any) -> Package:
    stated = {"url": f"{FORGE}/{subdir}/{name}-{version}-h0_0.conda", "sha256": DIGEST + "1"}
    return Package(version=version, conda=Conda(version=version, build="h0_0", **stated | facts))


def environment(**more: Package | str) -> dict[str, Package | str]:
    return {"python": by_conda("python", "3.10.13"), **more}


def test_conda_installs_in_a_stage_of_its_own() -> None:
    packages = environment(numpy=by_conda("numpy", "1.26.4"), six="1.16.0")
    plan = make_plan(manifest("3.10.13", packages, UBUNTU_22))
    assert plan.base.reference == "ubuntu:22.04"
    assert plan.python.how == "conda"
    assert plan.conda is not None
    assert plan.conda.lines == (
        f"{FORGE}/linux-64/numpy-1.26.4-h0_0.conda#sha256:{DIGEST}1",
        f"{FORGE}/linux-64/python-3.10.13-h0_0.conda#sha256:{DIGEST}1",
    )
    assert [line for group in plan.requirements for line in group.lines] == ["six==1.16.0"]


@pytest.mark.parametrize("name", ["_libgcc_mutex", "-libgcc-mutex"])  # now, and before
def test_names_that_only_conda_knows(name: str) -> None:
    mutex = by_conda("_libgcc_mutex", "0.1")
    plan = make_plan(manifest("3.10.13", environment(**{name: mutex})))
    assert plan.conda is not None
    assert len(plan.conda.lines) == 2


def test_what_pip_replaced_is_installed_over_it() -> None:
    newer = Package(version="2.0.0", conda=Conda(version="1.26.4", build="0", url=f"{FORGE}/linux-64/numpy-1.26.4-0.conda", md5="a" * 32))  # fmt: skip
    plan = make_plan(manifest("3.10.13", environment(numpy=newer)))
    assert plan.conda is not None
    assert f"{FORGE}/linux-64/numpy-1.26.4-0.conda#{'a' * 32}" in plan.conda.lines
    assert plan.requirements[0].lines == ("numpy==2.0.0",)
    assert any("MD5 alone" in item.why for item in plan.decisions)


def test_an_epoch_is_part_of_a_file_s_name() -> None:
    """x264 of conda-forge is x264-1!161.3030-h7f98852_1.tar.bz2."""
    url = f"{FORGE}/linux-64/x264-1!161.3030-h7f98852_1.tar.bz2"
    plan = make_plan(manifest("3.10.13", environment(x264=by_conda("x264", "1!161.3030", url=url))))
    assert plan.conda is not None
    assert f"{url}#sha256:{DIGEST}1" in plan.conda.lines


def test_a_package_that_cannot_be_fetched_stays_behind() -> None:
    for url in ("http://h.org/linux-64/mkl-1-0.conda", "https://10.0.0.5/linux-64/mkl-1-0.conda"):
        plan = make_plan(manifest("3.10.13", environment(mkl=by_conda("mkl", "1", url=url))))
        assert [item.path for item in plan.not_carried] == ["packages.mkl.conda"]


def test_python_s_own_package_must_be_known() -> None:
    bare = {"python": Package(version="3.10.13", format="conda")}
    with pytest.raises(InputError, match=r"packages\.python\.conda: conda-meta states no address"):
        make_plan(manifest("3.10.13", bare))


def test_without_a_pip_of_its_own_one_is_lent() -> None:
    plan = make_plan(manifest("3.10.13", environment(six="1.16.0")))
    text = render.dockerfile(dockerfile.build(plan))
    assert "/opt/venv/bin/python -m ensurepip" in text
    assert "uninstall --yes --quiet pip setuptools" in text
    with_pip = environment(six="1.16.0", pip=by_conda("pip", "24.0", "noarch"))
    text = render.dockerfile(dockerfile.build(make_plan(manifest("3.10.13", with_pip))))
    assert "ensurepip" not in text
    assert "uninstall" not in text


def test_only_files_are_taken_from_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "python-3.10.13-h0_0.conda")
    known = facts.read(manifest("3.10.13", environment()))
    assert conda.in_folder(known, str(tmp_path)) == {}


def test_no_line_is_longer_than_a_builder_reads() -> None:
    many = {f"p{n}": by_conda(f"p{n}", "1" * 60) for n in range(1500)}
    lock = Lock(
        artifacts={}, urls={}, sizes={}, folder={}, unhashed={},
        conda={f"p{n}-{'1' * 60}-h0_0.conda": Path("x") for n in range(1500)},
    )  # fmt: skip
    plan = make_plan(manifest("3.10.13", environment(**many)), "auto", lock)
    packages = {f"lib{n}{'x' * 60}": "1.0-1" for n in range(1000)}
    whole = manifest("3.11.7", {"numpy": "1.26.4"}, {**DEBIAN_12, "packages": packages})  # type: ignore[dict-item]
    for made_plan in (plan, make_plan(whole)):
        text = render.dockerfile(dockerfile.build(made_plan))
        assert max(map(len, text.split("\n"))) < 65_535
    packages["one-more"] = "1"
    with pytest.raises(InputError, match=r"system\.packages: more than 1000"):
        make_plan(whole)


def test_another_glibc_is_said() -> None:
    other = {"os_id": "rocky", "os_version": "9.3", "glibc": "2.34"}
    plan = make_plan(manifest("3.10.13", environment(), other))
    assert plan.base.reference == "ubuntu:22.04"
    told = {item.subject: item for item in plan.decisions}
    assert told["system.os"].certainty == "nearest"
    assert told["system.glibc"].why == "captured 2.34"


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"url": f"{FORGE}/osx-64/python-3.10.13-h0_0.conda"}, "osx-64"),
        ({"url": f"{FORGE}/linux-64/python 3.conda"}, "no address"),
        ({"url": f"{FORGE}/linux-64/x\n@EXPLICIT.conda"}, "no address"),
        ({"url": "https://user:pw@h.org/linux-64/python-3-0.conda"}, "--find-links"),
        ({"url": "https://nexus:8443/c/linux-64/python-3-0.conda"}, "--find-links"),
        ({"url": "@x/linux-64/python-3.10.13-h0_0.conda"}, "--find-links"),
        ({"url": None}, "no address"),
        ({"sha256": "0" * 64 + "\nhttps://evil.org"}, "no SHA-256"),
        ({"sha256": None, "md5": "$(id)"}, "no MD5"),
    ],
)
def test_hostile_conda_facts_are_refused(stated: dict[str, Any], says: str) -> None:
    whole = manifest("3.10.13", {"python": by_conda("python", "3.10.13", **stated)})
    with pytest.raises(InputError, match=says) as refused:
        make_plan(whole)
    assert "packages.python.conda" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_package_from_a_folder_needs_its_folder() -> None:
    local = by_conda("python", "3.10.13", url="file:///srv/pk/linux-64/python-3.10.13-h0_0.conda")
    whole = manifest("3.10.13", {"python": local})
    with pytest.raises(InputError, match="name the folder that it lies in with --find-links"):
        make_plan(whole)
    lock = Lock(
        artifacts={}, urls={}, sizes={}, folder={}, unhashed={},
        conda={"python-3.10.13-h0_0.conda": Path("pk/python-3.10.13-h0_0.conda")},
        conda_installer=("b" * 64,),
    )  # fmt: skip
    plan = make_plan(whole, "auto", lock)
    assert plan.conda is not None
    assert plan.conda.files == ("python-3.10.13-h0_0.conda",)
    assert plan.conda.installer.endswith(f"--hash=sha256:{'b' * 64}")
    with pytest.raises(InputError, match="name its folder again"):
        context.files(plan, b"{}")


def test_only_the_captured_file_of_a_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "python-3.10.13-h0_0.conda").write_bytes(b"right")
    (tmp_path / "numpy-1.26.4-h0_0.conda").write_bytes(b"wrong")
    sha256 = hashlib.sha256(b"right").hexdigest()
    packages = {
        "python": by_conda("python", "3.10.13", sha256=sha256),
        "numpy": by_conda("numpy", "1.26.4"),
    }
    known = facts.read(manifest("3.10.13", packages))
    assert list(conda.in_folder(known, str(tmp_path))) == ["python-3.10.13-h0_0.conda"]


def test_a_package_without_a_digest_binds_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    known = facts.read(manifest("3.10.13", environment(mkl=by_conda("mkl", "2023.1", sha256=None))))
    monkeypatch.setattr(uv, "ask", lambda *_: uv.Answer(candidates={
        conda.INSTALLER: (uv.Candidate(file="x.whl", url="https://x", sha256="c" * 64, wheel=True),)
    }, missing={}, yanked={}))  # fmt: skip
    with pytest.raises(InputError, match=r"packages\.mkl: conda-meta states no digest of it"):
        resolve(known)
    allowed = resolve(known, allow_unhashed=True)
    assert list(allowed.unhashed) == ["mkl"]
    assert allowed.conda_installer == ("c" * 64,)


def test_conda_packages_outside_a_conda_environment_stay_behind() -> None:
    plan = make_plan(manifest("3.11.7", {"mkl": by_conda("mkl", "2023.1")}, DEBIAN_12))
    assert plan.conda is None
    assert [item.path for item in plan.not_carried] == ["packages.mkl"]


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder of real conda packages, and their addresses."""
    try:
        import rattler  # noqa: F401
    except ImportError:
        lacking("py-rattler is not installed (the extra is called dev)")
    import ensurepip

    folder = tmp_path_factory.mktemp("channel")
    pip = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    short = f"{sys.version_info[0]}.{sys.version_info[1]}"
    executable = f"{sys.base_prefix}/bin/python{short}"
    full = ".".join(map(str, sys.version_info[:3]))
    return folder, [
        made.pack(folder, "python", full, made.python_files(executable, short)),
        made.pack(folder, "pip", pip.name.split("-")[1], [*made.wheel_files(pip)], noarch=True),
        made.pack(folder, "_libgcc_mutex", "0.1", [("share/mutex", b"", 0o644)]),
        made.pack(folder, "demo", "1.2", made.distribution("demo", "1.2", b"X = 1\n"), noarch=True),
    ]


def explicit(channel: tuple[Path, list[str]], place: Path) -> Path:
    """Write the explicit list of a channel's packages."""
    folder, urls = channel
    lines = ["# a list", "@EXPLICIT"]
    for url in urls:
        digest = hashlib.sha256((folder / url.rpartition("/")[2]).read_bytes()).hexdigest()
        lines.append(f"{url}#sha256:{digest}")
    place.write_text("\n".join(lines) + "\n")
    return place


def installed(listed: Path, prefix: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), str(listed), str(prefix)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_installer_takes_addresses(channel: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    for subdir in ("linux-64", "noarch"):
        (folder / subdir).symlink_to(channel[0])

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            listed = explicit(channel, tmp_path / "conda.txt")
            here = f"http://127.0.0.1:{server.server_port}"
            listed.write_text(listed.read_text().replace(FORGE, here))
            done = installed(listed, tmp_path / "env")
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 0, done.stderr
    said = subprocess.run(
        [tmp_path / "env/bin/python", "-c", "import demo, sys; print(demo.X, sys.prefix)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert said == ["1", str(tmp_path / "env")]
    told = json.loads((tmp_path / "env/conda-meta/demo-1.2-pyh0_0.json").read_text())
    assert told["url"].startswith("http://127.0.0.1:")
    assert "link" not in told


def test_a_script_that_fails_ends_the_installation(tmp_path: Path) -> None:
    try:
        import rattler  # noqa: F401
    except ImportError:
        lacking("py-rattler is not installed (the extra is called dev)")
    for code, name in ((0, "fine"), (3, "broken")):
        script = f'echo "$PKG_NAME $PKG_VERSION" > "$PREFIX/told"; exit {code}\n'.encode()
        files = [(f"bin/.{name}-post-link.sh", script, 0o755)]
        folder = tmp_path / name
        folder.mkdir()
        listed = explicit((folder, [made.pack(folder, name, "1.0", files)]), folder / "conda.txt")
        done = installed(listed, folder / "env")
        assert (folder / "env/told").read_text() == f"{name} 1.0\n"
        assert done.returncode == (1 if code else 0)
        assert ("exit code 3" in done.stderr) is bool(code)


def test_the_installer_refuses_another_file(
    channel: tuple[Path, list[str]], tmp_path: Path
) -> None:
    listed = explicit(channel, tmp_path / "conda.txt")
    for file in channel[0].iterdir():
        data = file.read_bytes()
        (tmp_path / file.name).write_bytes(data + b" " if file.name.startswith("demo") else data)
    done = installed(listed, tmp_path / "env")
    assert done.returncode == 1
    assert "demo-1.2-pyh0_0.tar.bz2: its sha256 is" in done.stderr
    assert not (tmp_path / "env").exists()


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with engines.session() as client:
        yield client


def test_a_conda_environment_is_built_and_proven(
    engine: Any, channel: tuple[Path, list[str]], envsnap: Run, tmp_path: Path
) -> None:
    folder = channel[0]
    listed = explicit(channel, folder / "conda.txt")
    prefix = tmp_path / "env"
    done = installed(listed, prefix)
    assert done.returncode == 0, done.stderr
    pip = [str(prefix / "bin/python"), "-m", "pip", "install", "-q", "--no-deps", "six==1.16.0"]
    subprocess.run(pip, check=True)
    base = engines.debian(engine)
    context_folder = tmp_path / "context"
    context_folder.mkdir()
    with tarfile.open(context_folder / "env.tar", "w") as tar:
        tar.add(prefix, "env")
    (context_folder / "Dockerfile").write_text(f"FROM {base}\nADD env.tar /srv/\n")
    image, _ = engine.images.build(path=str(context_folder), rm=True)
    python = "/srv/env/bin/python"
    done = envsnap("capture", "--image", image.id, "--python", python, "-o", "dev.json")
    assert done.returncode == 0, done.stderr

    whole = json.loads((tmp_path / "dev.json").read_text())
    assert whole["sections"]["packages"]["entries"]["python"]["conda"]["build"] == "h0_0"
    full = ".".join(map(str, sys.version_info[:3]))
    stand_in = engines.slim(engine, base, f"{sys.base_prefix}/bin/python3", full)
    trust = ("--extra-ca", engines.CERTIFICATES) if Path(engines.CERTIFICATES).exists() else ()
    made_images = set()
    for out in ("out", "again"):
        done = envsnap(
            "build", "dev.json", "-t", "envsnap-test:conda", "--find-links", str(folder),
            "--reproducible", "--no-cache", "-o", out,
            "--base-image", f"{make_plan_image()}={stand_in}", *trust,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        proof = json.loads((tmp_path / out / "proof.json").read_text())
        assert proof["proven"] is True
        assert proof["differs"] == []
        made_images.add(done.stdout.strip())
    assert len(made_images) == 1
    said = engine.containers.run(
        "envsnap-test:conda", ["python", "-c", "import demo, six; print(demo.X, six.__version__)"],
        remove=True, network_disabled=True,
    )  # fmt: skip
    assert said.split() == [b"1", b"1.16.0"]


def make_plan_image() -> str:
    plan = make_plan(manifest("3.10.13", environment()))
    assert plan.conda is not None
    return plan.conda.image
