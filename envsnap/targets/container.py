"""A container that runs, or a fresh one of an image that can do nothing but answer."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from envsnap.errors import TargetError
from envsnap.probe import packing
from envsnap.targets import engine, leftovers, owned
from envsnap.targets.attached import Attached

if TYPE_CHECKING:
    from docker import DockerClient

    from envsnap.model.manifest import Target
    from envsnap.targets.target import Started

# In the order of looking; the first that starts is the one.
PYTHONS = (
    "python",
    "python3",
    "/opt/venv/bin/python",
    "/usr/local/bin/python3",
    "/usr/bin/python3",
    "/opt/conda/bin/python",
)
ABSENT = re.compile(r"executable file not found|no such file or directory", re.IGNORECASE)
NOT_RUN = (126, 127)  # what an engine says of a program that it could not start
PROCESSES = 4096
LONGEST_SECONDS = 86400
SECONDS_TO_START = 20.0
STEP_SECONDS = 0.02
PATIENCE_SECONDS = 10.0


class _Inside:
    """What a container and an image have in common."""

    def __init__(self, name: str, python: str | None) -> None:
        self.name = name
        self.pythons = (python,) if python else PYTHONS
        self.client: DockerClient = engine.connect()

    def command(self) -> list[str]:
        """The place; which Python answers is found when it starts."""
        return [self.name]

    def environment(self) -> dict[str, str] | None:
        """The container's own."""
        return {}

    def folder(self) -> str | None:
        """The container's own."""
        return None

    def options(self) -> dict[str, object]:
        """Nothing special."""
        return {}

    def identity(self) -> tuple[int, int, list[int]] | None:
        """The container's own."""
        return None

    def shares_files(self) -> bool:
        """Paths are those of the container."""
        return False

    def _no_python(self) -> TargetError:
        tried = ", ".join(self.pythons)
        return TargetError(
            f"{self.name}: has no Python to describe (tried {tried}); name one with --python"
        )


class Container(_Inside):
    """A container that runs: the probe is one more process in it, as its own user."""

    def __init__(self, name: str, python: str | None = None) -> None:
        import docker

        super().__init__(name, python)
        try:
            self.container = self.client.containers.get(name)
        except docker.errors.NotFound:
            raise TargetError(f"{name}: the engine has no such container") from None
        except docker.errors.DockerException as error:
            raise TargetError(f"{name}: {engine.reason(error)}") from None
        if self.container.status != "running":
            raise TargetError(
                f"{name}: the container is {self.container.status}; start it, or describe its"
                " image with --image"
            )

    def start(self) -> Started:
        """Start the first Python that the container has."""
        import docker

        api = self.client.api
        try:
            python = next((name for name in self.pythons if self._has(name)), None)
            if python is None:
                raise self._no_python()
            made = api.exec_create(
                self.container.id, [python, *packing.READ_STDIN], stdin=True, stdout=True
            )
            stream = api.exec_start(made["Id"], socket=True)
        except docker.errors.DockerException as error:
            raise TargetError(f"{self.name}: {engine.reason(error)}") from None
        return Attached(stream, lambda: self._state(made["Id"]), lambda: self._end(made["Id"]))

    def _has(self, python: str) -> bool:
        """Tell whether a Python starts; one that does not end soon starts, and may hang."""
        import docker

        api = self.client.api
        made = api.exec_create(self.container.id, [python, "-c", "pass"])
        try:
            api.exec_start(made["Id"], detach=True)
        except docker.errors.DockerException as error:
            if ABSENT.search(engine.reason(error)):
                return False
            raise
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            found = api.exec_inspect(made["Id"])
            if not found.get("Running") and found.get("ExitCode") is not None:
                return found["ExitCode"] not in NOT_RUN
            time.sleep(STEP_SECONDS)
        self._end(made["Id"])
        raise TargetError(f"{self.name}: {python} did not start within {SECONDS_TO_START:g} s")

    def _end(self, run: str) -> None:
        """End what was started in the container, where its processes are ours to end."""
        import docker

        with contextlib.suppress(docker.errors.DockerException, OSError, ValueError):
            found = self.client.api.exec_inspect(run)
            pid = int(found.get("Pid") or 0)
            if not found.get("Running") or pid <= 1:
                return
            # The engine may run elsewhere: the process must be one of this very container.
            with open(f"/proc/{pid}/cgroup", encoding="ascii", errors="replace") as stream:
                if str(self.container.id) in stream.read():
                    os.kill(pid, signal.SIGKILL)

    def _state(self, run: str) -> int | None:
        import docker

        with contextlib.suppress(docker.errors.DockerException, OSError):
            found = self.client.api.exec_inspect(run)
            code = found.get("ExitCode")
            return None if found.get("Running") else code
        return None

    def describe(self) -> Target:
        """The container's name and the image it was made of."""
        from envsnap.model.manifest import Target

        return Target(kind="container", name=f"{self.name} of {self.container.image.id}")


