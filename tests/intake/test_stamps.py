"""What a log puts before each line is taken off, and blocks of one text are read together."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.intake.formats import stamps

TABLE = "Package    Version\n---------- -------\nnumpy      1.26.4\ntorch      2.4.0\npillow     10.4.0\n"
FREEZE = "numpy==1.26.4\ntorch==2.4.0\npillow==10.4.0\ntqdm==4.66.1\n"
MARKS = (
    "2024-05-01T12:00:00.123456789Z ",
    "2024-05-01 12:00:00,123 ",
    "[2024-05-01 12:00:00] ",
    "May  1 12:00:00 node-7 trainer[812]: ",
    "12:00:00 ",
    "web-1  | ",
    "trainer-0 | 2024-05-01T12:00:00Z ",
    "[pod/train-0/main] ",
    "#12 3.456 ",
    "2024-05-01T12:00:00.123456Z 01O ",
    "2024-05-01T12:00:00.123456Z stdout F ",
    "train-7f9c main ] ",
    "stage 3: ",
    "05/01/2024 12:00:00 - INFO - __main__ - ",
    "2024-05-01 12:00:00,123 - app - INFO - ",
    "INFO:root:",
    "[2024-05-01 12:00:00,123][__main__][INFO] - ",
    "2024-05-01 12:00:00.123 | INFO     | __main__:main:12 - ",
    "[2024-05-01T12:00:00.123+0000] {subprocess.py:93} INFO - ",
    "(RayTrainWorker pid=4411) ",
    "(EngineCore_0 pid=77) ",
    "[default0]:",
    "[1,0]<stdout>:",
    "I0501 10:00:00.000001 140735 env.py:12] ",
    "I0501 10:00:00.000001       1 env.go:12] ",
    "[2024-05-03, 08:00:00 UTC] {subprocess.py:93} INFO - ",
    "2024-05-03T08:00:00.001Z\t",
    "2024-05-03T08:00:00.1Z stderr F 2024-05-03 08:00:00,123 INFO [rank 0] ",
    "<13>May  3 08:00:00 gpu07 train[4711]: ",
    "trainer-7d9c6b5f4-x2x9k trainer ",
)


def read(tmp_path: Path, text: str):
    path = tmp_path / "file.txt"
    path.write_text(text, encoding="utf-8")
    return reader.load(str(path))


def versions(document) -> dict[str, str]:
    packages = document.manifest.sections.packages
    assert packages is not UNSET
    return {name: facts.version for name, facts in packages.entries.items()}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("text", [TABLE, FREEZE])
def test_marks_before_lines_are_no_part_of_them(tmp_path: Path, mark: str, text: str) -> None:
    stamped = "".join(f"{mark}{line}\n" for line in text.splitlines())
    assert stamps.without(stamped) == text
    one, two = read(tmp_path, stamped), read(tmp_path, text)
    assert one.manifest.sections == two.manifest.sections


def test_lines_of_a_list_share_no_mark() -> None:
    for text in (TABLE, FREEZE, "nvidia-cublas==12.1\nnvidia-cudnn==9.1\nnvidia-nccl==2.20\n"):
        assert stamps.without(text) == text


GPUS = "name, driver_version\nTesla T4, 535.104.05\n"
NVCC = "nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 12.1, V12.1.105\n"


def fenced(*blocks: str) -> str:
    return "It fails:\n\n" + "\n".join(f"```\n{block}```\n" for block in blocks)


def test_blocks_of_one_machine_are_one_manifest(tmp_path: Path) -> None:
    document = read(tmp_path, fenced(TABLE, GPUS, NVCC))
    sections = document.manifest.sections
    assert versions(document)["numpy"] == "1.26.4"
    assert sections.gpus is not UNSET
    assert sections.gpus.entries["0"].name == "Tesla T4"
    assert "pip list" in document.notes[0]
    assert "nvcc" in document.notes[0]


def test_blocks_that_contradict_one_another_are_not_joined(tmp_path: Path) -> None:
    other = "Name: torch\nVersion: 2.3.1\nSummary: x\nLocation: /opt/x\nRequires: filelock\n"
    document = read(tmp_path, fenced(TABLE, other))
    assert versions(document)["torch"] == "2.4.0"
    assert "not read: a block that holds pip show" in document.notes[0]
    freeze = "numpy==1.26.4\n" + "\n".join(f"package{number}==1.{number}" for number in range(9))
    with pytest.raises(InputError, match="holds 2 texts that envsnap reads"):
        read(tmp_path, fenced(f"{freeze}\n", f"{freeze}\n".replace("1.3", "2.3")))


def test_two_whole_lists_with_other_names_are_no_one_machine(tmp_path: Path) -> None:
    shorter = TABLE.replace("torch      2.4.0\n", "")
    with pytest.raises(InputError, match="holds 2 outputs of pip list"):
        read(tmp_path, fenced(TABLE, shorter))


def test_a_file_of_requirements_is_no_state_of_a_machine(tmp_path: Path) -> None:
    document = read(tmp_path, fenced(TABLE, "numpy>=1.20\ntorch>=2.0\n"))
    assert document.manifest.sections.wanted is UNSET
    assert "a block that holds requirements files" in document.notes[0]


def test_a_paste_without_fences_is_read_as_a_whole(tmp_path: Path) -> None:
    document = read(tmp_path, f"{NVCC}\n{TABLE}\n")
    assert versions(document)["torch"] == "2.4.0"
    assert "nvcc --version and the output of pip list" in document.notes[0]


@pytest.mark.parametrize("marks", ["{}:", "{}\t", "{}. ", "- ", "* "])
def test_numbers_and_marks_of_a_list_of_pins(marks: str, tmp_path: Path) -> None:
    lines = sorted(FREEZE.splitlines())
    text = "".join(f"{marks.format(place)}{line}\n" for place, line in enumerate(lines, 1))
    (tmp_path / "a.txt").write_text(text)
    packages = reader.load(str(tmp_path / "a.txt")).manifest.sections.packages
    assert packages is not UNSET
    assert packages.entries.keys() == {"numpy", "torch", "pillow", "tqdm"}


SOURCES = (
    "[rank{}]: ", "[default{}]:", "[1,{}]<stdout>:", "[pod/a-{}/main] ", "web-{}  | ", "(Worker pid=44{}) ",
    "May  1 12:00:00 node-{} trainer[812]: ", "2024-05-01 12:00:00,123 INFO [rank{}]: ",
)  # fmt: skip
OTHER = FREEZE.replace("1.26.4", "1.26.3")


def between(mark: str, *lists: str) -> str:
    rows = zip(*(text.splitlines() for text in lists), strict=True)
    return "".join(f"{mark.format(at)}{line}\n" for row in rows for at, line in enumerate(row))


@pytest.mark.parametrize("mark", SOURCES)
def test_lists_of_several_sources_are_not_read_as_one(mark: str, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(between(mark, FREEZE, OTHER))
    with pytest.raises(InputError, match="holds lines of 2 sources between each other"):
        reader.load(str(tmp_path / "run.log"))


@pytest.mark.parametrize("mark", SOURCES)
def test_equal_lists_of_several_sources_are_one(mark: str) -> None:
    assert stamps.sources(between(mark, FREEZE, FREEZE)) == ()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("ann@gpu01:~$ pip list", "ann@gpu02:~$ pip list"),
        ("(env-a) ann@gpu01:~$ pip list", "(env-b) ann@gpu01:~$ pip list"),
        ("$ venv1/bin/pip list", "$ venv2/bin/pip list"),
        ("ann@gpu01:~$ pip list", "ann@gpu01:~$ ssh gpu02 pip list"),
        ("ann@gpu01:~$ pip list", "ann@gpu01:~$ docker exec web pip list"),
        ("$ conda run -n a pip list", "$ conda run -n b pip list"),
    ],
)
def test_sessions_of_several_places_are_not_read_as_one(one: str, two: str, tmp_path: Path) -> None:
    other = TABLE.replace("pillow     10.4.0\n", "scipy      1.13.0\n")
    (tmp_path / "session.txt").write_text(f"{one}\n{TABLE}{two}\n{other}")
    with pytest.raises(InputError, match=r"several (?:hosts or containers|environments)"):
        reader.load(str(tmp_path / "session.txt"))


def test_a_session_of_one_place_is_one(tmp_path: Path) -> None:
    text = f"(env-a) ann@gpu01:~$ pip list\n{TABLE}(base) ann@gpu01:~$ nvcc --version\nCuda compilation tools, release 12.4, V12.4.131\n"
    (tmp_path / "session.txt").write_text(text)
    assert reader.load(str(tmp_path / "session.txt")).manifest.sections.packages is not UNSET
