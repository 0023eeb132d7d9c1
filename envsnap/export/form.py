"""What a form is made from, and what every form says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from envsnap.model.manifest import Manifest
from envsnap.rules.engine import Result


class Artifact(Struct, frozen=True, kw_only=True):
    """The one file that a distribution was installed from.

    `file` is its name, `url` where it is (None: in a folder of the user), `size` in bytes.
    """

    version: str
    file: str
    sha256: str
    is_wheel: bool
    url: str | None = None
    size: int | None = None


class Subject(Struct, frozen=True, kw_only=True):
    """What is exported: a manifest, with what the rules say of it where a form shows that.

    `name` is the manifest's file, `data` its bytes as they were read. `reference` is the name of
    the side that it was compared with; None for a check. `artifacts` is None where nobody asked
    an index.
    """

    manifest: Manifest
    name: str
    data: bytes
    result: Result | None = None
    reference: str | None = None
    artifacts: Mapping[str, Artifact] | None = None


class Form(Protocol):
    """A module of this room."""

    @staticmethod
    def render(subject: Subject) -> str:
        """Write the file. Raises InputError for what this form cannot say."""


class Entry(Struct, frozen=True, kw_only=True):
    """A form in the registry.

    `mode` is the file's: 0600 for what copies a manifest's facts, 0644 for what another user's
    program has to read and holds digests and counts alone. `judges`: it shows findings, and a
    reference makes a difference. `locks`: it names artifacts, for which an index is asked.
    """

    module: str
    title: str
    mode: int
    judges: bool = False
    locks: bool = False
