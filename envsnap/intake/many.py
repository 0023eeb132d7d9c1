"""Reads many manifests of hosts that are mostly alike: each different section is read once.

A section whose bytes were read before was scanned, typed and checked then; what is left of a
host's file is its frame. Every file passes the same bounds as a single one.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import msgspec

from envsnap.errors import InputError
from envsnap.intake import contents, reader
from envsnap.model import codec, scan, typed
from envsnap.model.digests import fingerprint_of, section_digest
from envsnap.model.fields import Section
from envsnap.model.manifest import SCHEMA_REVISION, SCHEMA_VERSION, Manifest, Sections, Target

EMPTY = b"{}"
SEAM = b"},"
MOST_SHARED = 2 << 20  # bytes
START = 64  # bytes of a section by which its place is found
MOST_KEPT = 4000
MOST_TYPED = 20
RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
NODES = ("SLURMD_NODENAME", "NODE_NAME")


class Part:
    """One section as it was read; all hosts with the same bytes share the object.

    Of many different sections only the first stay typed; the others are kept as they were
    written, in pieces, and typed anew when they are asked for. `seen` is what the reader's `look`
    found in the section while it was typed.
    """

    __slots__ = ("_pieces", "_section", "digest", "name", "seen")

    def __init__(
        self, name: str, section: Section, pieces: tuple[bytes, ...] | None = None, seen: Any = None
    ) -> None:
        self.name, self.seen = name, seen
        self.digest = section.digest
        self._section = section if pieces is None else None
        self._pieces = pieces or ()

    @property
    def section(self) -> Section:
        """The typed section."""
        if self._section is not None:
            return self._section
        return _converted(self.name, msgspec.json.decode(_joined(self._pieces)))


class Pieces:
    """Texts of sections, cut where records end: what many have in common is kept once.

    Once there are two MiB of them, a text with more that is new is deflated instead.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        self._size = 0

    def of(self, written: bytes) -> tuple[bytes, ...]:
        """The pieces of a text; a single one is deflated."""
        cut = written.split(SEAM)
        known = self._known
        new = sum(len(piece) for piece in cut if piece not in known)
        if len(cut) == 1 or self._size + new > MOST_SHARED:
            return (zlib.compress(written, 1),)
        self._size += new
        return tuple(known.setdefault(piece, piece) for piece in cut)

    def forget(self) -> None:
        """Start anew."""
        self._known.clear()
        self._size = 0


