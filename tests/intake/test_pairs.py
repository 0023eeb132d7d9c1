"""Pairs of foreign files: what is told of them, and what comes first."""

from __future__ import annotations

import pytest

from envsnap import api
from envsnap.intake import foreign
from envsnap.model import codec
from tests.intake.test_one_environment import PINS, captured, pip_freeze, poetry

LOCK = """version = 1
requires-python = ">=3.10"
[[package]]
name = "app"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "torch" }, { name = "tzdata", marker = "sys_platform == 'win32'" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }, { name = "tzdata" }]
[[package]]
name = "pytest"
version = "8.3.3"
source = { registry = "https://index.example.org/simple" }
[[package]]
name = "torch"
version = "2.5.1"
source = { registry = "https://index.example.org/simple" }
[[package]]
name = "tzdata"
version = "2024.2"
source = { registry = "https://index.example.org/simple" }
"""
EXPORT = (
    "--index-url https://index.example.org/simple\npytest==8.3.3\ntorch==2.5.1\ntzdata==2024.2\n"
)


def read(text: str, name: str = "file.txt") -> codec.Document:
    """A text as a manifest."""
    return foreign.load(text.encode(), name, name)


def told(first: str, second: str) -> list[tuple[str, ...]]:
    """Where the findings of two texts are, in their order."""
    sides = (read(text).manifest for text in (first, second))
    return [finding.path for finding in api.diff(*sides).findings]


@pytest.mark.parametrize("turned", [False, True])
def test_what_a_group_asks_for_is_asked_for(turned: bool) -> None:
    pair = (EXPORT, LOCK) if turned else (LOCK, EXPORT)
    assert told(*pair) == []


@pytest.mark.parametrize("name", ["pytest", "tzdata"])
def test_another_version_in_a_group_is_a_difference(name: str) -> None:
    other = EXPORT.replace(f"{name}==", f"{name}==9")
    assert [path[1] for path in told(LOCK, other)] == [name]


PLACES = """lib @ git+https://git.example.org/a/lib@v1.2
kept @ git+https://git.example.org/a/kept@main
old @ https://git.example.org/a/old/archive/refs/tags/r7.zip
numpy==1.26.4
torch==2.4.0
"""
COMMIT = "4f0e3a9c" * 5


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ("lib@v1.2", "lib@v1.3", ["lib"]),
        ("r7.zip", "r8.zip", ["old"]),
        ("lib@v1.2", "lib", []),  # any state of it will do there
        ("lib@v1.2", f"lib@{COMMIT}", []),  # which commit a tag is, nobody knows here
        ("git.example.org", "mirror.example.org", []),
        ("https://git.example.org/a/lib", "ssh://git@git.example.org/a/lib", []),
    ],
)
def test_a_tag_of_a_repository_and_the_name_of_an_archive_are_compared(
    ours: str, theirs: str, named: list[str]
) -> None:
    other = PLACES.replace(ours, theirs)
    assert other != PLACES
    assert [path[1] for path in told(PLACES, other)] == named


BATCH = """#!/bin/bash
#SBATCH --nodes=2
export NCCL_DEBUG=INFO
conda activate train
ulimit -l unlimited
unset LD_PRELOAD
echo begin
OMP_NUM_THREADS=4 srun python train.py --lr 1
"""


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ("activate train", "activate other", ["run.conda activate"]),
        ("ulimit -l unlimited\n", "", ["run.ulimit unlimited"]),
        ("unset LD_PRELOAD\n", "", ["run.unset"]),
        ("--lr 1", "--lr 2", ["run.srun python"]),
        ("THREADS=4", "THREADS=8", ["run.srun python"]),
        ("echo begin\n", "", []),
    ],
)
def test_the_commands_of_a_batch_script_are_compared(
    ours: str, theirs: str, named: list[str]
) -> None:
    other = BATCH.replace(ours, theirs)
    assert other != BATCH
    assert [".".join(path[2:]) for path in told(BATCH, other)] == named


CONDA = """# packages in environment at /opt/conda:
#
# Name                    Version                   Build  Channel
pytorch                   2.1.0           py3.11_cuda12.1_cudnn8.9.2_0    pytorch
numpy                     1.26.4          py311h64a7726_0    conda-forge
"""
ASKED = "name: x\nchannels: [pytorch]\ndependencies:\n  - pytorch=2.1=*{}*\n  - numpy=1.26\n"


@pytest.mark.parametrize(("part", "named"), [("cuda", []), ("cpu", ["torch"])])
def test_a_build_that_is_asked_for_by_a_pattern(part: str, named: list[str]) -> None:
    sides = read(ASKED.format(part), "environment.yml").manifest, read(CONDA).manifest
    assert [item.path[1] for item in api.diff(*sides).findings] == named


CARDS = """timestamp, name, pci.bus_id, driver_version
2024/08/01 10:11:12.123, NVIDIA A40, 00000000:0A:00.0, 555.58.02
2024/08/01 10:11:12.124, NVIDIA A40, 00000000:0B:00.0, [Unknown Error]
2024/08/01 10:11:17.124, NVIDIA A40, 00000000:0A:00.0, 555.58.02
"""


def test_a_card_that_is_listed_again_is_one() -> None:
    sections = read(CARDS).manifest.sections
    assert len(sections.gpus.entries) == 2
    assert sections.driver.version == "555.58.02"


