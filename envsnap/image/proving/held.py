"""What an engine holds of an image, seen from outside: a program inside cannot lie about it.

The configuration, the plan that the image carries, and the files of layers that were put above
the layers that its plan describes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import re
import tarfile
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from envsnap.errors import InputError, TargetError
from envsnap.image import records
from envsnap.image.building.normal import OURS, member_of
from envsnap.image.records import BaseSettings, Plan
from envsnap.image.writing.dockerfile import MANIFEST, PLAN, PLAN_LABEL, SHARE
from envsnap.model import codec
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

Rights: TypeAlias = tuple[int, int, int]  # mode, user, group
Contents: TypeAlias = tuple[str, Rights, str, tuple[str, ...]]

LARGEST_PLAN = 16 << 20
BUFFER = 1 << 20
WHITEOUT = ".wh."
BYTE_CODE = re.compile(r".+\.cpython-3(?:[7-9]|\d\d)(?:\.opt-[12])?\.pyc")
HEADER = 16  # bytes of byte code that tell its source's time, size or hash
INIT = ("/sbin/docker-init", "/usr/sbin/docker-init")  # where the engine mounts its own
OPAQUE = ".wh..wh..opq"


# What is judged by itself, and what an engine or a builder notes of its own work.
JUDGED = frozenset(("Env", "Entrypoint", "User", "Cmd", "WorkingDir", "Labels"))
NOTED = frozenset(("Hostname", "Domainname", "Image", "ArgsEscaped", "AttachStdin", "AttachStdout",
                   "AttachStderr"))  # fmt: skip
OF_ITS_CHILDREN = "OnBuild"  # the base's own are spent when an image is built on it


class Held(Struct, frozen=True, kw_only=True):
    """An image as its engine describes it."""

    id: str
    settings: BaseSettings
    command: tuple[str, ...]
    folder: str
    labels: Mapping[str, str]


def of_image(image: Any) -> Held:
    """Read what the engine says of an image."""
    config = image.attrs.get("Config") or {}
    return Held(
        id=str(image.id),
        settings=settings_of(image),
        command=tuple(config.get("Cmd") or ()),
        folder=config.get("WorkingDir") or "/",
        labels=config.get("Labels") or {},
    )


def settings_of(image: Any) -> BaseSettings:
    """Read what an image hands down to those that are made from it."""
    config = image.attrs.get("Config") or {}
    pairs = (item.partition("=") for item in config.get("Env") or ())
    return BaseSettings(
        variables={name: value for name, _, value in pairs},
        entrypoint=tuple(config.get("Entrypoint") or ()),
        user=config.get("User") or "",
        further={
            name: json.dumps(value, sort_keys=True)
            for name, value in sorted(config.items())
            if value and name not in JUDGED | NOTED
        },
    )


@contextlib.contextmanager
def asleep(client: DockerClient, image: Any) -> Iterator[Any]:
    """A container of an image that never runs: the engine hands its files out."""
    container = client.containers.create(image.id, ["none"])
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def carried_plan(client: DockerClient, image: Any) -> Plan | None:
    """Return the plan that an image carries, whatever its label says of it."""
    data = _carried(client, image, SHARE + PLAN)
    if data is None:
        return None
    try:
        return records.decode(data, SHARE + PLAN)
    except InputError:
        return None


def carried_fingerprint(client: DockerClient, image: Any) -> str | None:
    """The fingerprint of the manifest that an image carries: empty where it was edited, None without one."""
    data = _carried(client, image, SHARE + MANIFEST)
    if data is None:
        return None
    try:
        return codec.decode(data, SHARE + MANIFEST).manifest.fingerprint
    except InputError:
        return ""


def _carried(client: DockerClient, image: Any, path: str) -> bytes | None:
    """A file of ours in an image; None where there is none. Raises TargetError."""
    import docker

    try:
        with asleep(client, image) as container:
            return _file(container, path)
    except docker.errors.NotFound:
        return None
    except docker.errors.DockerException as error:
        raise TargetError(f"{image.id}: {engine.reason(error)}") from None


def _file(container: Any, path: str) -> bytes:
    """Read a file of a container that does not run."""
    pieces, _ = container.get_archive(path)
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > LARGEST_PLAN:
            break
    with contextlib.suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = tar.next()
        stream = tar.extractfile(member) if member is not None and member.isreg() else None
        return stream.read() if stream is not None else b""
    return b""


def is_extended(image: Any, plan_digest: str) -> bool | None:
    """Tell whether instructions came after those of the plan; None where history does not say."""
    lines = _history(image)
    end = _end(lines, plan_digest)
    return None if end is None else end < len(lines)


def _history(image: Any) -> list[str]:
    """The lines of an image's history, the oldest first."""
    return [str(item.get("CreatedBy") or "") for item in reversed(image.history())]


