"""Folders and archives that hold a file or a set of files that some format reads."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile

from envsnap.errors import InputError
from envsnap.intake import documents
from envsnap.intake.contents import contents, is_manifest
from envsnap.intake.formats import registry
from envsnap.intake.formats.folder import Folder
from envsnap.intake.formats.source import Source
from envsnap.model import codec, scan

MOST_FILES = 20_000
LARGEST_FILE = 4 << 20  # of those that are looked into to find out what they are
LARGEST_IN_ARCHIVE = 16 << 20
DEEPEST = 4
SUFFIXES = (".txt", ".toml", ".lock", ".yml", ".yaml", ".json", ".xml", ".csv", ".log", "")
HASH_IT = "hash it with `envsnap capture --weights"
OURS = "manifest"  # in the place of a format's module
SKIPPED = (".git", "__pycache__", "node_modules", ".venv", "site-packages")


def load(path: str) -> codec.Document:
    """Read a folder: a set of files that belong together, or the one file that a format reads."""
    name = os.path.basename(os.path.abspath(path))
    sizes: dict[str, int] = {}
    links: dict[str, str] = {}
    for root, folders, files in os.walk(path):
        depth = os.path.relpath(root, path).count(os.sep)
        folders[:] = sorted(
            folder for folder in folders if folder not in SKIPPED and depth < DEEPEST
        )
        for file in sorted(files):
            _note(path, os.path.join(root, file), sizes, links)
        if len(sizes) > MOST_FILES:
            raise InputError(
                f"{path}: a folder of more than {MOST_FILES:,} files; name the file that you mean"
            )

    def read(inner: str) -> bytes | None:
        try:
            return contents(os.path.join(path, inner), os.path.join(path, inner))
        except InputError:
            return None

    return _read(Folder(name=name, sizes=sizes, links=links, read=read), path)


def _note(path: str, file: str, sizes: dict[str, int], links: dict[str, str]) -> None:
    inner = os.path.relpath(file, path)
    try:
        sizes[inner] = os.stat(file).st_size
        if os.path.islink(file):
            links[inner] = os.path.basename(os.readlink(file))
    except OSError:
        sizes.pop(inner, None)  # a link that leads nowhere


def archive(data: bytes, name: str, base: str) -> codec.Document | None:
    """Read an archive as a folder; None for what is no archive. Raises InputError."""
    try:
        if data.startswith(b"PK\x03\x04"):
            package = _zip(data, base)
            if any(inner.endswith("data.pkl") for inner in package.sizes):
                raise InputError(f"{name}: looks like a checkpoint of PyTorch; {HASH_IT} {base}`")
            return _read(package, name)
        if data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
            return _read(_tar(data, base), name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, UnicodeDecodeError):
        raise InputError(
            f"{name}: an archive that cannot be read; unpack it and name the file inside"
        ) from None
    return None


def _zip(data: bytes, base: str) -> Folder:
    package = zipfile.ZipFile(io.BytesIO(data))
    members = [item for item in package.infolist() if not item.is_dir()][:MOST_FILES]
    top = _top([item.filename for item in members])
    sizes = {item.filename[len(top) :]: item.file_size for item in members}

    def read(inner: str) -> bytes | None:
        if sizes.get(inner, LARGEST_IN_ARCHIVE + 1) > LARGEST_IN_ARCHIVE:
            return None
        with package.open(top + inner) as stream:
            return stream.read(LARGEST_IN_ARCHIVE)

    return Folder(name=base, sizes=sizes, links={}, read=read)


def _tar(data: bytes, base: str) -> Folder:
    """The small members of a compressed archive, within bounds of what they unpack to."""
    found: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    total = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as package:
        for count, item in enumerate(package):
            total += item.size
            if count > MOST_FILES or total > 4 * scan.LARGEST_FILE:
                break
            if item.isfile():
                sizes[item.name] = item.size
                stream = package.extractfile(item) if item.size <= LARGEST_FILE else None
                if stream is not None:
                    found[item.name] = stream.read(LARGEST_FILE)
    top = _top(list(sizes))
    inner = {name[len(top) :]: size for name, size in sizes.items()}
    return Folder(name=base, sizes=inner, links={}, read=lambda name: found.get(top + name))


def _top(names: list[str]) -> str:
    """The folder that all members of an archive lie in."""
    starts = {name.partition("/")[0] for name in names if "/" in name}
    flat = any("/" not in name for name in names)
    return f"{starts.pop()}/" if len(starts) == 1 and not flat else ""


def _read(folder: Folder, name: str) -> codec.Document:
    entry = next((item for item in registry.FOLDERS if item.load_folder().recognise(folder)), None)
    if entry is not None:
        return documents.document(entry.load_folder().read(folder), name, folder.name)
    known = _known(folder, name)
    firm = [inner for inner, (module, _) in known.items() if module not in registry.BEHIND]
    chosen = firm or list(known)
    if len(chosen) == 1:
        inner, data = chosen[0], known[chosen[0]][1]
        if known[inner][0] == OURS:
            return codec.decode(data, f"{name}/{inner}")
        source = Source(data, f"{name}/{inner}", inner, beside=folder.read)
        draft = registry.read(source)
        assert draft is not None
        for beside in sorted(known.keys() - {inner}):
            draft.leave(f"{beside} beside it")
        return documents.document(draft, f"{name}/{inner}", inner)
    if known:
        told = ", ".join(chosen[:6])
        raise InputError(
            f"{name}: a folder with {len(chosen)} files that envsnap reads ({told}); name one of them"
        )
    raise InputError(
        f"{name}: a folder, and neither a model's nor one with a file that envsnap reads;"
        " name a manifest or a file (`envsnap explain --formats` lists what envsnap reads)"
    )


def _known(folder: Folder, name: str) -> dict[str, tuple[str, bytes]]:
    """The manifests of a folder itself, and the files that some format reads: its module, the bytes."""
    found = {}
    for inner in sorted(folder.sizes):
        if "/" in inner or os.path.splitext(inner)[1].lower() not in SUFFIXES:
            continue
        data = folder.bytes(inner, LARGEST_FILE)
        if data is None:
            continue
        if is_manifest(data):
            found[inner] = (OURS, data)
            continue
        entry = registry.recognised(Source(data, f"{name}/{inner}", inner))
        if entry is not None:
            found[inner] = (entry.module, data)
    return found
