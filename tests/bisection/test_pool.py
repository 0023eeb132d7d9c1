"""Environments that are linked from what uv installed once."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from envsnap.bisection.environments import Environments, Tools
from envsnap.bisection.store import Session, Store
from envsnap.image.locking.uv import executable
from tests.bisection.wheels import wheel

ENTRY = {"entry_points.txt": "[console_scripts]\nsay-where = pool_script:main\n"}
MAIN = "import sys\ndef main() -> None:\n    print(sys.prefix)\n"


@pytest.fixture(name="made")
def _made(tmp_path: Path, world: object) -> Iterator[Environments]:
    """Environments of four distributions, two of which have a file of the same name."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1", "2"):
        wheel(wheels, "pool-plain", version, f"value = {version}\n")
    info = {f"pool_script-1.dist-info/{name}": text for name, text in ENTRY.items()}
    wheel(wheels, "pool-script", "1", MAIN, more=info)
    for name in ("pool-left", "pool-right"):
        wheel(wheels, name, "1", "", more={"pool_shared/__init__.py": f"owner = {name!r}\n"})
    store = Store()
    session = Session(store)
    try:
        yield Environments(store, session, tools(store, wheels))
    finally:
        session.close()


def tools(store: Store, wheels: Path, cache: str | None = None) -> Tools:
    """This Python, uv, and a cache: the store's own where none is named."""
    tag = str(sysconfig.get_config_var("SOABI"))
    return Tools(
        python=sys.executable, tag=tag, uv=executable(), cache=cache or store.uv,
        find_links=str(wheels),
    )  # fmt: skip


def said(*words: str | Path) -> str:
    """What a program prints, without the variables of this shell."""
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={})
    return done.stdout.strip()


def test_a_script_starts_the_python_of_its_own_environment(made: Environments) -> None:
    first = made.get({"pool-script": "1"})
    second = made.get({"pool-script": "1", "pool-plain": "1"})
    for environment in (first, second):
        assert said(os.path.join(environment.bin, "say-where")) == environment.folder
        assert environment.installed.altered() == (), "RECORD speaks of the script that is there"
    source = os.path.join(first.site, "pool_script.py")
    assert os.path.samefile(source, os.path.join(second.site, "pool_script.py")), "not linked"


def test_a_script_that_was_edited_is_found_and_harms_no_other(made: Environments) -> None:
    first = made.get({"pool-script": "1"})
    with open(os.path.join(first.bin, "say-where"), "a", encoding="utf-8") as stream:
        stream.write("print('edited')\n")
    assert [name.partition("-")[0] for name in made.after(first)] == ["pool_script"]
    again = made.get({"pool-script": "1"})
    assert said(os.path.join(again.bin, "say-where")) == again.folder


def test_what_was_edited_through_its_link_is_installed_anew(made: Environments) -> None:
    first = made.get({"pool-plain": "1", "pool-script": "1"})
    with open(os.path.join(first.site, "pool_plain.py"), "a", encoding="utf-8") as stream:
        stream.write("value = 9\n")
    assert made.after(first) != ()
    for pins in ({"pool-plain": "1"}, {"pool-plain": "1", "pool-script": "1"}):
        again = made.get(pins)
        told = said(again.python, "-c", "import pool_plain; print(pool_plain.value)")
        assert told == "1", pins


@pytest.mark.parametrize("name", ["pool-left", "pool-right"])
def test_of_two_with_one_file_each_has_its_own_where_it_is_alone(
    made: Environments, name: str
) -> None:
    both = made.get({"pool-left": "1", "pool-right": "1"})
    ask = "import pool_shared; print(pool_shared.owner)"
    assert said(both.python, "-c", ask) in ("pool-left", "pool-right")
    assert said(made.get({name: "1"}).python, "-c", ask) == name


def test_what_cannot_be_had_is_named_and_the_rest_is_ready(made: Environments) -> None:
    lacking = made.obtainable({"pool-plain": "7", "pool-left": "1", "pool-script": "1"})
    assert list(lacking) == ["pool-plain"]
    environment = made.get({"pool-left": "1", "pool-script": "1"})
    assert environment.versions() == {"pool-left": "1", "pool-script": "1"}


def test_what_a_dead_trial_in_an_image_edited_is_in_no_cache_any_more(
    tmp_path: Path, uv: str
) -> None:
    assert uv
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "pool-plain", "1", "value = 1\n")
    store = Store()
    cache = os.path.join(store.images, "an-image")
    pins = {"pool-plain": "1"}
    dead = Session(store)
    first = Environments(store, dead, tools(store, wheels, cache)).get(pins)
    with open(os.path.join(first.site, "pool_plain.py"), "a", encoding="utf-8") as stream:
        stream.write("value = 9\n")
    assert dead._lock is not None
    os.close(dead._lock)  # its process is gone
    assert len(list(store.dead())) == 1
    for place in (None, cache):
        session = Session(store)
        try:
            environments = Environments(store, session, tools(store, wheels, place))
            environments.sweep()
            told = said(
                environments.get(pins).python, "-c", "import pool_plain; print(pool_plain.value)"
            )
        finally:
            session.close()
        assert told == "1", place


def test_what_was_imported_once_is_compiled_in_every_environment_after_it(
    made: Environments,
) -> None:
    first = made.get({"pool-plain": "1"})
    said(first.python, "-c", "import pool_plain")
    assert made.after(first) == ()
    ask = "import pool_plain, os; print(os.stat(pool_plain.__cached__).st_ino)"
    inodes = {said(made.get(pins).python, "-B", "-c", ask) for pins in (
        {"pool-plain": "1"}, {"pool-plain": "1", "pool-script": "1"},
    )}  # fmt: skip
    assert len(inodes) == 1
