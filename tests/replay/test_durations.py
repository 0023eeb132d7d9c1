"""What looks like a duration: masked where a program may measure it, an answer where nothing asks a clock."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from msgspec import structs

from envsnap.replay.compare import printed
from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import clocks as asking
from envsnap.replay.recorder import texts
from tests.conftest import Run

HEARD = (b"clip_a.wav 0.00s silence\nclip_b.wav 0.60s yes\n", b"clip_a.wav 0.00s silence\nclip_b.wav 0.50s yes\n")  # fmt: skip


@pytest.mark.parametrize(("clocks", "differs"), [(False, True), (True, False)])
def test_a_duration_is_an_answer_where_nothing_asks_a_clock(*, clocks: bool, differs: bool) -> None:
    during = 1.7e9, 1.7e9 + 5
    sides = [
        Printed(
            size=len(data),
            sha256=f"{zlib.crc32(data)}",
            **structs.asdict(texts.listed(data, during, text=False, clocks=clocks)),
        )
        for data in HEARD
    ]
    found = printed.compare(*sides, rounding=False)
    assert (found.state == "differs") is differs
    if differs:
        assert "line 2 has another duration" in found.told


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (b"import logging\nprint(hop * frame)\n", False),
        (b"began = time.perf_counter()\n", True),
        (b"for row in tqdm(rows):\n", True),
        (None, True),
    ],
)
def test_a_program_asks_a_clock_by_name(source: bytes | None, *, asked: bool) -> None:
    assert asking.are_asked([source]) is asked
    assert asking.are_asked([])


SCRIPT = """
import torch
torch.manual_seed(0)
net = torch.nn.Linear(4, 2).eval()
hop = 0.05
with torch.no_grad():
    found = net(torch.ones(1, 4)).argmax().item()
for place in range(3):
    print(f"{place * hop * 4:.2f}s {found}")
"""


@pytest.mark.torch
@pytest.mark.parametrize(("more", "code"), [("", 1), ("import time\nbegan = time.time()\n", 0)])
def test_when_something_was_heard_is_compared(
    envsnap: Run, torch_python: str, tmp_path: Path, more: str, code: int
) -> None:
    (tmp_path / "run.py").write_text(more + SCRIPT)
    command = "--", torch_python, "run.py"
    assert envsnap("record", "-o", "it.esr", *command, cwd=tmp_path).returncode == 0
    (tmp_path / "run.py").write_text(more + SCRIPT.replace("hop * 4", "hop * 5"))
    done = envsnap("compare", "it.esr", *command, cwd=tmp_path)
    assert done.returncode == code, done.stdout
