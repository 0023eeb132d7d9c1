"""A fresh environment for each set of pins, made by uv from a cache of ours."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from envsnap.bisection import store as stores
from envsnap.bisection import supervised
from envsnap.bisection.bytecode import Bytecode
from envsnap.bisection.captured import Captured
from envsnap.bisection.installed import WITNESS, Installed, named
from envsnap.bisection.pool import Pool
from envsnap.errors import BuildError
from envsnap.intake.messages import clean_message

TIMEOUT = 3600.0
HERE = os.path.dirname(__file__)
# Where an index is found and trusted stays the user's; how uv behaves does not.
KEPT = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX(_URL|_[A-Z0-9_]+_(USERNAME|PASSWORD))?|EXTRA_INDEX_URL|INDEX_STRATEGY"
    r"|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|OFFLINE)|SSL_CERT_(FILE|DIR)|NETRC"
    r"|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy|PATH|LANG|CC|CXX|LD_LIBRARY_PATH"
)


class Environment:
    """An environment that was made, and where things are in it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.bin = os.path.join(folder, "bin")
        self.python = os.path.join(self.bin, "python")
        self.site = _site(folder)
        self.installed = Installed(folder, self.site)

    def versions(self) -> dict[str, str]:
        """Names and versions of what was installed, as its metadata folders are called."""
        return dict(map(named, self.installed.distributions))

    def read_versions(self) -> dict[str, str]:
        """The same of what is there now."""
        names = os.listdir(self.site)
        return dict(named(name) for name in names if name.endswith(".dist-info"))

    def modules(self, name: str) -> set[str]:
        """The names by which a distribution is imported, and some that nobody imports."""
        found: set[str] = set()
        start = len(self.installed.inner) + 1
        for info in self.installed.distributions:
            if named(info)[0] != name:
                continue
            for path in self.installed.files(info):
                if path.startswith(self.installed.inner):
                    found.add(path[start:].partition(os.sep)[0].partition(".")[0])
        return found - {"", "__pycache__"}


class Tools(Struct, frozen=True, kw_only=True):
    """With what environments are made: a Python and the tag of its byte code, uv and its cache.

    `start` says where these run; None is this machine.
    """

    python: str
    tag: str
    uv: str
    cache: str
    find_links: str | None = None
    captured: Captured | None = None
    start: supervised.Start | None = None


