"""A private index behind a password: asked on this host, carried in the context, told to nobody."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import warnings
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from envsnap.image.locking import indexes
from tests import engine as engines
from tests.conftest import Run, lacking
from tests.image.test_build_and_prove import base, engine, environment, trust
from tests.ports import free_port

__all__ = ["base", "engine"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
USER, PASSWORD = "deploy", "Zk7-unlikely-word"
NAME = "attrs"  # the public index has one of this name, too


def wheel(folder: Path, name: str, version: str, content: str) -> Path:
    """Write a wheel with one module."""
    import base64
    import hashlib

    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{file},sha256={digest.decode()},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a pypiserver that wants a password, and the wheel that it has."""
    # pypiserver is not imported here: it leaves an importer behind of which Python warns ever after.
    if find_spec("pypiserver") is None or find_spec("passlib") is None:
        lacking("pypiserver and passlib are not installed (the extra dev has them)")
    with warnings.catch_warnings(action="ignore"):  # passlib imports what is deprecated
        import passlib.apache
    folder = tmp_path_factory.mktemp("private")
    (folder / "packages").mkdir()
    made = wheel(folder / "packages", NAME, "99.1.0", "WHOSE = 'ours'\n")
    passwords = passlib.apache.HtpasswdFile(str(folder / "htpasswd"), new=True)
    passwords.set_password(USER, PASSWORD)
    passwords.save()
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "-a",
         "list,download,update", "-P", str(folder / "htpasswd"), "--disable-fallback",
         str(folder / "packages")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/simple/"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url)
            except urllib.error.HTTPError as error:
                assert error.code == 401
                break
            except OSError:
                time.sleep(0.1)
        yield url, made
    finally:
        server.terminate()
        server.wait(10)


def netrc(folder: Path) -> dict[str, str]:
    path = folder / "netrc"
    path.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    path.chmod(0o600)
    return {"NETRC": str(path)}


@pytest.fixture(scope="module")
def dev(engine: Any, base: str, private: tuple[str, Path]) -> Iterator[str]:
    """An environment with the private distribution and a public one."""
    made = private[1]
    image = environment(
        engine, base, [f"{NAME}==99.1.0", "six==1.16.0"], {made.name: made.read_bytes()}
    )
    yield image
    engine.images.remove(image, force=True)


def test_its_wheels_are_carried_and_nothing_of_it_is_told(
    engine: Any, dev: str, private: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    url, made = private
    assert envsnap("capture", "--image", dev, "-o", "dev.json").returncode == 0
    done = envsnap(
        "build", "dev.json", "-t", "envsnap-test:private", "-o", "context", "--index", f"corp={url}",
        *trust(), env=netrc(tmp_path), timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    image = engine.images.get("envsnap-test:private")
    said = engine.containers.run(
        image.id, ["python", "-c", f"import {NAME}; print({NAME}.WHOSE)"], remove=True
    )
    told = [done.stderr, done.stdout, json.dumps(image.attrs), json.dumps(image.history())]
    told += [
        path.read_bytes().decode("latin-1") for path in (tmp_path / "context").iterdir()
        if path.suffix != ".whl"
    ]  # fmt: skip
    layers = io.BytesIO(b"".join(image.save()))
    engine.images.remove("envsnap-test:private", force=True)
    assert said == b"ours\n"
    assert (tmp_path / "context" / made.name).read_bytes() == made.read_bytes()
    host = url.split("/")[2]
    for text in told:
        assert PASSWORD not in text
        assert host not in text
    with tarfile.open(fileobj=layers) as saved:
        for member in saved:
            stream = saved.extractfile(member) if member.isreg() else None
            if stream is not None:
                data = stream.read()
                assert PASSWORD.encode() not in data
                assert host.encode() not in data


@pytest.mark.parametrize("how", ["address", "variables"])
def test_credentials_come_from_where_the_user_keeps_them(
    dev: str, private: tuple[str, Path], envsnap: Run, tmp_path: Path, how: str
) -> None:
    url, made = private
    assert envsnap("capture", "--image", dev, "-o", "dev.json").returncode == 0
    env = {"NETRC": "/dev/null"}
    if how == "address":
        url = url.replace("://", f"://{USER}:{PASSWORD}@")
    else:
        env |= {"UV_INDEX_CORP_USERNAME": USER, "UV_INDEX_CORP_PASSWORD": PASSWORD}
    done = envsnap(
        "dockerfile", "dev.json", "-o", "context", "--resolve", "--index", f"corp={url}", env=env
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "context" / made.name).exists()
    assert PASSWORD not in done.stderr
    install = (tmp_path / "context" / "Dockerfile").read_text()
    assert "--no-index --find-links /tmp/envsnap/" in install


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables that lead to the user's keyring: the real program, with a backend of files."""
    folder = tmp_path_factory.mktemp("keyring")
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False)
    pip = [str(folder / "bin" / "pip"), "install", "-q", "keyring==25.7.0", "keyrings.alt==5.0.2"]
    if made.returncode or subprocess.run(pip, capture_output=True, check=False).returncode:
        lacking("keyring cannot be installed")
    return {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(folder / "data"),
        "NETRC": "/dev/null",
    }


@pytest.mark.parametrize("by_host", [False, True])
def test_the_keyring_knows_the_password_of_a_named_user(
    monkeypatch: pytest.MonkeyPatch, keyring: dict[str, str], *, by_host: bool
) -> None:
    """As uv asks it: for the address, then for its host. The password is not a plain word."""
    for name, value in keyring.items():
        monkeypatch.setenv(name, value)
    url = f"https://host{by_host:d}.example/simple/"
    service = url.split("/")[2] if by_host else url
    subprocess.run(
        ["keyring", "set", service, USER], input='a "b" \\ c', text=True, check=True
    )  # fmt: skip
    (found,) = indexes.read({"corp": url.replace("://", f"://{USER}@")})
    assert (found.url, found.user, found.password) == (url, USER, 'a "b" \\ c')
    (nobody,) = indexes.read({"corp": "https://elsewhere.example/simple/"})
    assert (nobody.user, nobody.password) == (None, None)


def test_without_a_password_it_is_refused_and_no_stranger_is_taken(
    dev: str, private: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    url, _ = private
    assert envsnap("capture", "--image", dev, "-o", "dev.json").returncode == 0
    for index in (("--index", f"corp={url}"), ()):
        done = envsnap(
            "dockerfile",
            "dev.json",
            "-o",
            "context",
            "--resolve",
            *index,
            env={"NETRC": "/dev/null"},
        )
        assert done.returncode in (2, 4), done.stderr
        assert not (tmp_path / "context").exists()
    bad = envsnap("dockerfile", "dev.json", "-o", "context", "--index", "corp=ftp://x")
    assert bad.returncode == 2
    assert engines.CERTIFICATES
