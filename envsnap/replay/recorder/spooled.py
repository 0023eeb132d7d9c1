"""What a recorded process left on disk, and how it becomes a recording."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import msgspec
from msgspec import Struct

from envsnap._version import __version__
from envsnap.errors import InputError
from envsnap.model import scan, typed
from envsnap.model.manifest import Manifest
from envsnap.replay.esr import archive, recording, tables
from envsnap.replay.esr.endings import Printed, Written
from envsnap.replay.esr.recording import Feature, Record
from envsnap.replay.recorder.inside import given, places

LARGEST_RECORD = scan.LARGEST_FILE


class Spooled(Struct, frozen=True, kw_only=True):
    """One process: the folder that it wrote, and its record if it had torch."""

    folder: str
    tree: dict[str, Any] | None

    @property
    def rank(self) -> tuple[bool, list[int], float]:
        """Processes that called a model first, of those the first rank, the first of a pool.

        Which of them is done first is chance: two runs of one script have to choose the same.
        """
        if self.tree is None or not self.tree["calls"]:
            return True, [], os.stat(self.folder).st_ctime
        written = os.stat(os.path.join(self.folder, "record.json")).st_mtime
        return False, self.tree["among"], written

    @property
    def facts(self) -> str | None:
        """The facts of the process, where it lived to tell them."""
        place = os.path.join(self.folder, "facts.json")
        return place if os.path.exists(place) else None

    @property
    def called(self) -> bool:
        """Whether a model was called."""
        return bool(self.tree and self.tree["calls"])

    @property
    def values(self) -> str:
        """The file that holds kept values."""
        return os.path.join(self.folder, "values.bin")

    def sketches(self) -> bytes:
        """The sketches as they were written."""
        place = os.path.join(self.folder, "sketch.f32")
        if not os.path.exists(place):
            return b""
        with open(place, "rb") as stream:
            return stream.read()


class Ending(Struct, frozen=True, kw_only=True):
    """What a run left besides its models' calls: its exit code, what it printed and wrote."""

    code: int | None = None
    printed: Printed | None = None
    files: dict[str, Written] = {}
    sources: dict[str, bytes] = {}  # code of the program that other processes ran, too


def find(folder: str) -> list[Spooled]:
    """The processes that the recorder reached."""
    return [one(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]


def one(folder: str) -> Spooled:
    """What lies in one process's folder."""
    place = os.path.join(folder, "record.json")
    tree = None
    if os.path.exists(place):
        with open(place, "rb") as stream:
            tree = scan.parse(stream.read(LARGEST_RECORD + 1), "the recording")
    return Spooled(folder=folder, tree=tree)


def save(
    path: str,
    left: Spooled,
    manifest: Manifest | None,
    label: str | None,
    notes: tuple[str, ...],
    ending: Ending,
) -> Record:
    """Write what a process left as a recording. Raises InputError."""
    tree = left.tree or {
        "calls": [],
        "tensors": [],
        "notes": ["torch was not imported: no model was called"],
        "complete": left.facts is not None,
        "full": False,
        "framework": None,
    }
    stored = _places(tree["tensors"])
    told = {
        **tree,
        **_code(tree, ending),
        **_head(label),
        "notes": [*notes, *tree["notes"]],
        "exit_code": ending.code,
    }
    try:
        record = typed.convert(told, Record)
        record = msgspec.structs.replace(record, printed=ending.printed, files=ending.files)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: what was recorded cannot be written: {error}") from None
    archive.write(path, record, manifest, left.sketches(), left.values, stored)
    return record


def _code(tree: dict[str, Any], ending: Ending) -> dict[str, Any]:
    """Lines and blocks of code: what the process itself knows of, and what others of the run read."""
    known = tree.get("code", {})
    lines = places.code(ending.sources)
    texts = {  # a file may have another name where it is imported
        name: ending.sources[name]
        for name, own in lines.items()
        if name not in known and own not in known.values()
    }
    if not texts:
        return {}
    found = {part: {**tree.get(part, {}), **more} for part, more in given.code(texts).items()}
    if tree.get("variables") is not None:
        found["variables"] = {**given.variables(list(texts.values())), **tree["variables"]}
    return found


def save_features(
    path: str, features: dict[str, Feature], label: str | None, notes: tuple[str, ...]
) -> Record:
    """Write the features of a data set as a recording. Raises InputError."""
    record = Record(
        **_head(label), complete=True, full=False, framework=None, notes=notes, calls=(),
        tensors=(), features=features,
    )  # fmt: skip
    archive.write(path, record, None, b"", None, {})
    return record


def _head(label: str | None) -> dict[str, Any]:
    """What every recording begins with."""
    return {
        "recording_version": recording.RECORDING_VERSION,
        "recording_revision": recording.RECORDING_REVISION,
        "envsnap_version": __version__,
        "created_at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "label": label,
    }


def _places(tensors: list[dict[str, Any]]) -> dict[str, tables.Stored]:
    """Name the kept tensors, in the order of their values."""
    kept = sorted(
        ((entry.pop("begin"), number) for number, entry in enumerate(tensors) if "begin" in entry),
    )
    stored = {}
    for begin, number in kept:
        entry = tensors[number]
        size = tables.ITEM_SIZES[entry["dtype"]]
        for side in entry["shape"]:
            size *= side
        entry["stored"] = f"t{number}"
        stored[f"t{number}"] = tables.Stored(
            entry["dtype"], tuple(entry["shape"]), begin, begin + size
        )
    return stored
