"""Files that ask for an environment: ranges, files beside them, and what is not certain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import folders, foreign
from envsnap.intake.formats import poetry_ranges
from envsnap.model.manifest import Sections


def read(text: str, path: str) -> Sections:
    """The facts of a text in a file of this name."""
    return foreign.load(text.encode(), path, path).manifest.sections


# By Poetry's own page on how dependencies are specified.
@pytest.mark.parametrize(
    ("asked", "bounds"),
    [
        ("^1.2.3", {"specifier": "<2,>=1.2.3"}),
        ("^1.2", {"specifier": "<2,>=1.2"}),
        ("^1", {"specifier": "<2,>=1"}),
        ("^0.2.3", {"specifier": "<0.3,>=0.2.3"}),
        ("^0.0.3", {"specifier": "<0.0.4,>=0.0.3"}),
        ("^0.0", {"specifier": "<0.1,>=0.0"}),
        ("^0", {"specifier": "<1,>=0"}),
        ("~1.2.3", {"specifier": "<1.3,>=1.2.3"}),
        ("~1.2", {"specifier": "<1.3,>=1.2"}),
        ("~1", {"specifier": "<2,>=1"}),
        ("~=1.4.2", {"specifier": "~=1.4.2"}),
        ("1.2.3", {"version": "1.2.3"}),
        ("==1.2.3", {"version": "1.2.3"}),
        ("1.2.*", {"specifier": "==1.2.*"}),
        ("*", {}),
        (">= 1.2, < 1.5", {"specifier": "<1.5,>=1.2"}),
        ("^2.0.0rc1", {"specifier": "<3,>=2.0.0rc1"}),
        ("^4.25 || ^5.28", None),
        ("latest", None),
        ("", None),
    ],
)
def test_a_range_of_poetrys_is_one_of_pips(asked: str, bounds: dict[str, str] | None) -> None:
    assert poetry_ranges.bounds(asked) == bounds


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "cog.yaml",
            "build:\n  python_version: '3.11'\n  python_requirements: wants.txt\npredict: p.py:P\n",
        ),
        (
            "bentofile.yaml",
            "service: 's:S'\ndocker: {python_version: '3.11'}\npython: {requirements_txt: wants.txt}\n",
        ),
        ("env.yaml", "working_dir: .\npip: wants.txt\nenv_vars: {OMP_NUM_THREADS: '8'}\n"),
    ],
)
def test_the_requirements_beside_it_are_read(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "wants.txt").write_text("torch==2.5.1\nnumpy<2\n")
    path = tmp_path / name
    path.write_text(text)
    wanted = foreign.load(path.read_bytes(), name, str(path)).manifest.sections.wanted
    assert wanted.entries["torch"].version == "2.5.1"  # type: ignore[union-attr]
    assert wanted.entries["numpy"].specifier == "<2"  # type: ignore[union-attr]
    (tmp_path / "wants.txt").unlink()
    document = foreign.load(path.read_bytes(), name, str(path))
    assert "the requirements file that it names" in document.notes[0]


@pytest.mark.parametrize("value", ["8", "'8'", '"8"'])
def test_an_env_file_is_read_as_programs_do(value: str) -> None:
    entries = read(f"OMP_NUM_THREADS={value}\n", "prod.env").env_vars.entries  # type: ignore[union-attr]
    assert entries == {"OMP_NUM_THREADS": "8"}


def test_a_value_in_quotes_goes_on_in_further_lines() -> None:
    text = "GREETING=\"Be short.\nBe kind.\"\nOMP_NUM_THREADS=8\nNOTE='one\n\n# two'\n"
    entries = read(text, ".env").env_vars.entries  # type: ignore[union-attr]
    assert entries["OMP_NUM_THREADS"] == "8"
    assert entries["GREETING"] == "Be short.\nBe kind."
    assert entries["NOTE"] == "one\n\n# two"
    with pytest.raises(InputError):
        read('GREETING="Be short.\nBe kind.\nOMP_NUM_THREADS=8\n', ".env")


@pytest.mark.parametrize("value", ["$OTHER", '"${OTHER}"', "8 # of them", "'8' more", "a\\\\nb"])
def test_where_programs_disagree_no_value_is_stated(value: str) -> None:
    told = read(f"HF_HOME=/data\nOMP_NUM_THREADS={value}\n", ".env").env_vars
    assert told.entries == {"HF_HOME": "/data"}  # type: ignore[union-attr]
    assert "OMP_NUM_THREADS" in told.gaps  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (".env", "OMP_NUM_THREADS=8\nOMP_NUM_THREADS=4\n", "two values"),
        ("amd.txt", "GPU: 0\n    BDF: 0000:c5:00.0\n" * 2, "twice"),
        ("settings.txt", "BATCH=8\nHOST=/data\n", "no report"),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["torch==2', "cut off"),
    ],
)
def test_what_is_in_doubt_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(text, name)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cog.yaml", "build: {gpu: true, python_version: '3.11', python_packages: numpy}\n"),
        (
            "bentofile.yaml",
            "service: s\ndocker: {python_version: '3.11'}\npython: {packages: numpy}\n",
        ),
        (
            "pyproject.toml",
            '[project]\nname = "x"\nrequires-python = ">=3.9"\ndependencies = "numpy"\n',
        ),
        (
            "Pipfile",
            '[packages]\nnumpy = "latest"\ntorch = ["2.5.1"]\n[requires]\npython_version = "3.11"\n',
        ),
    ],
)
def test_what_is_no_list_and_no_range_is_no_requirement(name: str, text: str) -> None:
    document = foreign.load(text.encode(), name, name)
    assert not document.manifest.sections.wanted.entries  # type: ignore[union-attr]
    assert "not read" in document.notes[0]


def test_a_config_with_fields_like_rays_is_none() -> None:
    with pytest.raises(InputError):
        read(json.dumps({"env_vars": {"A": "1"}, "model": "x", "pip": ["numpy"]}), "c.json")


def test_amd_smi_knows_no_driver_where_it_names_the_kernel() -> None:
    text = "GPU: 0\n    ASIC:\n        MARKET_NAME: AMD Radeon Graphics\n    DRIVER:\n"
    own = read(text + "        VERSION: 6.12.12\n", "a.txt")
    kernels = read(text + "        VERSION: Linuxversion6.8.0-31-generic(b@h)\n", "a.txt")
    assert own.rocm.driver == "6.12.12"  # type: ignore[union-attr]
    assert not kernels.rocm


def test_in_a_folder_a_lock_comes_before_what_the_project_asks_for(tmp_path: Path) -> None:
    cases = Path(__file__).parent / "formats"
    texts = {
        "uv.lock": (cases / "uv-lock/input.lock").read_text(),
        "pyproject.toml": (cases / "pyproject/input.toml").read_text(),
        ".env": "OMP_NUM_THREADS=4\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    note = folders.load(str(tmp_path)).notes[0]
    assert "read as uv.lock" in note
    assert ".env beside it, pyproject.toml beside it" in note
    (tmp_path / "uv.lock").unlink()
    with pytest.raises(InputError, match="2 files that envsnap reads"):
        folders.load(str(tmp_path))
    (tmp_path / ".env").unlink()
    assert "read as pyproject.toml" in folders.load(str(tmp_path)).notes[0]