def _joined(pieces: tuple[bytes, ...]) -> bytes:
    return zlib.decompress(pieces[0]) if len(pieces) == 1 else SEAM.join(pieces)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around a manifest's sections."""

    schema_version: int
    schema_revision: int
    envsnap_version: str
    created_at: str | None
    label: str | None
    target: Target
    fingerprint: str
    sealed: str | msgspec.UnsetType = msgspec.UNSET


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one host answered, in parts."""

    name: str  # the file's name without its ending
    label: str | None
    target: Target
    hostname: str | None
    rank: str | None
    node: str | None
    created_at: str | None
    frame: Frame
    parts: tuple[Part, ...]

    def manifest(self) -> Manifest:
        """The whole manifest."""
        return manifest(self.frame, self.parts)


class _Wire(Frame, frozen=True, kw_only=True):
    sections: dict[str, msgspec.Raw]


def manifest(frame: Frame, parts: tuple[Part, ...]) -> Manifest:
    """A manifest of parts."""
    sections = Sections(**{part.name: part.section for part in parts})  # type: ignore[arg-type]
    return Manifest(
        **{name: getattr(frame, name) for name in Frame.__struct_fields__}, sections=sections
    )


class Reader:
    """Reads files of hosts; keeps every different section once, for as long as it lives.

    `look` is shown each different section once, by name and typed; its part keeps what it found.
    """

    def __init__(self, look: Callable[[str, Section], Any] | None = None) -> None:
        self._look, self._pieces = look, Pieces()
        self._parts: dict[bytes, Part] = {}
        self._prints: dict[tuple[tuple[str, str], ...], str] = {}

    def forget(self) -> None:
        """Forget sections where there are so many that few can be shared."""
        if len(self._parts) > MOST_KEPT:
            self._parts.clear()
            self._pieces.forget()
            self._prints.clear()

    def file(self, path: str) -> Iterator[Answer]:
        """Every host of a file: a manifest is one, a stream of probes may hold several.

        Raises InputError that starts with the file's name.
        """
        name = "standard input" if path == "-" else path
        data = contents.contents(path, name)
        base = os.path.basename(path).rpartition(".")[0] or os.path.basename(path)
        if contents.is_manifest(data):
            yield self.answer(data, name, base)
            return
        for number, document in enumerate(reader.documents(data, path, name)):
            found = document.manifest
            told = base if number == 0 else f"{base}-{number + 1}"
            yield self.answer(codec.encode(found), name, told)

    def answer(self, data: bytes, name: str, base: str) -> Answer:
        """One manifest in JSON. Raises InputError that starts with `name`."""
        try:
            wire = typed.decode(data, _Wire)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            wire = _reframed(codec.decode(data, name).manifest, name)
        if not 1 <= wire.schema_version <= SCHEMA_VERSION:
            codec.decode(data, name)  # says what is wrong
            raise InputError(f"{name}: not a manifest that this envsnap reads")
        around, place = [], 0
        parts = []
        checked = wire.schema_revision <= SCHEMA_REVISION
        for section, raw in wire.sections.items():
            written = bytes(raw)
            found = _place(data, written, place)
            if found >= 0:
                around += [data[place:found], EMPTY]
                place = found + len(written)
            if section in Sections.__struct_fields__:
                parts.append(self._part(section, written, name, checked=checked))
        # What stands around the sections, and that none is there twice.
        scan.parse(b"".join([*around, data[place:]]), name)
        if checked and wire.fingerprint != self._print(parts):
            _refuse(name, "the fingerprint")
        order = {section: place for place, section in enumerate(Sections.__struct_fields__)}
        parts.sort(key=lambda part: order[part.name])
        identity = next((part.section for part in parts if part.name == "identity"), None)
        return Answer(
            name=base,
            label=wire.label,
            target=wire.target,
            hostname=_hostname(identity),
            rank=_named(identity, RANKS),
            node=_named(identity, NODES),
            created_at=wire.created_at,
            frame=Frame(**{key: getattr(wire, key) for key in Frame.__struct_fields__}),
            parts=tuple(part for part in parts if part.name != "identity"),
        )

    def _print(self, parts: list[Part]) -> str:
        """The fingerprint of these sections; the hosts of a kind share it."""
        digests = {part.name: part.digest for part in parts if isinstance(part.digest, str)}
        key = tuple(sorted(digests.items()))
        if key not in self._prints:
            self._prints[key] = fingerprint_of(digests)
        return self._prints[key]

    def _part(self, section: str, written: bytes, name: str, *, checked: bool) -> Part:
        """A section: the known one where its bytes were read before."""
        key = hashlib.sha256(section.encode() + written).digest()
        found = self._parts.get(key)
        if found is None:
            typed = _typed(section, written, name, checked=checked)
            is_kept = section == "identity" or len(self._parts) < MOST_TYPED
            found = Part(
                section,
                typed,
                None if is_kept else self._pieces.of(written),
                None if self._look is None or section == "identity" else self._look(section, typed),
            )
            if section != "identity":
                self._parts[key] = found
        return found


def _place(data: bytes, written: bytes, start: int) -> int:
    """Where a section stands in a file, from `start` on; -1 where it is not found."""
    # Looking for a long text costs as much as reading it, and its first bytes are mostly enough.
    found = data.find(written[:START], start)
    return found if data.startswith(written, found) else data.find(written, start)


def _hostname(identity: Section | None) -> str | None:
    found = getattr(identity, "hostname", None)
    return found if isinstance(found, str) else None


def _named(identity: Section | None, variables: tuple[str, ...]) -> str | None:
    """What a launcher or a scheduler calls this process, or its node, if it said so."""
    known = getattr(identity, "rank", None)
    if not isinstance(known, dict):
        return None
    return next((known[name] for name in variables if name in known), None)


def _typed(section: str, written: bytes, name: str, *, checked: bool) -> Section:
    """A section within bounds, of the model's types, and as its digest says."""
    tree = scan.parse(written, name)
    try:
        found = _converted(section, tree)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {' '.join(str(error).split())[:300]}") from None
    if checked and section != "identity" and found.digest != section_digest(found):
        _refuse(name, f"section {section}")
    return found


def _converted(section: str, tree: object) -> Section:
    found = getattr(typed.convert({section: tree}, Sections), section)
    assert isinstance(found, Section)
    return found


def _refuse(name: str, place: str) -> NoReturn:
    raise InputError(
        f"{name}: {place} does not match its digest: the file was altered after capture; capture"
        " again, or, if you edited it by hand, seal it: envsnap capture --seal FILE -o FILE"
    )


def _reframed(manifest: Manifest, name: str) -> _Wire:
    """A manifest that only the careful reader takes."""
    try:
        return typed.decode(codec.encode(manifest), _Wire)
    except msgspec.MsgspecError as error:
        raise InputError(f"{name}: {' '.join(str(error).split())[:300]}") from None
