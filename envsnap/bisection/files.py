"""Files whose contents are varied: as a whole, or a config file path by path."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from envsnap.bisection import configs
from envsnap.errors import InputError
from envsnap.intake import config_trees
from envsnap.intake.messages import clean_message
from envsnap.model import reading
from envsnap.model.manifest import Manifest

LARGEST_CONFIG = 1 << 20
LARGEST_NAMED = 64 << 20
SCRIPTS = (".py", ".sh")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./ -]{0,199}")
HIDDEN = "<redacted by envsnap>"


class Version(Struct, frozen=True, kw_only=True):
    """One side's file."""

    path: str
    sha256: str


class File(Struct, frozen=True, kw_only=True):
    """A file with two versions; `mixed` where it can be varied path by path."""

    name: str
    good: Version
    bad: Version
    mixed: configs.Mixed | None

    def shown(self) -> dict[tuple[Any, ...], tuple[Any, Any]]:
        """What differs in it, as it may be shown; None where a side has nothing."""
        if self.mixed is None:
            return {}
        clean = [config_trees.redact(_plain(tree), (), {}) for tree in self.mixed.trees]
        return {
            path: (_shown(path, good, clean[0]), _shown(path, bad, clean[1]))
            for path, (good, bad) in self.mixed.values.items()
        }


def _plain(tree: Any) -> Any:
    """A tree of texts, numbers and switches, its keys as texts."""
    if isinstance(tree, dict):
        return {str(key): _plain(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_plain(item) for item in tree]
    return tree if tree is None or isinstance(tree, bool | int | float) else str(tree)


def _shown(path: tuple[Any, ...], value: Any, clean: Any) -> Any:
    """A value without secrets: what its keys, its shape, or the file around it say is one is left out.

    `clean` is the whole file without secrets: in a list of names and values the name stands beside.
    """
    if value is configs.ABSENT:
        return None
    if path != configs.REST and configs.value_at(clean, tuple(map(str, path))) != _plain(value):
        return HIDDEN
    tree = value if isinstance(value, bool | int | float | list | dict) else str(value)
    for key in reversed(path):
        tree = {str(key): tree}
    gaps: dict[str, str] = {}
    tree = config_trees.redact(tree, (), gaps)
    for key in path if not gaps else ():
        tree = tree[str(key)]
    return HIDDEN if gaps else tree


def shown_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command without secrets: what follows --token, and what looks like one."""
    kept = config_trees.redact(list(words), (), {})
    return tuple(HIDDEN if word is None else clean_message(word) for word in kept)


def read(given: Iterable[str]) -> tuple[File, ...]:
    """Read NAME=GOOD:BAD arguments. Raises InputError."""
    found: dict[str, File] = {}
    for argument in given:
        name, equals, paths = argument.partition("=")
        sides = _sides(paths)
        if not equals or not NAME.fullmatch(name) or sides is None:
            raise InputError(f"--file {argument}: write --file NAME=GOOD:BAD, two files")
        if name in found:
            raise InputError(f"--file {argument}: {name} was given before")
        file = _file(name, *sides)
        if file is not None:
            found[name] = file
    return tuple(found.values())


def of_command(words: Sequence[str], folder: str) -> Iterator[tuple[str, str]]:
    """The files that a command names, and the scripts beside it, with their digests: an edited one tests otherwise."""
    beside = (name for name in os.listdir(folder) if name.endswith(SCRIPTS))
    for name in dict.fromkeys((*words, *beside)):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError, ValueError):
            if os.path.isfile(path) and os.path.getsize(path) <= LARGEST_NAMED:
                yield name, _digest(path)


def unlike_captured(given: Iterable[File], good: Manifest, bad: Manifest) -> Iterator[str]:
    """Notes on files that neither manifest has. Raises InputError where one is not what was captured."""
    for file in given:
        known = [_captured(manifest, file.name) for manifest in (good, bad)]
        if known == [file.bad.sha256, file.good.sha256]:
            raise InputError(
                f"--file {file.name}={file.good.path}:{file.bad.path}: the two are the other way round"
            )
        for word, version, digest in zip(
            ("GOOD", "BAD"), (file.good, file.bad), known, strict=True
        ):
            if digest is not None and digest != version.sha256:
                raise InputError(f"--file {file.name}: {word} is not what was captured")
        aside = _beside(file)
        if aside is not None:
            yield (
                f"{aside} in the working folder is neither of the two of --file {file.name}: trials leave"
                " it as it is; if the command reads it, name it as GOOD or BAD"
            )
        if known == [None, None]:
            yield f"{file.name} is in neither manifest: nothing says which side its files are of"


def _beside(file: File) -> str | None:
    """The file of the working folder that a command may read in the place of those that are varied."""
    given = [os.path.realpath(version.path) for version in (file.good, file.bad)]
    names = dict.fromkeys(
        (file.name, *(os.path.basename(version.path) for version in (file.good, file.bad)))
    )
    for name in names:
        if os.path.isfile(name) and os.path.realpath(name) not in given:
            return name
    return None


def _captured(manifest: Manifest, name: str) -> str | None:
    """The digest of a file that a manifest has under a name; None where it has none."""
    for section in ("configs", "weights", "data", "files"):
        digest = getattr(reading.entries(manifest, section).get(name), "sha256", None)
        if isinstance(digest, str):
            return digest
    return None


def _sides(paths: str) -> tuple[str, str] | None:
    """Split GOOD:BAD where both parts are files; paths may hold colons themselves."""
    places = [place for place, sign in enumerate(paths) if sign == ":"]
    for place in places:
        if os.path.isfile(paths[:place]) and os.path.isfile(paths[place + 1 :]):
            return paths[:place], paths[place + 1 :]
    if len(places) == 1:
        for path in paths.split(":"):
            if not os.path.isfile(path):
                kind = "is a folder: name its files" if os.path.isdir(path) else "no such file"
                raise InputError(f"--file {path}: {kind}")
    return None


def _file(name: str, good: str, bad: str) -> File | None:
    """None where both are equal: then there is nothing to vary."""
    try:
        versions = [
            Version(path=os.path.abspath(path), sha256=_digest(path)) for path in (good, bad)
        ]
    except OSError as error:
        raise InputError(f"--file {error.filename}: cannot be read: {error.strerror}") from None
    if versions[0].sha256 == versions[1].sha256:
        return None
    return File(name=name, good=versions[0], bad=versions[1], mixed=_mixed(good, bad))


def _digest(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mixed(good: str, bad: str) -> configs.Mixed | None:
    kind = configs.kind_of(good) or configs.kind_of(bad)
    if kind is None or max(os.path.getsize(path) for path in (good, bad)) > LARGEST_CONFIG:
        return None
    contents = []
    for path in (good, bad):
        with open(path, "rb") as stream:
            contents.append(stream.read(LARGEST_CONFIG + 1))
    try:
        return configs.Mixed(kind, *contents)
    except Exception:  # noqa: BLE001 (parsers, each with its own exceptions)
        return None
