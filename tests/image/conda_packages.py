"""Makes real conda packages out of what this machine has: a CPython, its pip, and small ones."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = {"test", "idlelib", "tkinter", "turtledemo", "site-packages", "__pycache__"}
File = tuple[str, bytes, int]  # path in the prefix, content, mode
CHANNEL = "https://conda.example.org/forge"


def pack(folder: Path, name: str, version: str, files: list[File], *, noarch: bool = False) -> str:
    """Write one package, and return the address that its channel would give it."""
    subdir = "noarch" if noarch else "linux-64"
    build = "pyh0_0" if noarch else "h0_0"
    index = {
        "name": name, "version": version, "build": build, "build_number": 0,
        "depends": ["python"] if noarch else [], "subdir": subdir,
        **({"noarch": "python"} if noarch else {}),
    }  # fmt: skip
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
        }
        for path, data, _ in files
    ]
    info: list[File] = [
        ("info/index.json", json.dumps(index).encode(), 0o644),
        ("info/paths.json", json.dumps({"paths_version": 1, "paths": paths}).encode(), 0o644),
        ("info/files", "\n".join(path for path, _, _ in files).encode(), 0o644),
    ]
    if noarch:
        link = {"noarch": {"type": "python", "entry_points": []}, "package_metadata_version": 1}
        info.append(("info/link.json", json.dumps(link).encode(), 0o644))
    file = f"{name}-{version}-{build}.tar.bz2"
    with tarfile.open(folder / file, "w:bz2", compresslevel=1) as tar:
        for path, data, mode in (*info, *files):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), mode
            tar.addfile(member, io.BytesIO(data))
    return f"{CHANNEL}/{subdir}/{file}"


def python_files(executable: str, version: str) -> list[File]:
    """The files of an interpreter of this machine, as its conda package would have them."""
    root = Path(executable).resolve().parents[1]
    library = root / "lib" / f"python{version}"
    program = relocatable(Path(executable).resolve().read_bytes(), root)
    found: list[File] = [
        (f"bin/python{version}", program, 0o755),
        ("bin/python", f'#!/bin/sh\nexec "$0{version}" "$@"\n'.encode(), 0o755),
    ]
    libraries = sorted((root / "lib").glob("libpython*.so*"))
    found += [(f"lib/{path.name}", path.read_bytes(), 0o755) for path in libraries]
    for folder, names, files in os.walk(library):
        names[:] = sorted(name for name in names if name not in LEFT_OUT)
        for name in sorted(files):
            path = Path(folder, name)
            if name.endswith((".a", ".pyc")) or name.startswith("config-"):
                continue
            mode = 0o755 if name.endswith(".so") else 0o644
            found.append((str(path.relative_to(root)), path.read_bytes(), mode))
    return found


def relocatable(program: bytes, root: Path) -> bytes:
    """Let a program look for its libraries beside itself, as conda's build does."""
    old, new = f"{root}/lib".encode() + b"\0", b"$ORIGIN/../lib"
    return program.replace(old, new.ljust(len(old), b"\0"))


def wheel_files(wheel: Path) -> Iterator[File]:
    """The files of a wheel, as a noarch package of conda holds them."""
    with zipfile.ZipFile(wheel) as archive:
        for item in archive.infolist():
            if not item.is_dir():
                yield f"site-packages/{item.filename}", archive.read(item), 0o644


def distribution(name: str, version: str, module: bytes) -> list[File]:
    """A small Python distribution, with the metadata that conda's build leaves."""
    meta = f"site-packages/{name}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return [
        (f"site-packages/{name}.py", module, 0o644),
        (f"{meta}/METADATA", text, 0o644),
        (f"{meta}/INSTALLER", b"conda", 0o644),
    ]
