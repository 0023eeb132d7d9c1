"""Locks: the one file that was installed, found by its RECORD, from a folder and from an index.

The index is a folder of this test, served over http by it; uv asks it as it asks any other.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import envsnap
from envsnap import api
from envsnap.errors import BuildError, InputError
from envsnap.image.locking import pylock
from envsnap.image.planning.plan import make_plan
from envsnap.image.writing import context
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from envsnap.model.python import Origin, Package
from tests.conftest import COMMAND, Run, lacking
from tests.image.image_cases import DEBIAN_12, manifest

try:
    from envsnap.image.locking import uv

    uv.executable()
    HAS_UV = True
except InputError:
    HAS_UV = False


@pytest.fixture(autouse=True)
def _needs_uv() -> None:
    if not HAS_UV:
        lacking("uv is not installed (the extra is called lock)")


def wheel(
    folder: Path,
    name: str,
    version: str,
    text: str,
    tag: str = "py3-none-any",
    *,
    data: bool = False,
) -> Path:
    """A wheel with one module; with `data`, also files that installing moves."""
    stem = f"{name.replace('-', '_')}-{version}"
    files = {
        f"{name.replace('-', '_')}.py": text.encode(),
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    if data:
        files[f"{stem}.data/purelib/moved_{name}.py"] = b"moved = 1\n"
        files[f"{stem}.data/scripts/run-{name}"] = b"#!python\nprint(1)\n"
        files[f"{stem}.data/data/share/{name}.txt"] = b"shared\n"
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    rows.append(f"{stem}.dist-info/RECORD,,\n")
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, content in files.items():
            archive.writestr(inner, content)
        archive.writestr(f"{stem}.dist-info/RECORD", "".join(rows))
    return path


def sdist(folder: Path, name: str, version: str, setup: str) -> Path:
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for inner, text in (
            ("setup.py", setup),
            ("PKG-INFO", f"Metadata-Version: 1.0\nName: {name}\nVersion: {version}\n"),
        ):
            member = tarfile.TarInfo(f"{name}-{version}/{inner}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Index:
    """A package index: files by distribution, and what was withdrawn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, list[Path]] = {}
        self.yanked: dict[str, str] = {}
        self.hashes = True
        self.ranges = True
        self.url = ""

    def add(self, name: str, path: Path) -> Path:
        self.files.setdefault(name, []).append(path)
        return path

    def page(self, name: str) -> str:
        rows = []
        for path in self.files[name]:
            digest = f"#sha256={sha256(path)}" if self.hashes else ""
            why = self.yanked.get(path.name)
            mark = f' data-yanked="{why}"' if why else ""
            rows.append(f'<a href="/files/{path.name}{digest}"{mark}>{path.name}</a>')
        return "<html><body>" + "\n".join(rows) + "</body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from an index; `serve` makes a subclass for each."""

    index: Index

    def do_GET(self) -> None:
        kind, _, name = self.path.strip("/").partition("/")
        if kind == "simple" and name in self.index.files:
            self.answer(200, self.index.page(name).encode(), "text/html")
        elif kind == "files":
            self.send_file((self.index.folder / name).read_bytes())
        else:
            self.answer(404, b"none", "text/plain")

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_file(self, data: bytes) -> None:
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not match or not self.index.ranges:
            self.answer(200, data, "application/octet-stream")
            return
        first, last = match.groups()
        start = int(first) if first else max(0, len(data) - int(last))
        end = int(last) + 1 if first and last else len(data)
        piece = data[start:end]
        shown = f"bytes {start}-{start + len(piece) - 1}/{len(data)}"
        self.answer(206, piece, "application/octet-stream", ("Content-Range", shown))

    def answer(self, code: int, data: bytes, kind: str, *more: tuple[str, str]) -> None:
        self.send_response(code)
        for key, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *more):
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def serve(index: Index) -> http.server.ThreadingHTTPServer:
    bound = type("Bound", (Handler,), {"index": index})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), bound)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    folder = tmp_path / "files"
    folder.mkdir()
    made = Index(folder)
    server = serve(made)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", made.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    yield made
    server.shutdown()
    server.server_close()


