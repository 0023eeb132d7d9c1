"""An archive that says that its names are UTF-8, and one is not: found by the readers' fuzzing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import foreign
from envsnap.replay.esr import archive


def a_file(path: Path) -> object:
    """Read it as a foreign file."""
    return foreign.load(path.read_bytes(), path.name, path.name)


def a_recording(path: Path) -> object:
    """Read it as a recording."""
    return archive.read(str(path))


@pytest.mark.parametrize("load", [a_file, a_recording])
def test_a_name_that_is_no_text_is_refused(load: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("caf\u00e9", "1")
    path.write_bytes(path.read_bytes().replace("\u00e9".encode(), b"\xc3\x28"))
    with pytest.raises(InputError):
        load(path)