LOCK_OF_A_COMMIT = """version = 1
[[package]]
name = "lib"
version = "1.0"
source = { git = "https://git.example.org/a/lib#1111111111111111111111111111111111111111" }
[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example.org/simple" }
"""


def test_a_commit_beside_an_equal_version_is_compared() -> None:
    paths = told(LOCK_OF_A_COMMIT, LOCK_OF_A_COMMIT.replace("#1111", "#2222"))
    assert paths == [("wanted", "lib", "origin", "commit")]


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ("numpy<2\ntorch==2.4.0\n", "numpy\ntorch==2.4.0\n", ["numpy"]),
        ("numpy<2\ntorch==2.4.0\n", "numpy==1.26.4\ntorch==2.4.0\n", []),
        ("numpy\ntorch==2.4.0\n", "numpy==1.26.4\ntorch==2.4.0\n", []),
    ],
)
def test_a_range_and_none_at_all_differ(ours: str, theirs: str, named: list[str]) -> None:
    assert [path[1] for path in told(ours, theirs)] == named


@pytest.mark.parametrize(("theirs", "named"), [(COMMIT[:8], []), (COMMIT[::-1], ["lib"])])
def test_a_commit_that_is_cut_off_is_the_same_commit(theirs: str, named: list[str]) -> None:
    ours, other = (PLACES.replace("lib@v1.2", f"lib@{commit}") for commit in (COMMIT, theirs))
    assert [path[1] for path in told(ours, other)] == named


def test_the_first_difference_of_two_locks_is_the_one_that_computes() -> None:
    pins = {"aardvark": "1.0", "torch": "2.4.0", "zebra": "1.0"}
    other = {"aardvark": "2.0", "torch": "2.5.1", "zebra": "2.0"}
    assert next(path[1] for path in told(poetry(pins), poetry(other))) == "torch"


def test_several_lines_for_a_name_are_shown_by_their_versions() -> None:
    lines = "numpy==1.26.4; python_version < '3.12'\nnumpy==2.2.0; python_version >= '3.12'\n"
    sides = (read(text).manifest for text in (lines, lines.replace("1.26.4", "1.24.0")))
    (finding,) = api.diff(*sides).findings
    assert {fact.value for fact in finding.facts} == {"1.26.4 or 2.2.0", "1.24.0 or 2.2.0"}


def test_what_is_installed_is_shown_beside_what_is_wanted() -> None:
    wanting, installed = read("numpy<2\n").manifest, read(pip_freeze({"numpy": "2.1.0"})).manifest
    (finding,) = api.diff(wanting, installed).findings
    assert (finding.reference, finding.other) == ("<2", "2.1.0")


FEW = "numpy==1.26.4\ntorch==2.4.0\n"
MANY = "".join(f"package-{number:02}==1.{number}\n" for number in range(40))
PIPS = "numpy==1.26.4\n-e git+https://git.example.org/w.git@0cf864870cf29f4738d3ade893e6fd13fbd7cdb5#egg=w\n"


@pytest.mark.parametrize(
    ("name", "data", "installed"),
    [
        ("dev.txt", FEW.encode(), True),
        ("requirements.txt", FEW.encode(), False),
        ("requirements3.txt", FEW.encode(), False),
        ("requirements.txt", FEW.encode("utf-16"), True),
        ("requirements.txt", MANY.encode(), True),
        ("requirements.txt", PIPS.encode(), True),
        ("dev.txt", FEW.replace("\n", "  # why\n").encode(), False),
    ],
    ids=["any name", "its name", "a number", "PowerShell", "many", "only pip's", "remarks"],
)
def test_a_few_pins_are_asked_for_where_the_file_is_called_so(
    name: str, data: bytes, installed: bool
) -> None:
    section = foreign.load(data, name, name).notes[0]
    assert ("what is installed" in section) is installed


def test_a_short_list_of_requirements_says_nothing_of_what_else_is_installed() -> None:
    asked = foreign.load(FEW.encode(), "requirements.txt", "requirements.txt").manifest
    there = read(captured({**PINS, "torch": "2.4.0"}).replace("+cu121", "")).manifest
    assert api.diff(asked, there).findings == ()


def test_several_blocks_of_one_machine_are_read_as_one() -> None:
    driver = "Tesla T4, 15360 MiB"
    text = f"```\nname, memory.total [MiB]\n{driver}\n```\n\n```\n$ pip list\nPackage Version\n------- -------\nnumpy   1.26.4\n```\n"
    note = read(text).notes[0]
    assert "the output of nvidia-smi --query-gpu and the output of pip list" in note
    assert "1 package, 1 GPU" in note


def test_json_between_prose_is_found() -> None:
    text = 'It says:\n[{"name": "numpy", "version": "1.26.4"}]\nand numpy 1.0 there.\n'
    assert read(text).manifest.sections.packages.entries["numpy"].version == "1.26.4"  # type: ignore[union-attr]


def test_two_lists_of_gpus_are_refused() -> None:
    from envsnap.errors import InputError

    line = "GPU 0: Tesla T4 (UUID: GPU-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeee{:02})\n"
    with pytest.raises(InputError, match="several hosts"):
        read(line.format(1) + line.format(2))