class Environments:
    """Makes environments and keeps them for as long as the session lasts."""

    def __init__(self, store: stores.Store, session: stores.Session, tools: Tools) -> None:
        self._store, self._session, self._tools = store, session, tools
        self._start = tools.start or supervised.here
        self._bytecode = Bytecode(
            os.path.join(store.bytecode, tools.tag), tools.python, self._start
        )
        self._made: dict[str, Environment] = {}
        self._lock = threading.RLock()
        self._empty = os.path.join(session.folder, "empty")
        self._pool = Pool(os.path.join(session.folder, "pool"), self._install, _site)
        self.seconds: list[float] = []  # of CPU, for each environment that was made

    def get(self, pins: Mapping[str, str], slot: int = 0) -> Environment:
        """The environment with exactly these distributions; one for each `slot` that runs at once.

        Raises BuildError.
        """
        with self._lock:
            return self._get(pins, slot)

    def _get(self, pins: Mapping[str, str], slot: int) -> Environment:
        digest = hashlib.sha256(json.dumps(sorted(pins.items())).encode()).hexdigest()[:16]
        key = f"{digest}-{slot}"
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(
                os.path.join(self._session.environments, key), pins
            )
        else:
            found.installed.trust()
        with open(self._mark(found), "wb"):
            pass
        return found

    def _mark(self, environment: Environment) -> str:
        return os.path.join(
            self._session.environments, f"{os.path.basename(environment.folder)}.{stores.IN_USE}"
        )

    def _make(self, folder: str, pins: Mapping[str, str]) -> Environment:
        used, said = self._pool.stage(pins)
        if said is not None:
            raise BuildError(f"the environment cannot be made: {said}")
        stores.remove(folder)
        used += self._venv(folder)
        before = os.times()
        self._pool.link(folder, pins)
        site = _site(folder)
        with open(os.path.join(HERE, "inside", "witness.py"), "rb") as stream:
            witness = stream.read()
        for name, data in zip(WITNESS, (b"import _envsnap_trial\n", witness), strict=True):
            with open(os.path.join(site, name), "wb") as stream:
                stream.write(data)
        made = Environment(folder)
        for distribution in made.installed.distributions.values():
            self._link(made, distribution)
        made.installed.trust()
        _require(made, pins)
        self._compare(made, pins)
        after = os.times()
        self.seconds.append(used + after.user + after.system - before.user - before.system)
        return made

    def _compare(self, made: Environment, pins: Mapping[str, str]) -> None:
        """Note what has other files than its version had where it was captured."""
        captured = self._tools.captured
        if captured is None:
            return
        for folder in made.installed.distributions:
            name, _ = named(folder)
            if name in pins:
                captured.check(name, pins[name], made.installed.record(folder), folder)

    def _venv(self, folder: str) -> float:
        """An empty environment; the CPU seconds it took. It runs no code of anybody's."""
        words = ["venv", "--quiet", "--python", self._tools.python, folder]
        if self._tools.start is not None:
            used, said = self._uv_run(words)
            if said is not None:
                raise BuildError(f"the environment cannot be made: {said}")
            return used
        before = os.times()
        done = subprocess.run(
            [*self._uv_words(), *words], cwd=self._session.folder, env=self._variables(),
            capture_output=True, text=True, check=False, timeout=TIMEOUT,
        )  # fmt: skip
        if done.returncode:
            said = clean_message(" ".join(done.stderr.split())[-600:])
            raise BuildError(f"the environment cannot be made: {said}")
        after = os.times()
        return (after.children_user + after.children_system) - (
            before.children_user + before.children_system
        )

    def _uv_words(self, cache: str | None = None) -> list[str]:
        return [self._tools.uv, "--no-config", "--cache-dir", cache or self._tools.cache]

    def _variables(self) -> dict[str, str]:
        """What uv sees: where an index is, and nothing that says how it behaves."""
        return {
            **{name: value for name, value in os.environ.items() if KEPT.fullmatch(name)},
            "HOME": self._session.folder,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_CONCURRENT_INSTALLS": "1",  # links are made no faster by several, only dearer
            "NO_COLOR": "1",
            stores.MARK: self._session.name,
        }

    def _link(self, environment: Environment, distribution: str) -> None:
        """Link byte code into an environment, and note what was linked."""
        inner = environment.installed.inner
        for path, digest in self._bytecode.link(distribution, environment.site).items():
            environment.installed.bytecode[os.path.join(inner, path)] = digest

    def _install(self, folder: str, pins: Mapping[str, str]) -> tuple[float, str | None]:
        """Make an environment, offline; what the cache lacks, or lost to a trial, is fetched."""
        stores.remove(folder)
        used = self._venv(folder)
        command = self._installing(folder, self._listed(folder, pins))
        more, said = self._uv_run([*command, "--offline"])
        if said is not None:
            used += more
            more, said = self._uv_run(command)
        return used + more, said

    def _listed(self, folder: str, pins: Mapping[str, str]) -> str:
        listed = f"{folder}.txt"
        with open(listed, "w", encoding="utf-8") as stream:
            stream.writelines(f"{name}=={version}\n" for name, version in sorted(pins.items()))
        return listed

    def _installing(self, folder: str, listed: str) -> list[str]:
        return [
            "pip", "install", "--quiet", "--no-deps", "--python", os.path.join(folder, "bin", "python"),
            "--link-mode", "hardlink", "--no-progress", "-r", listed,
            *(("--find-links", self._tools.find_links) if self._tools.find_links else ()),
        ]  # fmt: skip

    def _uv_run(self, words: Sequence[str], cache: str | None = None) -> tuple[float, str | None]:
        """Run uv; the CPU seconds it used, and what it said where it failed."""
        ended = supervised.run(
            [*self._uv_words(cache), *words],
            folder=self._session.folder,
            variables=self._variables(),
            timeout=TIMEOUT,
            start=self._start,
        )
        if ended.code == 0:
            return ended.cpu, None
        said = (
            clean_message(" ".join(ended.stderr.text.split())[-600:])
            or f"uv ended with exit code {ended.code}"
        )
        return ended.cpu, said

    def obtainable(self, pins: Mapping[str, str]) -> dict[str, str]:
        """Which of these distributions cannot be had, and what uv says of each.

        The others are installed, ready to be linked. One that lacks makes uv refuse all, so what is refused is halved until it is found.
        """
        lacking = _halved(pins, self._asked)
        there = {name: version for name, version in pins.items() if name not in lacking}
        return lacking | _halved(there, lambda part: self._pool.stage(part)[1])

    def _asked(self, pins: Mapping[str, str]) -> str | None:
        """What uv says against these pins, without installing them: it is soon said."""
        if not os.path.isdir(self._empty):
            self._venv(self._empty)
        listed = self._listed(os.path.join(self._session.folder, "asked"), pins)
        return self._uv_run([*self._installing(self._empty, listed), "--dry-run"])[1]

    def after(self, environment: Environment) -> tuple[str, ...]:
        """Check an environment after a run; what the run altered, and what it left there.

        One that is not as it was is made anew when it is needed again, and what was written
        through its links is taken out of the cache.
        """
        with self._lock:
            return self._after(environment)

    def _after(self, environment: Environment) -> tuple[str, ...]:
        look = environment.installed.look()
        if look.clean:
            self._harvest(environment, look.bytecode)
        else:
            self._repair(environment, look.altered, look.rewritten)
        with contextlib.suppress(OSError):
            os.unlink(self._mark(environment))
        return (*look.altered, *look.stray)

    def _harvest(self, environment: Environment, made: Sequence[str]) -> None:
        """Keep the names of what was imported; the byte code itself is compiled by us."""
        if not made:
            return
        inner: dict[str, list[str]] = {}
        start = len(environment.installed.inner) + 1
        for path in made:
            owner = environment.installed.owner(path)
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(environment.folder, path))
            if owner is not None:
                inner.setdefault(owner, []).append(path[start:])
        self._bytecode.add(inner, environment.site, self._session.folder)
        for owner in inner:
            self._link(environment, owner)
        environment.installed.trust()

    def _repair(
        self, environment: Environment, altered: Sequence[str], rewritten: Sequence[str]
    ) -> None:
        for owner in {environment.installed.owner(path) for path in rewritten} - {None}:
            self._bytecode.forget(str(owner))
        if altered:
            self._forget(altered)
        self._made = {key: made for key, made in self._made.items() if made is not environment}
        stores.remove(environment.folder)

    def _forget(self, distributions: Sequence[str]) -> None:
        """Take distributions out of uv's caches; environments that share their files go as well.

        Out of all: a dead session's trials may have run in another place than ours.
        """
        names = [distribution.partition("-")[0] for distribution in distributions]
        for cache in self._store.caches():
            self._uv_run(["cache", "clean", "--quiet", *names], cache)
        self._pool.forget(distributions)
        # Another run may be in one of these now: it is made anew when it is asked for again.
        self._made = {
            key: made
            for key, made in self._made.items()
            if set(distributions).isdisjoint(made.installed.distributions.values())
        }

    def sweep(self) -> int:
        """Put right and remove what dead sessions left; the number of processes that were ended."""
        ended = 0
        for folder in list(self._store.dead()):
            if folder == self._session.folder:
                continue
            ended += stores.end_processes(os.path.basename(folder))
            self._check_left(os.path.join(folder, "environments"))
            stores.remove(folder)
        return ended

    def _check_left(self, folder: str) -> None:
        """What was in use when its session died may have been written to: read all of it."""
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            place = os.path.join(folder, name.removesuffix(f".{stores.IN_USE}"))
            if not name.endswith(stores.IN_USE) or not os.path.isdir(place):
                continue
            with contextlib.suppress(OSError, IndexError):
                altered = Installed(place, _site(place)).altered()
                if altered:
                    self._forget(altered)
                shutil.rmtree(self._store.bytecode, ignore_errors=True)


