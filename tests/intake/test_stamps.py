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