def layers(image: Any) -> list[str]:
    """The digests of an image's layers, from the lowest on."""
    return list((image.attrs.get("RootFS") or {}).get("Layers") or ())


def steps(image: Any, below: list[str], start: int, plan_digest: str) -> list[str] | None:
    """The lines of history above those of the base up to the plan's end, the oldest first.

    `below` are the layers of the base, `start` is how many lines its history has. None where they do
    not tell: of a normalised image each is only marked as ours, and of another release of the base
    nobody knows how many lines are its own.
    """
    if not below or layers(image)[: len(below)] != below:
        return None
    lines = _history(image)
    end = _end(lines, plan_digest)
    if end is None or OURS in lines or end < start:
        return None
    return lines[start:end]


def _end(lines: list[str], plan_digest: str) -> int | None:
    """Return the place after the last line of history that is the plan's; oldest line first."""
    ours = [number for number, line in enumerate(lines) if line == OURS]
    if ours:
        end = ours[0]
        while end < len(lines) and lines[end] == OURS:
            end += 1
        return end
    label = f"{PLAN_LABEL}={plan_digest}"
    return next((number + 1 for number, line in enumerate(lines) if label in line), None)


def strange_files(client: DockerClient, image: Any, plan_digest: str) -> dict[str, bool]:
    """Name the files of layers above the plan's: {path: whether it is there, not removed}.

    Folders whose rights such a layer changes are named, too.
    """
    import docker

    try:
        with tempfile.TemporaryFile() as saved:
            for piece in client.api.get_image(image.id, chunk_size=BUFFER):
                saved.write(piece)
            saved.seek(0)
            return _strange(saved, plan_digest)
    except docker.errors.DockerException as error:
        raise TargetError(f"{image.id}: {engine.reason(error)}") from None
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise TargetError(f"{image.id}: its layers cannot be read: {error}") from None


def _strange(saved: IO[bytes], plan_digest: str) -> dict[str, bool]:
    with tarfile.open(fileobj=saved) as source:
        listed = json.loads(_content(source, "manifest.json"))[0]
        history = json.loads(_content(source, listed["Config"])).get("history") or []
        end = _end([str(item.get("created_by") or "") for item in history], plan_digest)
        ours = sum(not item.get("empty_layer") for item in history[: end or 0])
        streams = [source.extractfile(member_of(source, name)) for name in listed["Layers"]]
        folders: dict[str, Rights] = {}
        for layer in filter(None, streams[:ours]):
            folders.update(_folders(layer))
        found: dict[str, bool] = {}
        above: dict[str, Contents] = {}
        for layer in filter(None, streams[ours:]):
            found.update(_files(layer, folders))
            layer.seek(0)
            above.update(_contents(layer, found))
        below: dict[str, Contents] = {}
        for layer in filter(None, streams[:ours]):
            layer.seek(0)
            below.update(_contents(layer, above))
        same = {place for place, told in above.items() if below.get(place) == told}
        return {place: there for place, there in found.items() if not (there and place in same)}


