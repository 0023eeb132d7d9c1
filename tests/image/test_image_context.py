"""Writing a build context: whole, readable, and never through a link or over others' files."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.image.planning.plan import make_plan
from envsnap.image.writing import context
from envsnap.model import codec
from tests.image.dockerfile_reader import pairs, read
from tests.image.image_cases import manifest


def _files(**packages: str) -> dict[str, bytes]:
    whole = manifest(packages={"numpy": "1.26.4", **packages})
    return context.files(make_plan(whole), codec.encode(whole))


def test_the_context_holds_the_generated_files_only(tmp_path: Path) -> None:
    files = _files(torch="2.3.1+cu118")
    context.write(files, tmp_path / "new" / "folder")
    written = {item.name: item for item in (tmp_path / "new" / "folder").iterdir()}
    assert set(written) == {
        ".dockerignore", "Dockerfile", "dockerfile.json", "manifest.json",
        "requirements-cu118.txt", "requirements-libraries.txt",
    }  # fmt: skip
    for name, item in written.items():
        assert item.read_bytes() == files[name]
        assert stat.S_IMODE(item.lstat().st_mode) == 0o644


def test_dockerignore_lets_in_what_is_copied_and_nothing_else() -> None:
    files = _files(torch="2.3.1+cu118")
    lines = files[".dockerignore"].decode().splitlines()
    assert lines[0] == "*"
    copied = {
        name for word, rest in read(files["Dockerfile"].decode())
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    }  # fmt: skip
    assert {line[1:] for line in lines[1:]} == copied


def test_the_label_is_the_digest_of_the_plan_beside_it() -> None:
    files = _files()
    labels = {}
    for word, rest in read(files["Dockerfile"].decode()):
        if word == "LABEL":
            labels.update(pairs(rest))
    digest = hashlib.sha256(files["dockerfile.json"]).hexdigest()
    assert labels["io.envsnap.plan"] == f"sha256:{digest}"
    assert labels["io.envsnap.fingerprint"] == json.loads(files["manifest.json"])["fingerprint"]
    assert labels["org.opencontainers.image.base.name"] == "python:3.11.7-slim-bookworm"


def test_an_older_context_is_replaced_whole(tmp_path: Path) -> None:
    context.write(_files(torch="2.3.1+cu118"), tmp_path)
    (tmp_path / ".envsnap-abcd1234").write_bytes(b"left by a killed run")
    context.write(_files(), tmp_path)
    assert {item.name for item in tmp_path.iterdir()} == set(_files())


@pytest.mark.parametrize("name", ["notes.txt", "Dockerfile", "manifest.json", "requirements.txt"])
def test_files_of_others_are_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match="name an empty folder"):
        context.write(_files(), tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a22_a_link_in_the_folder_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "bashrc"
    victim.write_text("mine")
    folder = tmp_path / "out"
    context.write(_files(), folder)
    (folder / "Dockerfile").unlink()
    (folder / "Dockerfile").symlink_to(victim)
    with pytest.raises(InputError, match="symbolic link"):
        context.write(_files(), folder)
    assert victim.read_text() == "mine"


def test_a22_the_folder_itself_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="symbolic link"):
        context.write(_files(), tmp_path / "link")
    assert list((tmp_path / "real").iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(InputError, match="not a folder"):
        context.write(_files(), tmp_path / "x")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(InputError, match="cannot be made"):
        context.write(_files(), tmp_path / "x" / "out")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "Dockerfile\n", "x.sh", ""])
def test_a21_only_names_of_a_context_are_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="has this name"):
        context.write({**_files(), name: b"x"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a23_nothing_is_left_behind_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        context.write(_files(), tmp_path)
    assert list(tmp_path.iterdir()) == []
