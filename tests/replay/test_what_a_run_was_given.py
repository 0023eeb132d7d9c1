"""Identifiers and times that a run was given are data, where those that it makes are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap.observe.opened import File
from envsnap.replay.recorder import known, texts
from tests.conftest import Run

GIVEN = "0b9e7c1a-3f52-4c6e-9d0a-7b1f2e3d4c5a"
MADE = "6f1d2c3b-9a87-4e65-8f43-210fedcba987"
NAMED = "cfbff0d1-9375-5685-968c-48ce8b15ae17"  # uuid5 of a name
DURING = (1764493200.0, 1764493260.0)  # 2025-11-30, 9:00 to 9:01, UTC
SCRIPT = """
import csv, uuid
rows = list(csv.reader(open("flights.csv")))
print("run", uuid.uuid4())
for row in rows:
    print(row[0], row[1])
"""


def shown(line: str, given: known.Known) -> str:
    (told,) = texts.listed(line.encode(), DURING, text=True, known=given).lines
    return told


def test_what_stands_in_a_file_or_the_command_is_not_masked(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text(f"{GIVEN},2025-11-30 09:00:30\n")
    given = known.Known([File(path=str(data), real=str(data))], ["--job", MADE])
    assert "%uuid" not in shown(f"id {GIVEN}", given)
    assert "%uuid" not in shown(f"id {MADE}", given)
    assert "%uuid" in shown(f"id {GIVEN[:-1]}e", given)
    assert "%time" not in shown("at 2025-11-30 09:00:30", given)
    assert "%time" in shown("at 2025-11-30 09:00:31", given)
    assert "%time" in shown("on 2025-11-30", given)


def test_a_digest_of_a_name_is_no_random_number() -> None:
    assert "%uuid" not in shown(NAMED, known.NOTHING)
    assert "%uuid" in shown(MADE, known.NOTHING)


def test_a_file_that_is_gone_tells_nothing(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.csv")
    assert GIVEN not in known.Known([File(path=gone, real=gone)])


@pytest.mark.torch
def test_another_identifier_of_the_data_is_another_answer(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    script = f"import torch\ntorch.nn.Linear(2, 2)(torch.ones(1, 2))\n{SCRIPT}"
    (tmp_path / "script.py").write_text(f"import torch\ntorch.manual_seed(0)\n{script}")
    codes = []
    for flights in (GIVEN, GIVEN, MADE):
        (tmp_path / "flights.csv").write_text(f"LH1,{flights}\n")
        done = envsnap(
            "record", "-o", f"{len(codes)}.esr", "--", torch_python, "script.py", cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        codes.append(envsnap("compare", "0.esr", f"{len(codes)}.esr", cwd=tmp_path).returncode)
    assert codes == [0, 0, 1]


@pytest.mark.parametrize(
    ("line", "is_masked"),
    [
        ("on 2025-11-30", True),
        ("on 2025-12-01", False),
        ("on 2025-11-28", False),
        ("at 2025-11-30T09:00:30", True),
        ("at 2025-11-30T18:00:30", True),  # in Tokyo
        ("at 2025-11-30T17:47:30", False),
        ("at 2025-11-30 09:00", True),
        ("at 2025-11-30 17:45", False),
    ],
)
def test_what_cannot_be_the_clock_of_the_run_is_an_answer(line: str, is_masked: bool) -> None:
    assert ("%time" in shown(line, known.NOTHING)) is is_masked
