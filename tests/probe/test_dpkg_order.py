"""Whose a library is: asked of the lists that are named after it first, with the same answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envsnap.probe.readers import dpkg


def _database(folder: Path) -> dict[str, str]:
    owned = {
        "/usr/lib/x/libstdc++.so.6.0.30": "libstdc++6",
        "/lib/x/libz.so.1": "zlib1g",
        "/lib/x/libc.so.6": "libc6",
        "/usr/lib/x/libcrypto.so.3": "libssl3",
        "/usr/lib/x/libfoo_bar.so.2": "libfoo-bar2",
        "/opt/maker/lib/libodd.so": "maker-drivers",
    }
    for path, package in owned.items():
        (folder / f"{package}:amd64.list").write_text(f"/.\n/usr\n{path}\n/usr/share/doc\n")
    for number in range(200):
        (folder / f"other{number}.list").write_text("/.\n/usr/lib/x/libother.so\n")
    return {path.replace("/lib/x", "/usr/lib/x", path[:4] == "/lib"): package
            for path, package in owned.items()}  # fmt: skip


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the lists that are read."""
    names: list[str] = []

    def counted(path: str, mode: str) -> object:
        names.append(os.path.basename(path))
        return Path(path).open(mode)

    monkeypatch.setattr(dpkg, "INFO", str(tmp_path))
    monkeypatch.setattr(dpkg, "open", counted, raising=False)
    return names


def test_libraries_named_like_their_package_are_found_in_few_lists(
    tmp_path: Path, opened: list[str]
) -> None:
    owned = _database(tmp_path)
    odd = owned.pop("/opt/maker/lib/libodd.so")
    assert dpkg.owners(set(owned)) == owned
    assert len(opened) == len(owned)
    assert dpkg.owners({"/opt/maker/lib/libodd.so"}) == {"/opt/maker/lib/libodd.so": odd}


def test_a_file_of_nobody_is_looked_for_everywhere(tmp_path: Path, opened: list[str]) -> None:
    _database(tmp_path)
    assert dpkg.owners({"/usr/lib/x/libnobody.so.1"}) == {}
    assert len(opened) == 206


@pytest.mark.parametrize(
    "path",
    [
        "/usr/local/lib/libpython3.11.so.1.0",
        "/root/built/lib/libpython3.11.so.1.0",
        "/home/x/venv/lib/python3.11/lib-dynload/_ssl.so",
    ],
)
def test_no_list_is_read_for_a_file_where_no_package_may_lie(
    tmp_path: Path, opened: list[str], path: str
) -> None:
    _database(tmp_path)
    assert dpkg.owners({path}) == {}
    assert opened == []
