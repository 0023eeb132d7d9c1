"""Makes an image depend on nothing but its content, so that two builds give one image ID.

That holds for two builds of one builder, and for BuildKit and the classic builder alike.

What a build adds by itself is the time: in each file's date, in the image's configuration, in its
history. The image is saved, these are set to fixed values in the layers above the base, and it is
loaded again. The base's layers stay byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from envsnap.errors import BuildError
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

EPOCH = 315_532_800  # 1980-01-01: the oldest date that zip files can hold
CREATED = "1980-01-01T00:00:00Z"
KEPT = ("architecture", "os", "variant", "os.version")
# Of a container's settings, those that name this very build or its builder.
BUILD_ONLY = ("Hostname", "Domainname", "Image", "ArgsEscaped")
DATED = ("mtime", "atime", "ctime")
BUFFER = 1 << 20
OURS = "envsnap"  # what history says of a normalised layer


class Below(Struct, frozen=True):
    """How much of an image is its base's: layers, and lines of history."""

    layers: int
    history: int


def normalise(client: DockerClient, image: str, below: Below, created: str | None) -> str:
    """Return the ID of the same image without what names this build. Raises BuildError."""
    import docker

    try:
        with tempfile.TemporaryFile() as saved, tempfile.TemporaryFile() as target:
            for piece in client.api.get_image(image, chunk_size=BUFFER):
                saved.write(piece)
            saved.seek(0)
            name = _rewrite(saved, target, below, created or CREATED)
            target.seek(0)
            for message in client.api.load_image(target):
                if "error" in message:
                    raise BuildError(f"the normalised image cannot be loaded: {message['error']}")
        return str(client.images.get(name).id)
    except docker.errors.DockerException as error:
        raise BuildError(f"the image cannot be normalised: {engine.reason(error)}") from None
    except (OSError, tarfile.TarError) as error:
        raise BuildError(f"the image cannot be normalised: {error}") from None


def _rewrite(saved: IO[bytes], target: IO[bytes], below: Below, created: str) -> str:
    """Write the image anew; returns its ID, which is the digest of its configuration."""
    with (
        tarfile.open(fileobj=saved) as source,
        tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as made,
    ):
        listed = json.loads(_content(source, "manifest.json"))[0]
        config = json.loads(_content(source, listed["Config"]))
        names: list[str] = []
        for number, layer in enumerate(listed["Layers"]):
            with _layer(source, layer, keep=number < below.layers) as stream:
                if number >= below.layers and _is_empty(stream):
                    continue  # BuildKit makes one for WORKDIR
                digest = _sha256(stream)
                name = f"{digest}.tar"
                if name not in names:
                    _add(made, name, stream)
                names.append(name)
        plain = json.dumps(_config(config, names, below, created), sort_keys=True).encode()
        name = hashlib.sha256(plain).hexdigest()
        _add_bytes(made, f"{name}.json", plain)
        index = [{"Config": f"{name}.json", "RepoTags": None, "Layers": names}]
        _add_bytes(made, "manifest.json", json.dumps(index).encode())
    return f"sha256:{name}"


def _config(
    config: dict[str, Any], layers: list[str], below: Below, created: str
) -> dict[str, Any]:
    """Keep what a container sees; the base's history stays, ours is one line a layer."""
    inner = {
        key: value
        for key, value in (config.get("config") or {}).items()
        if key not in BUILD_ONLY and value
    }
    history = (config.get("history") or [])[: below.history]
    line = {"created": created, "created_by": OURS}
    return {
        **{key: config[key] for key in KEPT if key in config},
        "config": inner,
        "created": created,
        "history": [*history, *(line for _ in layers[below.layers :])],
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{name.removesuffix('.tar')}" for name in layers],
        },
    }


@contextmanager
def _layer(source: tarfile.TarFile, name: str, *, keep: bool) -> Iterator[IO[bytes]]:
    """Open a layer: the base's as it is, ours with fixed dates."""
    found = source.extractfile(member_of(source, name))
    if found is None:
        raise tarfile.TarError(f"layer {name} is no file")
    if keep:
        yield found
        return
    with tempfile.TemporaryFile() as stream:
        with (
            tarfile.open(fileobj=found) as old,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as new,
        ):
            for member in old:
                member.mtime = min(int(member.mtime), EPOCH)
                member.pax_headers = {
                    key: value for key, value in member.pax_headers.items() if key not in DATED
                }
                new.addfile(member, old.extractfile(member) if member.isreg() else None)
        stream.seek(0)
        yield stream


def _is_empty(layer: IO[bytes]) -> bool:
    with tarfile.open(fileobj=layer) as tar:
        empty = tar.next() is None
    layer.seek(0)
    return empty


def member_of(source: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    """Find a file of the saved image; equal layers are links to one."""
    member = source.getmember(name)
    while member.issym() or member.islnk():
        folder = name.rpartition("/")[0] if member.issym() else ""
        parts: list[str] = []
        for part in f"{folder}/{member.linkname}".split("/"):
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        name = "/".join(parts)
        member = source.getmember(name)
    return member


def _content(source: tarfile.TarFile, name: str) -> bytes:
    found = source.extractfile(member_of(source, name))
    if found is None:
        raise tarfile.TarError(f"{name} is no file")
    return found.read()


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return digest


def _add(made: tarfile.TarFile, name: str, stream: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    stream.seek(0, 2)
    member.size = stream.tell()
    stream.seek(0)
    made.addfile(member, stream)


def _add_bytes(made: tarfile.TarFile, name: str, data: bytes) -> None:
    import io

    _add(made, name, io.BytesIO(data))
