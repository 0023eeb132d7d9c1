"""Runs what a bisection runs in fresh containers of an image.

Folders of this machine lie at the same place inside, so that paths mean the same on both sides. Each
container holds one program and its supervisor, and is removed when that ends or when we do.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from envsnap.bisection import supervised
from envsnap.bisection.pythons import Python
from envsnap.errors import BuildError, InputError, TargetError
from envsnap.targets import container, engine, leftovers

if TYPE_CHECKING:
    from envsnap.targets.attached import Attached

ASK = (
    "import sys;print(sys.executable);print(sys.implementation.cache_tag);"
    "print('.'.join(map(str,sys.version_info[:3])))"
)
PROCESSES = 4096
SHARED_MEMORY = 1 << 30  # bytes; an engine's own 64 MiB end loaders of data
TIMEOUT = 60.0
PATIENCE = 10.0  # seconds until a container that was told to end is removed
READ, WRITE = "ro", "rw"
# What an engine sets where an image says nothing.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Files of this machine that say whom an index's certificate is believed.
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class Image:
    """An image of which containers are started; `id` is the engine's name of its contents."""

    def __init__(self, name: str, folder: str) -> None:
        """Find it in the engine. `folder` is one of ours. Raises TargetError."""
        self.name = name
        self._client = engine.connect()
        try:
            image = engine.image(self._client, name)
        except TargetError:
            self.close()
            raise
        leftovers.remove(self._client)
        self.id = str(image.id)
        config = image.attrs.get("Config") or {}
        pairs = (item.partition("=") for item in config.get("Env") or ())
        self.variables = {"PATH": PATH, **{name: value for name, _, value in pairs}}
        self._supervisor = os.path.join(folder, os.path.basename(supervised.SUPERVISOR))
        shutil.copyfile(supervised.SUPERVISOR, self._supervisor)
        self._python = ""

    def close(self) -> None:
        """Let the engine go."""
        self._client.close()

    def find(self, version: str | None, named: str | None) -> Python:
        """Its Python of a version's minor one, or the named one, by which all else is run.

        Raises InputError for a named one that does not run, and BuildError where there is none.
        """
        if named is None and version is None:
            raise InputError("the good side does not state its Python; name one with --python")
        minor = ".".join((version or "").split(".")[:2])
        tried = (named,) if named is not None else (f"python{minor}", *container.PYTHONS)
        for path in tried:
            found = self._asked(path)
            if found is not None and (named is not None or found.version.startswith(f"{minor}.")):
                self._python = found.path
                return found
        if named is not None:
            raise InputError(f"--python {named}: is not a Python that runs in {self.name}")
        raise BuildError(f"{self.name}: has no Python {minor}; name one with --python")

    def _asked(self, python: str) -> Python | None:
        """What an interpreter of the image says of itself; None where it is none."""
        self._python = python
        try:
            ended = supervised.run(
                [python, "-I", "-S", "-c", ASK],
                folder="/",
                variables=self.variables,
                timeout=TIMEOUT,
                start=self.starter({}),
            )
        except InputError:
            return None
        words = ended.stdout.text.split()
        if ended.code or len(words) != 3:
            return None
        return Python(path=words[0], tag=words[1], version=words[2])

    def starter(self, folders: Mapping[str, str]) -> supervised.Start:
        """How a supervisor is started in a container that has these folders, READ or WRITE."""
        return functools.partial(self._start, {self._supervisor: READ, **folders})

    def _start(self, folders: Mapping[str, str]) -> supervised.Process:
        attached = container.fresh(
            self._client, self.name, functools.partial(self._make, dict(folders))
        )
        if attached is None:
            raise InputError(f"{self._python}: is not there in {self.name}")
        return _Contained(attached)

    def _make(self, folders: Mapping[str, str], name: str) -> Any:
        return self._client.containers.create(
            self.id,
            ["-I", "-S", self._supervisor],
            name=name,
            entrypoint=[self._python],
            stdin_open=True,
            network_mode="host",  # as open as it is for trials without an image
            user=f"{os.getuid()}:{os.getgid()}",
            working_dir="/",
            volumes={path: {"bind": path, "mode": mode} for path, mode in folders.items()},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=PROCESSES,
            shm_size=SHARED_MEMORY,
            healthcheck={"test": ["NONE"]},
            labels=leftovers.label(),
            log_config={"type": "none"},
            auto_remove=True,
        )


def for_setup(root: str, uv: str, find_links: str | None) -> dict[str, str]:
    """The folders with which environments are made: our cache, uv, packages, certificates."""
    read = [uv, *(os.environ[name] for name in CERTIFICATES if os.environ.get(name))]
    if find_links is not None and os.path.isdir(find_links):
        read.append(find_links)
    return {root: WRITE} | {path: READ for path in read if os.path.isabs(path)}


class _Input:
    """Standard input of a container: each write is sent at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Send all of it."""
        return self._stream.write(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Send no more: the supervisor ends everything."""
        self._stream.close()


class _Contained:
    """A supervisor in a container, seen as a process."""

    def __init__(self, attached: Attached) -> None:
        assert attached.stdin is not None
        self._attached = attached
        self.stdin = _Input(attached.stdin)
        self.stdout, self.stderr = attached.stdout, attached.stderr

    def wait(self) -> int:
        """Wait for its end, and remove the container; an engine that is slow is not waited for."""
        try:
            return self._attached.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return supervised.NOT_RUN
        finally:
            self._attached.end()
            if self.stderr is not None:
                self.stderr.close()
