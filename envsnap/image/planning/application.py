"""Packs an application's folder: its own .dockerignore counts; secrets and weights stay behind.

What may hold a secret is told by its name, and by what it holds (`secret_files`). A line `!NAME` of
the .dockerignore carries such a file all the same.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tarfile
from collections.abc import Container

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image.planning import secret_files
from envsnap.wording import counted, few

LARGEST = 64 << 20
MOST_FILES = 20_000
IGNORE = ".dockerignore"
OUTSIDE = frozenset(
    (".git", ".hg", ".svn", "__pycache__", ".venv", ".tox", ".mypy_cache", "envsnap-context")
)
WEIGHTS = re.compile(
    r".*\.(safetensors|pt|pth|ckpt|onnx|h5|hdf5|keras|gguf|ggml|tflite|engine|plan|npz|pkl|pickle"
    r"|joblib|pb|pdparams|mlmodel|msgpack)|(pytorch_model|.*weights?|.*model).*\.bin",
    re.IGNORECASE | re.DOTALL,
)
MOST_NAMED, MOST_SECRETS = 6, 40  # what stays behind as a secret, a program may miss
LOOKED_THROUGH = 1 << 20  # bytes of a file that are looked through for secrets
UTF16 = (b"\xff\xfe", b"\xfe\xff")
MOST_STARS, LONGEST_PATTERN = 8, 300


class Application(Struct, frozen=True, kw_only=True):
    """A packed folder: the archive, its files' SHA-256, and what was left out for which reason.

    `programs` are the files that may be executed, `copies` the links that lead to other files of
    the folder: the archive has those files' contents in their place.
    """

    data: bytes
    digests: dict[str, str]
    programs: tuple[str, ...]
    copies: tuple[str, ...]
    secrets: tuple[str, ...]
    weights: tuple[str, ...]
    links: tuple[str, ...]

    def why(self) -> str:
        """Say what was packed and what was not."""
        parts = ["the folder that --app names"]
        if self.copies:
            parts.append(f"{counted(len(self.copies), 'link')} inside it as copies")
        for what, names in (
            (f"may hold secrets; a line !NAME in {IGNORE} carries one", self.secrets),
            ("weights: mount them when the container starts", self.weights),
            ("links and special files", self.links),
        ):
            if names:
                most = MOST_SECRETS if names is self.secrets else MOST_NAMED
                shown = few([plain(name) for name in names], most)
                parts.append(f"left out ({what}): {shown}")
        return "; ".join(parts)


def plain(name: str) -> str:
    """Spell a file's name in ASCII, on one line."""
    return name if name.isascii() and name.isprintable() else ascii(name)[1:-1]


def pack(folder: str) -> Application:
    """Pack a folder so that equal files give equal bytes. Raises InputError."""
    if not os.path.isdir(folder):
        raise InputError(f"--app {folder}: no such folder")
    kept, secrets, weights, links = _sorted_out(folder)
    if not kept:
        raise InputError(f"--app {folder}: holds no file that an image may get")
    copies = {link: found for link in links if (found := _copied(folder, link, kept))}
    sources = {name: name for name in kept}
    for found in copies.values():
        sources.update({name: source for name, source in found.items() if name not in sources})
    data, digests, programs = _archive(folder, sources)
    return Application(
        data=data,
        digests=digests,
        programs=tuple(programs),
        copies=tuple(copies),
        secrets=tuple(secrets),
        weights=tuple(weights),
        links=tuple(name for name in links if name not in copies),
    )


def _sorted_out(folder: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """The names of a folder: what is kept, what may be a secret, weights, and what is no plain file."""
    secrets: list[str] = []
    weights: list[str] = []
    links: list[str] = []
    kept: list[str] = []
    total = 0
    names, wanted = _wanted(folder)
    for name in names:
        if total > LARGEST:
            raise _too_large(folder)  # before the rest is looked through
        path = os.path.join(folder, name)
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode) or _is_outside(name):
            continue
        is_file = stat.S_ISREG(mode)
        if secret_files.is_named_so(name) and not (is_file and _is_none(folder, name, wanted)):
            secrets.append(name)
        elif not is_file:
            links.append(name)
        elif name not in wanted and secret_files.holds_secret(name, _beginning(folder, name)):
            secrets.append(name)
        elif WEIGHTS.fullmatch(os.path.basename(name)):
            weights.append(name)
        else:
            kept.append(name)
            total += os.lstat(path).st_size
    return kept, secrets, weights, links


