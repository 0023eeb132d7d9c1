"""Tiny distributions as wheels, so that bisections are tested on real environments offline."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from envsnap.image.locking.uv import executable

VALUE = "value = {value!r}\n"


def wheel(
    folder: Path,
    name: str,
    version: str,
    source: str,
    requires: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> None:
    """Write a wheel with one module of the distribution's name, and `more` files by path."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    files = {
        f"{module}.py": source,
        **(more or {}),
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{path},sha256={digest.decode()},{len(text)}")
    record = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    target = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)


def environment(folder: Path, wheels: Path, pins: Mapping[str, str]) -> Path:
    """A virtual environment with these distributions; its Python."""
    uv = [executable(), "--no-config", "--offline"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    add(folder, wheels, pins)
    return python


def add(folder: Path, wheels: Path, pins: Mapping[str, str]) -> None:
    """Install distributions into an environment."""
    uv = [executable(), "--no-config", "--offline"]
    wanted = [f"{name}=={version}" for name, version in pins.items()]
    if wanted:
        subprocess.run(
            [*uv, "pip", "install", "-q", "--no-deps", "--no-index", "--find-links", wheels,
             "--python", folder / "bin" / "python", *wanted],
            check=True, env={**os.environ, "UV_CACHE_DIR": str(folder.parent / "uv")},
        )  # fmt: skip