def _contents(layer: IO[bytes], places: Container[str]) -> Iterator[tuple[str, Contents]]:
    """What some files of a layer are: kind, rights, a digest of what they hold or their link, attributes.

    Of byte code what it says of its source is left out: the same source was compiled again.
    """
    with tarfile.open(fileobj=layer) as tar:
        for member in tar:
            place = _place(member)
            name = place.rpartition("/")[2]
            if (gone := _removed(place)) is not None:
                yield gone, ("removed", _rights(member), "", ())
            elif place in places and not member.isdir() and not name.startswith(WHITEOUT):
                stream = tar.extractfile(member) if member.isreg() else None
                held = member.linkname if stream is None else _digest(stream, name)
                more = tuple(
                    sorted(f"{k}={v}" for k, v in member.pax_headers.items() if "xattr" in k)
                )
                yield place, (str(member.type), _rights(member), held, more)


def _digest(stream: IO[bytes], name: str) -> str:
    digest = hashlib.sha256()
    if BYTE_CODE.fullmatch(name):
        stream.read(HEADER)
    while piece := stream.read(BUFFER):
        digest.update(piece)
    return digest.hexdigest()


def _content(source: tarfile.TarFile, name: str) -> bytes:
    stream = source.extractfile(member_of(source, name))
    return b"" if stream is None else stream.read()


def _folders(layer: IO[bytes]) -> Iterator[tuple[str, Rights]]:
    with tarfile.open(fileobj=layer) as tar:
        yield from ((_place(member), _rights(member)) for member in tar if member.isdir())


def _files(layer: IO[bytes], folders: Mapping[str, Rights]) -> Iterator[tuple[str, bool]]:
    """Yield the files that a layer holds or removes, and folders of which the rights are others.

    A folder that is only named, because something in it changed, is as it was in `folders`.
    """
    with tarfile.open(fileobj=layer) as tar:
        for member in tar:
            place = _place(member)
            if (gone := _removed(place)) is not None:
                yield gone, False
            elif not member.isdir() or folders.get(place, _rights(member)) != _rights(member):
                yield place, True


def _removed(place: str) -> str | None:
    """The file that an entry of a layer takes away; None: it is one itself, or hides a whole folder."""
    folder, _, name = place.rpartition("/")
    is_mark = name.startswith(WHITEOUT) and name != OPAQUE
    return f"{folder}/{name.removeprefix(WHITEOUT)}" if is_mark else None


def _place(member: tarfile.TarInfo) -> str:
    name = member.name.rstrip("/").removeprefix("./")
    return "/" if name in ("", ".") else f"/{name}"


def _rights(member: tarfile.TarInfo) -> Rights:
    return member.mode & 0o7777, member.uid, member.gid


def written_since(container: Any) -> dict[str, bool]:
    """Name what a container changed above its image: {path: whether it is there}."""
    import docker

    try:
        changed = container.diff() or ()
    except docker.errors.DockerException as error:
        raise TargetError(f"{container.name}: {engine.reason(error)}") from None
    paths = {str(item["Path"]): item.get("Kind") != 2 for item in changed}
    folders = {path.rpartition("/")[0] for path in paths}
    by_engine = {str(item.get("Destination")) for item in container.attrs.get("Mounts") or ()}
    if (container.attrs.get("HostConfig") or {}).get("Init"):
        by_engine.update(INIT)
    left_out = folders | by_engine
    return {path: there for path, there in paths.items() if path not in left_out}


def owners(container: Any, paths: Iterable[str]) -> dict[str, int]:
    """The users whose files these are, as the engine hands them out; folders and what is gone are left out."""
    import docker

    found: dict[str, int] = {}
    for path in paths:
        with contextlib.suppress(docker.errors.DockerException, tarfile.TarError, OSError):
            pieces, _ = container.get_archive(path)
            head = b"".join(itertools.islice(pieces, 1))
            with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as tar:
                member = tar.next()
            if member is not None and not member.isdir():
                found[path] = member.uid
    return found


def runs_as(container: Any) -> int | None:
    """The number of the user whom a container runs as; None where it is given by a name."""
    user = str((container.attrs.get("Config") or {}).get("User") or "0").partition(":")[0]
    return 0 if user == "root" else int(user) if user.isdigit() else None