def _is_none(folder: str, name: str, wanted: Container[str]) -> bool:
    """Whether a file is only called as one with a secret, or is wanted all the same."""
    if name in wanted:
        return True
    try:
        return secret_files.is_shared(name, _beginning(folder, name))
    except InputError:  # nobody may read it: it stays behind
        return False


def _copied(folder: str, link: str, kept: list[str]) -> dict[str, str]:
    """The files that a link leads to in the same folder, by their names below the link."""
    path = os.path.join(folder, link)
    target = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    if not os.path.islink(path) or target == os.curdir or target.split(os.sep)[0] == os.pardir:
        return {}
    if target in kept:
        return {link: target}
    inside = target + os.sep
    return {
        os.path.join(link, name.removeprefix(inside)): name
        for name in kept
        if name.startswith(inside)
    }


def _wanted(folder: str) -> tuple[list[str], frozenset[str]]:
    """Name what the folder's own .dockerignore lets through, sorted, and what it asks for by name."""
    from docker.utils.build import exclude_paths

    patterns: list[str] = []
    ignore = os.path.join(folder, IGNORE)
    if os.path.isfile(ignore):
        with open(ignore, encoding="utf-8", errors="replace") as stream:
            lines = [line.strip() for line in stream.read(1 << 20).splitlines()]
        patterns = [_pattern(line, ignore) for line in lines if line and line[0] != "#"]
    # Its last argument only keeps the Dockerfile's own name from being ignored.
    try:
        names = exclude_paths(folder, patterns, dockerfile=IGNORE)
    except re.error as error:
        raise InputError(f"{ignore}: no pattern of files: {error}") from None
    found = sorted(name for name in names if name != IGNORE)
    if len(found) > MOST_FILES:
        raise InputError(
            f"--app {folder}: {counted(len(found), 'file')}; leave some out with {IGNORE}"
        )
    asked = (line[1:].strip().strip("/") for line in patterns if line[0] == "!")
    return found, frozenset(os.path.normpath(name) for name in asked if "*" not in name)


def _pattern(line: str, path: str) -> str:
    """Return a pattern that can be matched in a sensible time."""
    shorter = re.sub(r"(\*\*/)+", "**/", line)
    if shorter.count("*") > MOST_STARS or len(shorter) > LONGEST_PATTERN:
        raise InputError(f"{path}: {plain(line[:60])}: too many asterisks, or too long")
    return shorter


def _is_outside(name: str) -> bool:
    return not OUTSIDE.isdisjoint(name.split(os.sep))


def _beginning(folder: str, name: str) -> str:
    """The text that a file begins with; none of what is no text."""
    content = _read(folder, name, LOOKED_THROUGH)[0]
    if content.startswith(UTF16):
        return content.decode("utf-16", "replace")
    return "" if b"\0" in content else content.decode("utf-8-sig", "replace")


def _too_large(folder: str) -> InputError:
    return InputError(
        f"--app {folder}: larger than {LARGEST >> 20} MiB; leave files out with {IGNORE}"
    )


def _archive(folder: str, sources: dict[str, str]) -> tuple[bytes, dict[str, str], list[str]]:
    """Write a tar without owners and dates; executable files stay executable.

    `sources` has the file of each name. With SHA-256 by name, and the names that may be executed.
    """
    data = io.BytesIO()
    digests: dict[str, str] = {}
    programs: list[str] = []
    total = 0
    if len(sources) > MOST_FILES:
        raise InputError(f"--app {folder}: {counted(len(sources), 'file')} with those behind links")
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, source in sorted(sources.items()):
            content, mode = _read(folder, source)
            total += len(content)
            if total > LARGEST:
                raise _too_large(folder)
            member = tarfile.TarInfo(name.replace(os.sep, "/"))
            member.size = len(content)
            member.mode = 0o755 if mode & stat.S_IXUSR else 0o644
            tar.addfile(member, io.BytesIO(content))
            digests[member.name] = hashlib.sha256(content).hexdigest()
            programs += [member.name] if mode & stat.S_IXUSR else []
    return data.getvalue(), digests, programs


def _read(folder: str, name: str, most: int = LARGEST + 1) -> tuple[bytes, int]:
    """Read one regular file; what became a link or a device since is refused."""
    path = os.path.join(folder, name)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise InputError(f"--app {folder}: {name!a} is no regular file any more")
            return stream.read(most), mode
    except OSError as error:
        raise InputError(f"--app {folder}: {name!a}: {error.strerror or error}") from None
