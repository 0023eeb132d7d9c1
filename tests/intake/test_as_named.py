"""How people name a manifest: as Windows wrote it, as a shell's command, in an archive."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.model import codec
from tests import examples

WRITTEN = codec.encode(examples.manifest({"packages": examples.packages(torch="2.6.0")}))


def zipped(data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("prod.json", data)
    return made.getvalue()


def packed(data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as package:
        item = tarfile.TarInfo("prod.json")
        item.size = len(data)
        package.addfile(item, io.BytesIO(data))
    return made.getvalue()


FORMS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: b"\xff\xfe" + data.decode().replace("\n", "\r\n").encode("utf-16-le"),
    lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    zipped,
    packed,
)


@pytest.mark.parametrize("form", FORMS)
def test_a_manifest_is_read_as_it_came(form: Callable[[bytes], bytes], tmp_path: Path) -> None:
    place = tmp_path / "given"
    place.write_bytes(form(WRITTEN))
    found = reader.load(str(place)).manifest
    assert found.sections.packages.entries["torch"].version == "2.6.0"  # type: ignore[union-attr]


def test_a_folder_with_two_manifests_asks_for_one(tmp_path: Path) -> None:
    for name in ("dev.json", "prod.json"):
        (tmp_path / name).write_bytes(WRITTEN)
    with pytest.raises(InputError, match=r"dev\.json, prod\.json"):
        reader.load(str(tmp_path))
    (tmp_path / "dev.json").unlink()
    assert reader.load(str(tmp_path)).manifest.sections.packages


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd here")
def test_what_a_command_prints_is_read_where_a_shell_hands_it_over(tmp_path: Path) -> None:
    place = tmp_path / "prod.json"
    place.write_bytes(WRITTEN)
    line = f"{sys.executable} -m envsnap check <(sleep 0.2; cat {place}) --format json"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = "ModuleNotFoundError: No module named 'torch'"
    line = f'{sys.executable} -m envsnap check {place} --error-text <(sleep 0.2; echo "{said}")'
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "No module named 'torch'" in done.stdout


def test_no_pipe_is_waited_for_that_lies_in_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        reader.load(str(tmp_path / "pipe"))
