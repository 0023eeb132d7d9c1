"""Files that are varied are those that were captured, each on its side."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from envsnap.bisection import files
from envsnap.errors import InputError
from envsnap.model.manifest import Manifest
from tests import examples

ONE, TWO = "rate: 1\n", "rate: 2\n"


def side(text: str | None, name: str = "app") -> Manifest:
    entries = {}
    if text is not None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries[name] = {"path": "/srv/app.yaml", "sha256": digest}
    return examples.manifest({"configs": {"entries": entries}})


@pytest.fixture
def given(tmp_path: Path) -> tuple[files.File, ...]:
    (tmp_path / "good.yaml").write_text(ONE)
    (tmp_path / "bad.yaml").write_text(TWO)
    return files.read([f"app={tmp_path / 'good.yaml'}:{tmp_path / 'bad.yaml'}"])


def test_the_files_of_the_captures(given: tuple[files.File, ...]) -> None:
    assert list(files.unlike_captured(given, side(ONE), side(TWO))) == []


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [(TWO, ONE, "the other way round"), (ONE, "rate: 3", "BAD is not what was captured")],
)
def test_files_of_something_else(
    given: tuple[files.File, ...], good: str, bad: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        list(files.unlike_captured(given, side(good), side(bad)))


def test_a_name_that_neither_side_has_is_told(given: tuple[files.File, ...]) -> None:
    notes = list(files.unlike_captured(given, side(ONE, "other"), side(TWO, "other")))
    assert notes == ["app is in neither manifest: nothing says which side its files are of"]


def test_a_file_beside_that_the_command_may_read_is_told(
    given: tuple[files.File, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials replace what lies at the two paths: a third copy in the working folder stays as it is."""
    work = tmp_path / "elsewhere"
    work.mkdir()
    (work / "bad.yaml").write_text(TWO)
    monkeypatch.chdir(work)
    (note,) = files.unlike_captured(given, side(ONE), side(TWO))
    assert note.startswith("bad.yaml in the working folder is neither of the two of --file app")
    monkeypatch.chdir(tmp_path)
    assert list(files.unlike_captured(given, side(ONE), side(TWO))) == []


POD = """containers:
- env:
  - {{name: DB_PASSWORD, value: {}}}
  - {{name: MODE, value: {}}}
  args: [--api-key, {}, --rate, "{}"]
"""


def test_what_stands_beside_a_value_says_that_it_is_a_secret(tmp_path: Path) -> None:
    """The manifest hides these: the name stands in another key, or in the word before."""
    (tmp_path / "good.yaml").write_text(POD.format("cocoapuddle", "fast", "brisklantern", 3))
    (tmp_path / "bad.yaml").write_text(POD.format("mintyharbor", "slow", "dustymarble", 4))
    (given,) = files.read([f"pod={tmp_path / 'good.yaml'}:{tmp_path / 'bad.yaml'}"])
    shown = {path[-3:]: both for path, both in given.shown().items()}
    assert shown == {
        ("env", "0", "value"): (files.HIDDEN, files.HIDDEN),
        ("env", "1", "value"): ("fast", "slow"),
        ("0", "args", "1"): (files.HIDDEN, files.HIDDEN),
        ("0", "args", "3"): ("3", "4"),
    }