class Image(_Inside):
    """A fresh container of an image: no network, no capabilities, nothing can be written."""

    def __init__(self, name: str, python: str | None = None) -> None:
        super().__init__(name, python)
        self.image = engine.image(self.client, name)
        leftovers.remove(self.client)

    def start(self) -> Started:
        """Start the first Python that the image has."""
        for python in self.pythons:
            started = self._start(python)
            if started is not None:
                return started
        raise self._no_python()

    def _start(self, python: str) -> Started | None:
        return fresh(self.client, self.name, lambda name: self._make(python, name))

    def _make(self, python: str, name: str) -> Any:
        return self.client.containers.create(
            self.image.id,
            packing.READ_STDIN,
            name=name,
            entrypoint=[python],
            stdin_open=True,
            network_disabled=True,
            read_only=True,
            tmpfs={"/tmp": ""},  # noqa: S108 -- a folder of the container
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=PROCESSES,
            healthcheck={"test": ["NONE"]},
            labels=leftovers.label(),
            log_config={"type": "none"},  # what it prints fills no disk of the engine
            auto_remove=True,
        )

    def describe(self) -> Target:
        """The image, by the digest that names it for good."""
        from envsnap.model.manifest import Target

        return Target(kind="image", name=str(self.image.id))


def fresh(client: DockerClient, reference: str, make: Callable[[str], Any]) -> Attached | None:
    """Start a container that `make` creates by a name; None where the image has no such program.

    It is removed when it ends, when it is ended, and when we are. Raises TargetError.
    """
    import docker

    # Named here: a signal may come while the engine makes it, before we are told its id.
    name = f"envsnap-{os.urandom(8).hex()}"
    owned.add(name, lambda: _remove_named(client, name, PATIENCE_SECONDS / 2))
    stream: Any = None
    try:
        container = make(name)
        stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        ended = _End(container)
        container.start()
    except docker.errors.DockerException as error:
        if stream is not None:
            stream.close()
        _remove_named(client, name)
        if ABSENT.search(engine.reason(error)):
            return None
        raise TargetError(f"{reference}: {engine.reason(error)}") from None
    return Attached(stream, ended.code, lambda: _remove_named(client, name))


class _End:
    """Waits for a container's exit code: the engine removes the container with its end."""

    def __init__(self, container: Any) -> None:
        self._code: int | None = None
        threading.Thread(target=self._wait, args=(container,), daemon=True).start()

    def _wait(self, container: Any) -> None:
        import docker
        import requests

        with contextlib.suppress(docker.errors.DockerException, requests.RequestException, OSError):
            found = container.wait(condition="next-exit", timeout=LONGEST_SECONDS)
            self._code = int(found["StatusCode"])

    def code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._code


def _remove_named(client: DockerClient, name: str, patience: float = 0.0) -> None:
    """Remove a container that may not be there, or for `patience` seconds not yet.

    It is waited for: the engine may be removing it already.
    """
    import docker
    import requests

    started = time.monotonic()
    seen = False
    while time.monotonic() - started < PATIENCE_SECONDS:
        try:
            client.api.remove_container(name, force=True, v=True)
            seen = True
        except docker.errors.NotFound:
            if seen or time.monotonic() - started >= patience:
                owned.release(name)
                return
        except (docker.errors.DockerException, requests.RequestException, OSError):
            seen = True  # it is being made, or removed
        time.sleep(STEP_SECONDS)
