"""The instructions of a Dockerfile, as records. They hold plain values; nothing is quoted here."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Comment(Struct, frozen=True):
    """A line for the reader, or for a linter. Its text is a constant of ours."""

    text: str


class From(Struct, frozen=True):
    """Starts a stage."""

    image: str
    name: str | None = None


class Env(Struct, frozen=True):
    """Sets environment variables."""

    pairs: tuple[tuple[str, str], ...]


class PrependPath(Struct, frozen=True):
    """Puts a folder before those in which programs are looked for."""

    folder: str


class Label(Struct, frozen=True):
    """Sets labels."""

    pairs: tuple[tuple[str, str], ...]


class Copy(Struct, frozen=True):
    """Copies files from the build context, or from another stage."""

    sources: tuple[str, ...]
    target: str
    stage: str | None = None


class Unpack(Struct, frozen=True):
    """Unpacks an archive of the build context, its folders' dates included."""

    archive: str
    target: str


class Fetch(Struct, frozen=True):
    """Has the builder fetch a file; whoever uses it checks its digest."""

    address: str
    target: str


class Constant(Struct, frozen=True):
    """A piece of shell that is a constant of ours, where words are not enough."""

    text: str


Step: TypeAlias = tuple[str, ...] | Constant


class Run(Struct, frozen=True):
    """Runs commands; the first that fails ends the build. Each is a list of words."""

    steps: tuple[Step, ...]


class Workdir(Struct, frozen=True):
    """Sets the current folder."""

    folder: str


class User(Struct, frozen=True):
    """Sets the user by number."""

    uid: int
    gid: int


class Cmd(Struct, frozen=True):
    """Sets the command that a container runs."""

    words: tuple[str, ...]


class Expose(Struct, frozen=True):
    """Names a port that a container listens on."""

    port: int


class Healthcheck(Struct, frozen=True):
    """Sets the command that tells whether a container is well."""

    words: tuple[str, ...]


Setting: TypeAlias = Workdir | User | Cmd | Healthcheck | Expose
Files: TypeAlias = Copy | Unpack | Fetch
Instruction: TypeAlias = Comment | From | Env | PrependPath | Label | Files | Run | Setting
