"""`python -m tools.knowledge`: real pip, asked about a folder of wheels that stands for the index."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from envsnap.knowledge import tables
from tools.knowledge import __main__ as command
from tools.knowledge import renewals
from tools.knowledge.index import Index, requirements
from tools.knowledge.renewals import Scope, built_against, chosen, pinned, same, torch_wheels
from tools.knowledge.rows import Rows

TABLES = Path(tables.__file__).parent
NAMES = sorted(path.name for path in TABLES.glob("*.json"))


def wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    """A wheel of metadata alone."""
    file = name.replace("-", "_")
    info = f"{file}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {item}" for item in requires]
    with zipfile.ZipFile(folder / f"{file}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "numba", "0.58.1", "numpy<1.27,>=1.22", "llvmlite")
    wheel(folder, "numba", "0.59.1", "numpy<1.28,>=1.22", "llvmlite")  # the table's row says 1.27
    wheel(folder, "numba", "90.0.0", "numpy<9,>=8", "numpy<3; extra == 'old'", "llvmlite")
    wheel(folder, "numba", "90.1.0rc1", "numpy<9,>=8")
    wheel(folder, "numba", "91.0.0")
    wheel(folder, "torch", "90.0.0", "nvidia-cuda-runtime==14.2.7; platform_system == 'Linux'",
          "nvidia-cudnn-cu14==10.1.0.3", "nvidia-nccl-cu14==3.1.0")  # fmt: skip
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return Index()


def test_releases_that_no_row_names_are_read_from_their_wheels(index: Index) -> None:
    found = list(built_against(index, Scope(packages=("numba",))))
    assert [(item.row["versions"], item.row["needs"]) for item in found if item.row] == [
        ("==90.0.0", {"numpy": "<9,>=8"}),
    ]
    assert all(item.is_new for item in found)


def test_rows_that_say_otherwise_are_shown(index: Index) -> None:
    found = built_against(index, Scope(packages=("numba",), verify=True, most=99))
    changed = [item for item in found if not item.is_new]
    assert [(item.anchor["versions"], item.row and item.row["needs"]) for item in changed] == [
        ("==0.59.1", {"numpy": "<1.28,>=1.22"})
    ]


def test_what_nobody_can_read_is_said(index: Index) -> None:
    found = built_against(index, Scope(packages=("vllm",), verify=True, most=1))
    told = [item.told() for item in found]
    assert len(told) == 1
    assert told[0].startswith("? built_against: no metadata for vllm ")


def test_builds_of_torch_are_read_from_what_it_pins(index: Index) -> None:
    (found,) = torch_wheels(index, Scope())
    assert found.row == {
        "torch": "90.0.0", "label": None, "cuda": "14.2", "cudnn": "10.1.0.3", "nccl": "3.1.0",
        "source": "T1", "basis": "measured",
    }  # fmt: skip


def test_what_is_written_is_a_table_and_changes_those_lines_alone(
    index: Index, tmp_path: Path
) -> None:
    for name in NAMES:
        shutil.copy(TABLES / name, tmp_path)
    before = (tmp_path / "built_against.json").read_text().split("\n")
    command.write(
        list(built_against(index, Scope(packages=("numba",), verify=True, most=99))), tmp_path
    )
    text = (tmp_path / "built_against.json").read_text()
    rows = json.loads(text)["rows"]["numba"]
    assert [row["needs"]["numpy"] for row in rows if row["versions"] in ("==0.59.1", "==90.0.0")] == [
        "<1.28,>=1.22", "<9,>=8"
    ]  # fmt: skip
    gone = [line for line in before if line not in text.split("\n") and "read_on" not in line]
    assert len(gone) == 2  # the row that changed, and the last one, which has a comma now


def test_the_table_of_the_newest_is_kept_as_it_is_written(tmp_path: Path) -> None:
    shutil.copy(TABLES / "newest.json", tmp_path)
    before = (tmp_path / "newest.json").read_text()
    assert command.spelled(json.loads(before)) == before


def test_a_row_without_a_line_of_its_own_is_refused(tmp_path: Path) -> None:
    shutil.copy(TABLES / "built_against.json", tmp_path)
    rows = Rows(tmp_path / "built_against.json")
    with pytest.raises(ValueError, match="no line of its own"):
        rows.add({}, {"versions": "==0"})


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["1.0", "1.2"], ["1.1.3", "1.2.5", "2.0"]),
        (["1.2.5"], ["2.0"]),
        ([], ["0.9", "1.0", "1.1.3", "1.2.5", "2.0"]),
    ],
)
def test_the_newest_of_each_release_is_asked_about(known: list[str], expected: list[str]) -> None:
    there = [Version(item) for item in ("0.9", "1.0", "1.1.0", "1.1.3", "1.2", "1.2.5", "2.0")]
    found = chosen(there, [Version(item) for item in known], 9)
    assert [str(item) for item in found] == expected
    assert chosen(there, [], 2)[-1] == Version("2.0")


def test_ranges_are_read_for_linux_and_for_an_extra_of_that_name() -> None:
    stated = [
        "B>=2,<3",
        "c; sys_platform == 'win32'",
        "torch>=2.2; extra == 'torch'",
        "x; extra == 'all'",
        "%%",
    ]
    assert requirements(stated) == {"b": "<3,>=2", "torch": ">=2.2"}
    assert same("<3, >=2", ">=2,<3")
    assert not same("<3", "<4")
    assert (pinned("==2.1"), pinned(">=2.1"), pinned(None)) == ("2.1", None, None)


def test_a_row_of_another_source_does_not_stand_for_what_a_release_requires(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release of which people wrote something else is asked about like any other."""
    written = {"versions": "==90.0.0", "needs": {"llvmlite": "<1"}, "how": "import fails", "source": "M"}  # fmt: skip
    rows = {"numba": [*tables.table("built_against")["rows"]["numba"], written]}
    monkeypatch.setattr(renewals, "table", lambda _: {"rows": rows})
    found = list(built_against(index, Scope(packages=("numba",))))
    assert [item.row["versions"] for item in found if item.row] == ["==90.0.0"]
