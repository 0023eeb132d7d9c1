"""Sessions of several processes in one cache: who is alive, and what a dead one may have harmed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from envsnap.bisection.installed import Installed
from envsnap.bisection.store import Session, Store


def test_a_session_is_alive_from_its_first_moment_to_its_last(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    store = Store(str(tmp_path / "cache"))
    session = Session(store)
    assert list(store.dead()) == []
    for name in os.listdir(session.folder):  # closing a large one takes a while
        shutil.rmtree(os.path.join(session.folder, name))
    assert list(store.dead()) == []
    session.close()
    assert os.listdir(store.sessions) == []


def test_one_that_is_about_to_begin_is_not_dead(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "cache"))
    begun, old = (Path(store.sessions, name) for name in (".begun", ".old"))
    for folder in (begun, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    assert list(store.dead()) == []
    assert begun.is_dir()
    assert not old.exists()


def test_what_a_dead_process_left_is_dead(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "cache"))
    left = os.fork()
    if left == 0:
        Session(store)
        os._exit(0)
    os.waitpid(left, 0)
    assert [os.path.dirname(folder) for folder in store.dead()] == [store.sessions]


def test_a_file_that_is_gone_harmed_no_other_environment(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    info = site / "one-1.0.dist-info"
    info.mkdir(parents=True)
    empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    (info / "RECORD").write_text(f"one.py,{empty},0\ntwo.py,{empty},0\n")
    (site / "one.py").touch()
    assert Installed(str(tmp_path), str(site)).altered() == ()
    (site / "one.py").write_text("x")
    assert len(Installed(str(tmp_path), str(site)).altered()) == 1


def test_a_cache_beyond_its_limit_is_emptied_but_not_while_somebody_uses_it(
    tmp_path: Path,
) -> None:
    store = Store(str(tmp_path / "cache"))
    for folder in (store.uv, store.bytecode, store.logs):
        Path(folder, "kept").write_bytes(b"x" * 100_000)
    store.shrink(store.size())
    assert Path(store.uv, "kept").exists(), "it is not beyond its limit"
    session = Session(store)
    store.shrink(1)
    assert Path(store.uv, "kept").exists(), "a session lives"
    session.close()
    store.shrink(1)
    assert os.listdir(store.uv) == os.listdir(store.bytecode) == []
    assert os.listdir(store.logs) == ["kept"], "logs are results"
