"""Sends a build context to the Docker Engine.

BuildKit builds where the engine has it, else the classic builder; both are reached through the
engine's API alone, without a docker program or buildx.
"""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

from envsnap.errors import BuildError
from envsnap.image.building import failures, trace
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

Builder: TypeAlias = Literal["auto", "buildkit", "classic"]
# Told (step, steps so far known) with its name, and each line of the log with 0, 0.
Tell: TypeAlias = Callable[[int, int, str], None]

KEPT_LINES = 400
LONGEST_LINE = 600
LONGEST_UNFINISHED = 1 << 16
FIRST_WITH_BUILDKIT = (1, 39)
STEP = re.compile(r"Step ([0-9]{1,4})/([0-9]{1,4}) : (.*)")
COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")  # the classic builder paints each piece of stderr
IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
MODE = 0o644


def build(
    client: DockerClient,
    files: Mapping[str, bytes | Path],
    *,
    builder: Builder = "auto",
    no_cache: bool = False,
    platform: str | None = None,
    tell: Tell,
) -> str:
    """Build an image without a name and return its ID. Raises BuildError, with the log's tail."""
    chosen = _choose(client, builder)
    run = _Run(client, tell)
    params = {"rm": "1", "forcerm": "1", "nocache": "1" if no_cache else "0"}
    if platform is not None:
        params["platform"] = platform
    with tempfile.TemporaryFile() as context:
        _pack(files, context)
        context.seek(0)
        if chosen == "buildkit":
            params["version"] = "2"
        return run.finish(context, params)


def _choose(client: DockerClient, builder: Builder) -> str:
    """Take BuildKit where the engine has it; Podman reads the same request without it."""
    if builder != "auto":
        return builder
    version = client.api.version()
    api = tuple(int(part) for part in str(version.get("ApiVersion", "1.0")).split("."))
    names = " ".join(str(part.get("Name", "")) for part in version.get("Components") or ())
    if api < FIRST_WITH_BUILDKIT or "podman" in names.lower() or version.get("Os") != "linux":
        return "classic"
    return "buildkit"


def _pack(files: Mapping[str, bytes | Path], target: IO[bytes]) -> None:
    """Write the context as a tar in which nothing depends on when and where it was written."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.mode = MODE
            if isinstance(data, Path):
                member.size = data.stat().st_size
                with open(data, "rb") as source:
                    tar.addfile(member, source)
            else:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


class _Run:
    """One build: what it said so far, and how far it is."""

    def __init__(self, client: DockerClient, tell: Tell) -> None:
        self._client = client
        self._tell = tell
        self._log: deque[str] = deque(maxlen=KEPT_LINES)
        self._names: dict[str, str] = {}
        self._done: set[str] = set()
        self._unfinished: dict[str, str] = {}
        self._image: str | None = None
        self._error: str | None = None

    def finish(self, context: IO[bytes], params: dict[str, str]) -> str:
        """Send the context, follow the build to its end, and return the image's ID."""
        import docker

        api = self._client.api
        try:
            answer = api._post(  # noqa: SLF001 -- the SDK has no way to ask for BuildKit
                api._url("/build"),  # noqa: SLF001
                data=context,
                params=params,
                headers={"Content-Type": "application/x-tar"},
                stream=True,
                timeout=None,
            )
            api._raise_for_status(answer)  # noqa: SLF001
            for message in api._stream_helper(answer, decode=True):  # noqa: SLF001
                self._hear(message)
        except docker.errors.DockerException as error:
            self._error = engine.reason(error)
        except OSError as error:
            self._error = f"the engine went away: {engine.reason(error)}"
        if self._error is not None or self._image is None:
            raise BuildError(self._explain())
        return self._image

    def _hear(self, message: dict[str, Any]) -> None:
        """Take in one message of either builder."""
        aux = message.get("aux")
        if message.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
            for item in trace.decode(aux):
                self._trace(item)
        elif isinstance(aux, dict) and IMAGE_ID.fullmatch(str(aux.get("ID"))):
            self._image = str(aux["ID"])  # each stage gives one: the last is the image
        self._written("", str(message.get("stream") or ""))
        if message.get("status"):
            self._line(str(message["status"]))
        if "error" in message or "errorDetail" in message:
            detail = message.get("errorDetail") or {}
            self._error = str(detail.get("message") or message.get("error"))

    def _written(self, step: str, text: str) -> None:
        """Take in what a step wrote, which arrives in pieces that are not lines."""
        *whole, rest = (self._unfinished.pop(step, "") + text.replace("\r", "\n")).split("\n")
        for line in whole:
            self._line(line)
        if rest:
            self._unfinished[step] = rest[-LONGEST_UNFINISHED:]

    def _line(self, line: str) -> None:
        line = COLOUR.sub("", line).rstrip()
        if not line:
            return
        self._log.append(line)
        step = STEP.fullmatch(line)
        if step:
            self._tell(int(step[1]), int(step[2]), step[3])
        else:
            self._tell(0, 0, line)

    def _trace(self, item: trace.Vertex | trace.Log) -> None:
        if isinstance(item, trace.Log):
            self._written(item.vertex, item.text)
            return
        internal = item.name.startswith("[internal]")
        if item.name and not internal and item.digest not in self._names:
            self._names[item.digest] = item.name
        if item.completed and item.digest in self._names and item.digest not in self._done:
            self._done.add(item.digest)
            self._tell(len(self._done), len(self._names), item.name)
        if item.error and "context canceled" not in item.error:
            self._log.append(item.error)

    def _explain(self) -> str:
        for rest in self._unfinished.values():
            self._log.append(rest)
        error = " ".join((self._error or "the engine named no image").split())
        kind, advice = failures.classify([*self._log, error])
        told = [*failures.tail(self._log), error]
        return f"the build failed ({kind}): {advice}\n" + "\n".join(
            f"  | {_short(line)}" for line in told
        )


def _short(line: str) -> str:
    """Leave out the middle of a long line: programs quote a command first, and say why last."""
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[: LONGEST_LINE // 3]} ... {line[-2 * LONGEST_LINE // 3 :]}"
