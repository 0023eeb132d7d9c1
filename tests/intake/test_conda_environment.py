"""A real environment of conda, installed by rattler: its manifest, its exports and pip's lists agree.

Its packages and their channel are made here; rattler solves, installs and writes conda-meta.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import itertools
import json
import platform
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from envsnap import api
from envsnap.intake import foreign
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from tests.conftest import COMMAND, lacking

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
# Name, version and build of conda's package, and the distribution that it brings.
PACKAGES = (
    ("_libgcc_mutex", "0.1", "conda_forge", ""),
    ("mkl", "2024.2.2", "ha957f24_16", ""),
    ("python", platform.python_version(), "hd12c33a_0_cpython", ""),
    ("msgpack-python", "1.1.0", "py311hd18a35c_0", "msgpack"),
    ("numpy", "1.26.4", "py311h64a7726_0", "numpy"),
    ("ruamel.yaml", "0.18.6", "py311h9ecbd09_1", "ruamel.yaml"),
    ("typing_extensions", "4.12.2", "pyha770c72_1", "typing_extensions"),
)


def pack(channel: Path, name: str, version: str, build: str, brings: str) -> None:
    """Write one package as conda-build does: an index, the list of files, the files."""
    files = {}
    if brings:
        folder = f"{SITE}/{brings.replace('.', '_')}-{version}.dist-info"
        meta = f"Metadata-Version: 2.1\nName: {brings}\nVersion: {version}\n"
        files = {
            f"{folder}/METADATA": meta,
            f"{folder}/INSTALLER": "conda\n",
            f"{folder}/RECORD": "",
        }
    index = {
        "name": name, "version": version, "build": build, "build_number": 0, "depends": [],
        "subdir": "linux-64", "arch": "x86_64", "platform": "linux",
    }  # fmt: skip
    paths = [{"_path": path, "path_type": "hardlink"} for path in files]
    info = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join(files),
    }
    with tarfile.open(
        channel / "linux-64" / f"{name}-{version}-{build}.tar.bz2", "w:bz2"
    ) as target:
        for path, text in {**info, **files}.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            target.addfile(entry, io.BytesIO(text.encode()))


async def solved(root: Path) -> list[Any]:
    """The packages, installed by rattler into the environment; its records of them."""
    import rattler
    from rattler.index import index_fs

    channel = root / "channel"
    (channel / "linux-64").mkdir(parents=True)
    (channel / "noarch").mkdir()
    for package in PACKAGES:
        pack(channel, *package)
    await index_fs(channel, force=True)
    records = await rattler.solve(
        [rattler.Channel(channel.as_uri())],
        [package[0] for package in PACKAGES],
        platforms=["linux-64", "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    await rattler.install(
        records, target_prefix=str(root / "env"), cache_dir=str(root / "cache"), show_progress=False
    )
    return list(records)


Rows = list[tuple[str, str, str, str]]


def table(rows: Rows) -> str:
    lines = (f"{name:25} {version:15} {build:20} conda-forge\n" for name, version, build, _ in rows)
    return "# packages in environment at /c:\n#\n# Name  Version  Build  Channel\n" + "".join(lines)


def as_json(rows: Rows) -> str:
    keys = ("name", "version", "build_string", "url")
    return json.dumps(
        [{**dict(zip(keys, row, strict=True)), "channel": "conda-forge"} for row in rows]
    )


def explicit(rows: Rows) -> str:
    return "# platform: linux-64\n@EXPLICIT\n" + "".join(f"{row[3]}\n" for row in rows)


def export(rows: Rows) -> str:
    return "# platform: linux-64\n" + "".join("=".join(row[:3]) + "\n" for row in rows)


def environment(rows: Rows) -> str:
    lines = "".join(f"  - {'='.join(row[:3])}\n" for row in rows)
    return f"name: prod\nchannels:\n  - conda-forge\ndependencies:\n{lines}prefix: /c/envs/prod\n"


WRITERS = (table, as_json, explicit, export, environment)
PIPS = ("freeze --all", "list", "list --format json", "inspect")
TOLD = [writer.__name__ for writer in WRITERS]
PAIRS = list(itertools.permutations(["manifest", *TOLD, *PIPS], 2))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifest]:
    """The one environment, by each program that tells of it."""
    if importlib.util.find_spec("rattler") is None:
        lacking("py-rattler is not installed (the extra is called dev)")
    root = tmp_path_factory.mktemp("conda")
    subprocess.run([sys.executable, "-m", "venv", str(root / "env")], check=True)
    python = str(root / "env/bin/python")
    subprocess.run(
        [python, "-m", "pip", "uninstall", "-qy", "setuptools"], check=True, capture_output=True
    )
    records = asyncio.run(solved(root))
    rows = sorted(
        (item.name.normalized, str(item.version), str(item.build).strip(), str(item.url))
        for item in records
    )
    found = {writer.__name__: load(writer(rows)) for writer in WRITERS}
    for command in PIPS:
        done = subprocess.run(
            [python, "-m", "pip", *command.split()], check=True, capture_output=True, text=True
        )
        found[command] = load(done.stdout)
    path = root / "manifest.json"
    subprocess.run([COMMAND, "capture", "--python", python, "-o", str(path)], check=True)
    found["manifest"] = codec.decode(path.read_bytes(), "manifest").manifest
    return found


def load(text: str) -> Manifest:
    return foreign.load(text.encode(), "input", "input").manifest


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_an_environment_of_conda_in_two_descriptions(
    told: dict[str, Manifest], pair: tuple[str, str]
) -> None:
    result = api.diff(*(told[name] for name in pair))
    known = [
        item for item in result.findings if item.path[1] != "pip"
    ]  # not conda's, but the venv's
    assert [(item.path, item.message) for item in known] == []
    assert result.compared >= 4


@pytest.mark.parametrize("name", TOLD)
def test_a_package_that_went_is_still_missed(told: dict[str, Manifest], name: str) -> None:
    fewer = load(pip_without("numpy"))
    found = api.diff(told[name], fewer).findings
    assert [item.path for item in found] == [("packages", "numpy")]


def pip_without(left_out: str) -> str:
    """What pip freeze prints of the environment when a distribution is gone."""
    rows = ((brings, version) for _, version, _, brings in PACKAGES if brings)
    return "".join(f"{name}=={version}\n" for name, version in sorted(rows) if name != left_out)