def installed(wheels: list[Path], tmp_path: Path) -> dict[str, Package]:
    """What the real probe says of a real installation of these wheels."""
    venv = tmp_path / "venv"
    subprocess.run([uv.executable(), "venv", "-q", "-p", sys.executable, str(venv)], check=True)
    pins = ["==".join(path.name.split("-")[:2]) for path in wheels]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(venv), "install", "-q", "--no-index",
         "--no-deps", "--find-links", str(wheels[0].parent), *pins],
        check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [COMMAND, "capture", "--python", str(venv / "bin" / "python"), "--no-import"],
        check=True, capture_output=True,
    )  # fmt: skip
    sections = codec.decode(done.stdout, "installed").manifest.sections
    return dict(sections.packages.entries)


def holding(packages: dict[str, Package]) -> Manifest:
    return manifest("3.11.7", packages, DEBIAN_12)


def test_the_file_whose_record_is_installed_is_chosen(index: Index, tmp_path: Path) -> None:
    """Two wheels of one version and one set of tags differ in one byte: RECORD tells them apart."""
    plain = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    moved = index.add("beta", wheel(index.folder, "beta", "2.0", "b = 1\n", data=True))
    packages = installed([plain, moved], tmp_path)
    found = api.lock(holding(packages))
    assert {name: item.proof for name, item in found.artifacts.items()} == {
        "alpha": "record",
        "beta": "record",
    }
    assert found.artifacts["alpha"].sha256 == sha256(plain)
    assert found.artifacts["beta"].sha256 == sha256(moved)


def test_the_public_function_may_be_called_twice(index: Index, tmp_path: Path) -> None:
    made = wheel(index.folder, "alpha", "1.0", "a = 1\n")
    whole = holding(installed([index.add("alpha", made)], tmp_path))
    assert envsnap.lock(whole).artifacts == envsnap.lock(whole).artifacts != {}


