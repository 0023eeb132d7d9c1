"""What stands twice in a text, what is missing between lines, and what programs add around it."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.errors import InputError
from envsnap.intake import foreign
from envsnap.model.codec import Document


def document(text: str) -> Document:
    return foreign.load(text.encode(), "input", "input.txt")


def sections(text: str) -> Any:
    return document(text).manifest.sections


REPORT = """Collecting environment information...
PyTorch version: 1.4.0
Is debug build: False
CUDA used to build PyTorch: 10.1
OS: Ubuntu 18.04.3 LTS (x86_64)
Libc version: {libc}
Python version: {python} (64-bit runtime)
Is CUDA available: True
CUDA runtime version: 10.1.243
GPU models and configuration: GPU 0: Tesla T4
Nvidia driver version: 430.50
Versions of relevant libraries:
[pip3] numpy==1.17.4
[pip3] torch==1.4.0
[conda] Could not collect
"""


@pytest.mark.parametrize(
    ("libc", "python", "stated"),
    [("glibc-2.10", "3.7.5", None), ("glibc-2.27", "3.8.5", "2.27"), ("glibc-2.35", "3.10.12", "2.35")],
)  # fmt: skip
def test_an_old_python_does_not_know_the_c_library(
    libc: str, python: str, stated: str | None
) -> None:
    found = sections(REPORT.format(libc=libc, python=python)).system
    assert (found.glibc or None) == stated
    assert ("glibc" in found.gaps) == (stated is None)


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\n\n"), lambda text: text.replace("\n", "\r\r\n")])  # fmt: skip
def test_damaged_line_ends_lose_nothing(change: Any) -> None:
    found = sections(change(REPORT.format(libc="glibc-2.27", python="3.8.5")))
    assert (found.driver.version, found.packages.entries["numpy"].version) == ("430.50", "1.17.4")


def test_a_report_without_its_lists_has_what_vllm_adds() -> None:
    head = REPORT.partition("Versions of")[0].format(libc="glibc-2.27", python="3.8.5")
    found = sections(f"{head}\nvLLM Version: 0.6.3\nvLLM Build Flags:\nCUDA_VISIBLE_DEVICES=3\n")
    assert found.frameworks.entries["vllm"].version == "0.6.3"
    assert found.env_vars.entries["CUDA_VISIBLE_DEVICES"] == "3"


ROWS = "timestamp, name, driver_version\n"
TICK = "2024/05/01 10:00:0{}.{:03}, Tesla T4, 535.104.05\n"


@pytest.mark.parametrize(("ticks", "cards"), [(((0, 100), (0, 101)), 2), (((0, 100), (5, 100)), 1)])
def test_rounds_of_a_loop_are_no_more_cards(ticks: Any, cards: int) -> None:
    text = ROWS + "".join(TICK.format(*tick) for tick in ticks)
    assert len(sections(text).gpus.entries) == cards


def test_a_number_that_is_missing_leaves_the_list_open() -> None:
    rows = "index, name, power.limit [W]\n0, Tesla T4, 70.00 W\n{}, Tesla T4, 72.50 W\n"
    whole, part = (sections(rows.format(number)).gpus for number in (1, 3))
    assert whole.names_complete is True
    assert not part.names_complete
    assert part.entries["3"].power_limit_mw == 72_500


@pytest.mark.parametrize(
    "text",
    [
        "Package Version\n------- -------\nnumpy   1.26.4\nnumpy   2.0.1\ntorch   2.3.1\n",
        '[{"name": "numpy", "version": "1.26.4"}, {"name": "numpy", "version": "2.0.1"}]',
    ],
)
def test_a_distribution_that_is_listed_twice_has_no_version(text: str) -> None:
    found = sections(text).packages
    assert not found.entries["numpy"].version
    assert "1.26.4 and as 2.0.1" in found.gaps["numpy.version"]


LSCPU = "Architecture:        x86_64\nCPU op-mode(s):      32-bit, 64-bit\nByte Order:          Little Endian\nCPU(s):              8\nVendor ID:           GenuineIntel\nModel name:          {}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LSCPU.format("One") + LSCPU.format("Two"), "several processors"),
        ("numpy==1.23.5\ntorch==2.0.1\nnumpy==1.26.4\n", "numpy 1.23.5 and 1.26.4"),
    ],
)
def test_two_lists_are_not_read_as_one(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        document(text)


def test_what_contradicts_is_told_and_not_taken() -> None:
    report = REPORT.format(libc="glibc-2.27", python="3.8.5")
    smi = (
        "| NVIDIA-SMI 535.183.01   Driver Version: 535.183.01   CUDA Version: 12.2     |\n"
        "|   0  NVIDIA L4           On   | 00000000:00:1E.0 Off |                    0 |\n"
        "+-------------------------------+----------------------+----------------------+\n"
    )
    found = document(f"{report}\n{smi}")
    assert found.manifest.sections.driver.version == "430.50"
    assert any("nvidia-smi" in note for note in found.notes)


def test_what_is_imported_and_what_is_listed_must_agree() -> None:
    env = (
        "- `transformers` version: 4.46.0\n- Platform: Linux-5.15.0-x86_64-with-glibc2.35\n"
        "- Python version: 3.10.12\n- PyTorch version (GPU?): 2.5.1+cu121 (True)\n"
    )
    listed = "Package Version\n------- -------\ntorch   {}\nwheel   0.44.0\n"
    both = "```\n{}```\n\n```\n{}```\n"
    assert sections(both.format(env, listed.format("2.5.1"))).packages.entries["wheel"].version
    found = document(both.format(env, listed.format("2.3.1")))
    assert found.manifest.sections.frameworks.entries["torch"].version == "2.5.1+cu121"
    assert "torch" not in found.manifest.sections.packages.entries
    assert any("a block that holds pip list" in note for note in found.notes)


FREEZE = "absl-py==2.1.0\nnumpy==1.26.4\ntorch==2.3.1\n"
NOISE = "WARNING: Ignoring invalid distribution -umpy (/usr/lib/python3/site-packages)\n"


@pytest.mark.parametrize(
    "text",
    [
        NOISE * 2 + FREEZE,
        FREEZE + "You should consider upgrading via the '/usr/bin/python -m pip install --upgrade pip' command.\n",
        "#12 [5/6] RUN pip freeze\n" + "".join(f"#12 0.5{n} {line}\n" for n, line in enumerate(FREEZE.splitlines())) + "#12 DONE 0.6s\n",
        "".join(f"web-1  | {line}\n" for line in FREEZE.splitlines()) + "web-1  | wheel==0.44.0\nweb-1 exited with code 0\n",
    ],
)  # fmt: skip
def test_what_programs_say_around_a_list_is_no_line_of_it(text: str) -> None:
    found = sections(text)
    told = found.packages or found.wanted
    assert {"numpy", "torch"} <= set(told.entries)


def test_each_command_of_a_notebook_is_read() -> None:
    text = '!cat /etc/os-release\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\n\n!pip list | grep torch\ntorch            2.6.0+cu124\ntorchvision      0.21.0+cu124\n'
    found = sections(text)
    assert "22.04" in found.system.os
    assert found.packages.entries["torch"].version == "2.6.0+cu124"