def _halved(
    pins: Mapping[str, str], asked: Callable[[Mapping[str, str]], str | None]
) -> dict[str, str]:
    """What is said of each that is refused; `asked` says something of a set that has such a one."""
    lacking: dict[str, str] = {}
    waiting = [dict(pins)] if pins else []
    while waiting:
        part = waiting.pop()
        said = asked(part)
        if said is None:
            continue
        if len(part) == 1:
            lacking[next(iter(part))] = said
            continue
        named = {name: part[name] for name in part if _is_named(name, part[name], said)}
        rest = {name: version for name, version in part.items() if name not in named}
        if named and rest:
            waiting += [rest, *({name: version} for name, version in named.items())]
        else:
            names = sorted(part)
            half = len(names) // 2
            waiting += [
                {name: part[name] for name in some} for some in (names[:half], names[half:])
            ]
    return lacking


def _require(made: Environment, pins: Mapping[str, str]) -> None:
    """Make sure that a trial's environment is the one that was asked for."""
    found = made.versions()
    for name, version in pins.items():
        if not _same(found.get(name), version):
            raise BuildError(f"the environment holds {name} {found.get(name)} instead of {version}")


def _same(found: str | None, wanted: str) -> bool:
    """Whether two spellings are one version."""
    if found is None or found == wanted:
        return found == wanted
    from packaging.version import Version

    try:
        return Version(found.replace("_", "-")) == Version(wanted)
    except ValueError:
        return False


def _site(folder: str) -> str:
    """The folder that an environment installs into."""
    library = os.path.join(folder, "lib")
    inner = sorted(name for name in os.listdir(library) if name.startswith("python"))
    return os.path.join(library, inner[0], "site-packages")


def _is_named(name: str, version: str, said: str) -> bool:
    """Whether a message speaks of this version."""
    spelled = "[-_.]+".join(map(re.escape, name.split("-")))
    return (
        re.search(
            rf"(?<![\w.-]){spelled}(?:=={re.escape(version)})?(?![\w.-])", said, re.IGNORECASE
        )
        is not None
    )