def test_a_stranger_s_configuration_does_not_choose_the_index(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv looks for uv.toml in all folders above the one it works in, and everybody may write /tmp."""
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    whole = holding(installed([made], tmp_path))
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    (shared / "idx").mkdir()
    (shared / "uv.toml").write_text(f'no-index = true\nfind-links = ["{shared}/idx"]\n')
    monkeypatch.setenv("TMPDIR", str(shared / "mine"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(shared / "mine")
    assert api.lock(whole).artifacts["alpha"].sha256 == sha256(made)


def test_same_version_other_build_is_refused_and_named(index: Index, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    packages = installed([wheel(there, "alpha", "1.0", "a = 1\n")], tmp_path)
    index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 2\n"))
    with pytest.raises(InputError, match=r"packages\.alpha: alpha-1.0-py3-none-any.whl of the"):
        api.lock(holding(packages))
    allowed = api.lock(holding(packages), allow_unhashed=True)
    assert allowed.artifacts == {}
    assert list(allowed.unhashed) == ["alpha"]
    plan = make_plan(holding(packages), "auto", allowed)
    assert [group.file for group in plan.requirements] == ["requirements-unhashed.txt"]
    assert plan.requirements[0].lines == ("alpha==1.0",)
    assert plan.requirements[0].hashed is False
    assert plan.unhashed == ("alpha",)


def test_a_build_number_does_not_mislead(index: Index, tmp_path: Path) -> None:
    first = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    packages = installed([first], tmp_path)
    other = wheel(tmp_path, "alpha", "1.0", "a = 2\n")
    index.add("alpha", other.rename(index.folder / "alpha-1.0-2-py3-none-any.whl"))
    assert api.lock(holding(packages)).artifacts["alpha"].sha256 == sha256(first)


def test_a_wheel_of_a_folder_comes_first_and_into_the_context(index: Index, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    own = wheel(mine, "gamma", "1.0+cpu", "g = 1\n")
    wheel(mine, "delta", "9.0", "another version\n")
    (mine / "broken.whl").write_bytes(b"no wheel")
    packages = installed([own], tmp_path)
    index.add("delta", wheel(index.folder, "delta", "1.0", "d = 1\n"))
    whole = holding({**packages, "delta": Package(version="1.0")})
    found = api.lock(whole, find_links=str(mine))
    assert found.artifacts["gamma"].source == "folder"
    assert found.artifacts["gamma"].proof == "record"
    assert found.artifacts["delta"].proof == "tags"
    plan = make_plan(whole, "auto", found)
    files = context.files(plan, b"{}\n", found.folder)
    assert files["gamma-1.0+cpu-py3-none-any.whl"] == own
    assert b"!gamma-1.0+cpu-py3-none-any.whl\n" in files[".dockerignore"]
    context.write(files, tmp_path / "out")
    copied = tmp_path / "out" / "gamma-1.0+cpu-py3-none-any.whl"
    assert copied.read_bytes() == own.read_bytes()
    assert f"gamma==1.0+cpu --hash=sha256:{sha256(own)}" in plan.requirements[0].lines
    dockerfile = files["Dockerfile"].decode()
    assert "--no-index --find-links /tmp/envsnap/ --require-hashes" in dockerfile


def test_a_folder_s_wheel_of_another_build_is_not_taken(index: Index, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    packages = installed([wheel(mine, "gamma", "1.0", "g = 1\n")], tmp_path)
    wheel(mine, "gamma", "1.0", "g = 2\n")
    with pytest.raises(InputError, match=r"packages\.gamma: the index has no gamma 1\.0"):
        api.lock(holding(packages), find_links=str(mine))


def test_an_editable_install_is_stood_in_for(index: Index, tmp_path: Path) -> None:
    assert index
    wheel(tmp_path, "app", "0.1", "x = 1\n")
    whole = holding({"app": Package(version="0.1", editable=True)})
    found = api.lock(whole, find_links=str(tmp_path))
    assert found.artifacts["app"].proof == "stand-in"
    plan = make_plan(whole, "auto", found)
    assert plan.not_carried == ()
    (told,) = [item for item in plan.decisions if item.subject == "packages.app"]
    assert (told.certainty, told.why) == ("nearest", "this wheel stands in for an editable install")


def test_a_wheel_that_was_installed_by_path_is_found_by_its_digest(
    index: Index, tmp_path: Path
) -> None:
    assert index
    own = wheel(tmp_path, "app", "0.1", "x = 1\n")
    origin = Origin(url="file:///home/me/app-0.1-py3-none-any.whl", sha256=sha256(own))
    whole = holding({"app": Package(version="0.1", origin=origin)})
    plan = make_plan(whole, "auto", api.lock(whole, find_links=str(tmp_path)))
    (line,) = plan.requirements[0].lines
    assert line == f"app @ file:///tmp/envsnap/{own.name}#sha256={sha256(own)}"
    other = Origin(url="file:///home/me/x.whl", sha256="0" * 64)
    elsewhere = holding({"app": Package(version="0.1", origin=other)})
    left = make_plan(elsewhere, "auto", api.lock(elsewhere, find_links=str(tmp_path))).not_carried
    assert [item.path for item in left] == ["packages.app"]


def test_no_code_of_an_sdist_runs_here(index: Index, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    setup = f"open({str(canary)!r}, 'w').write('ran')\nfrom setuptools import setup\nsetup(name='evil', version='1.0')\n"
    made = index.add("evil", sdist(index.folder, "evil", "1.0", setup))
    whole = holding({"evil": Package(version="1.0", record_sha256="0" * 64)})
    found = api.lock(whole)
    assert not canary.exists()
    assert (found.artifacts["evil"].kind, found.artifacts["evil"].proof) == ("sdist", "source")
    assert found.artifacts["evil"].sha256 == sha256(made)
    plan = make_plan(whole, "auto", found)
    (group,) = plan.requirements
    assert (group.file, group.build, group.hashed) == ("requirements-source.txt", True, True)


def test_a_withdrawn_release_is_said(index: Index) -> None:
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    index.yanked[made.name] = "broken on Tuesdays"
    whole = holding({"alpha": Package(version="1.0")})
    found = api.lock(whole)
    assert found.artifacts["alpha"].yanked == "broken on Tuesdays"
    assert any("withdrew it (broken on Tuesdays)" in line for line in pylock.notes(whole, found))


def test_a8_a_missing_hash_is_refused_before_anything_is_written(
    index: Index, envsnap: Run, tmp_path: Path
) -> None:
    index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    whole = holding({"alpha": Package(version="1.0"), "gone": Package(version="3.0")})
    (tmp_path / "it.json").write_bytes(codec.encode(whole))
    for command in (
        ["lock", "it.json", "-o", "out"], ["dockerfile", "it.json", "--resolve", "-o", "out"],
    ):  # fmt: skip
        done = envsnap(*command)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert "packages.gone: the index has no gone 3.0 for this Python" in done.stderr
        assert not (tmp_path / "out").exists()
    allowed = envsnap("dockerfile", "it.json", "--allow-unhashed", "-o", "out")
    assert allowed.returncode == 0, allowed.stderr
    text = (tmp_path / "out" / "Dockerfile").read_text()
    assert 'io.envsnap.unhashed="gone"' in text
    assert (tmp_path / "out" / "requirements-unhashed.txt").read_text().endswith("gone==3.0\n")
    assert "alpha==1.0 --hash=" in (tmp_path / "out" / "requirements.txt").read_text()


@pytest.mark.parametrize(
    "name", ["x$(id)-1.0-py3-none-any.whl", "x y-1.0-py3-none-any.whl", "x\n-1.0-py3-none-any.whl",
             "-r-1.0-py3-none-any.whl", "x-1.0;id-py3-none-any.whl", "x.whl", "..whl"],
)  # fmt: skip
def test_a_wheel_of_an_odd_name_is_no_wheel(index: Index, tmp_path: Path, name: str) -> None:
    assert index
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"packages\.x: the index has no x 1\.0"):
        api.lock(holding({"x": Package(version="1.0")}), find_links=str(folder))


def test_one_missing_version_does_not_hide_the_others(index: Index) -> None:
    packages = {}
    for number in range(7):
        name = f"p{number}"
        index.add(name, wheel(index.folder, name, "1.0", f"{number}\n"))
        packages[name] = Package(version="1.0")
    packages["p3"] = Package(version="9.9")
    packages["nowhere"] = Package(version="1.0")
    found = api.lock(holding(packages), allow_unhashed=True)
    assert sorted(found.artifacts) == ["p0", "p1", "p2", "p4", "p5", "p6"]
    assert sorted(found.unhashed) == ["nowhere", "p3"]


def test_what_an_index_does_not_hash_is_fetched_and_hashed(index: Index) -> None:
    index.hashes = False
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    found = api.lock(holding({"alpha": Package(version="1.0")}))
    assert found.artifacts["alpha"].sha256 == sha256(made)


def test_a_server_that_knows_no_ranges(index: Index, tmp_path: Path) -> None:
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n" * 40000))
    packages = installed([made], tmp_path)
    index.ranges = False
    assert api.lock(holding(packages)).artifacts["alpha"].proof == "record"


def test_record_is_found_in_a_large_wheel_by_ranges(index: Index, tmp_path: Path) -> None:
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n" * 400_000))
    packages = installed([made], tmp_path)
    assert api.lock(holding(packages)).artifacts["alpha"].proof == "record"


def test_no_answer_of_the_index_is_no_refusal_of_the_manifest(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError, match="no answer from the package index"):
        api.lock(holding({"alpha": Package(version="1.0")}))


def test_the_lock_as_pylock_is_valid_and_complete(index: Index, tmp_path: Path) -> None:
    from packaging.pylock import Pylock

    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    source = index.add("omega", sdist(index.folder, "omega", "2.0", ""))
    whole = holding({"alpha": Package(version="1.0"), "omega": Package(version="2.0")})
    text = pylock.render(whole, api.lock(whole))
    tree = tomllib.loads(text)
    Pylock.from_dict(tree).validate()
    first, second = tree["packages"]
    assert first["wheels"][0]["hashes"] == {"sha256": sha256(made)}
    assert first["wheels"][0]["url"].endswith(f"/files/{made.name}")
    assert second["sdist"]["hashes"] == {"sha256": sha256(source)}
    assert tree["requires-python"] == "==3.11.*"
    unhashed = api.lock(holding({"zeta": Package(version="1.0")}), allow_unhashed=True)
    with pytest.raises(InputError, match="no place for distributions without a hash: zeta"):
        pylock.render(whole, unhashed)


def test_repositories_and_what_is_left_out_stand_in_the_lock(index: Index) -> None:
    from packaging.pylock import Pylock

    index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    commit = "0123456789abcdef0123456789abcdef01234567"
    origin = Origin(
        url="https://git.example/mono.git", vcs="git", commit=commit, subdirectory="py/part"
    )
    whole = holding(
        {
            "alpha": Package(version="1.0"),
            "part": Package(version="2.0", origin=origin),
            "ours": Package(version="3.0", origin=Origin(url="file:///srv/ours")),
        }
    )
    lock = api.lock(whole)
    text = pylock.render(whole, lock)
    tree = tomllib.loads(text)
    Pylock.from_dict(tree).validate()
    (part,) = (item for item in tree["packages"] if item["name"] == "part")
    assert part["version"] == "2.0"
    assert part["vcs"] == {
        "type": "git", "url": "https://git.example/mono.git", "commit-id": commit, "subdirectory": "py/part",
    }  # fmt: skip
    told = "# left out: packages.ours: installed from a local file or folder"
    assert told in text
    assert told in pylock.requirements_text(whole, lock)


def test_pip_installs_what_the_lock_names_and_nothing_else(index: Index, tmp_path: Path) -> None:
    made = index.add("alpha", wheel(index.folder, "alpha", "1.0", "a = 1\n"))
    packages = installed([made], tmp_path)
    text = pylock.requirements_text(holding(packages), api.lock(holding(packages)))
    (tmp_path / "lock.txt").write_text(text)
    command = [
        sys.executable, "-m", "pip", "install", "-q", "--no-deps",
        "--require-hashes", "--only-binary", ":all:", "--index-url", index.url,
        "--target", str(tmp_path / "target"), "-r", str(tmp_path / "lock.txt"),
    ]  # fmt: skip
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    wheel(index.folder, "alpha", "1.0", "a = 3\n")
    index.hashes = False
    changed = subprocess.run(
        [*command[:-3], str(tmp_path / "other"), *command[-2:]], check=False, capture_output=True
    )
    assert changed.returncode == 1
    assert b"DO NOT MATCH THE HASHES" in changed.stderr


def test_a_requirements_file_is_for_pip_and_not_for_an_image(index: Index, tmp_path: Path) -> None:
    """What pip noted of a wheel file, and what no index has: neither leads into a build's folder."""
    mine = tmp_path / "mine"
    mine.mkdir()
    own = wheel(mine, "gamma", "1.0", "g = 1\n")
    address = Origin(url=f"file:///gone/{own.name}", sha256=sha256(own))
    packages = {"gamma": Package(version="1.0", origin=address), "nowhere": Package(version="1.0")}
    lock = api.lock(holding(packages), find_links=str(mine), allow_unhashed=True)
    told = pylock.requirements_text(holding(packages), lock)
    assert f"\ngamma==1.0 --hash=sha256:{sha256(own)}\n" in told
    assert f"# --find-links has to name the folder of: {own.name}\n" in told
    assert "has no hash: pip install --no-deps nowhere==1.0\n" in told
    assert "/tmp/envsnap" not in told
    assert index.folder.is_dir()
