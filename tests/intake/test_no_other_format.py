"""Texts that look like another format's, and reports in forms that readers had not met."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

import envsnap
from envsnap.errors import InputError
from envsnap.model.manifest import Manifest


def read(tmp_path: Path, text: str, name: str = "file.txt") -> Manifest:
    (tmp_path / name).write_text(text)
    return envsnap.load(str(tmp_path / name))


@pytest.mark.parametrize(
    "text",
    [
        "epoch 1 loss 0.693 acc 0.512\nepoch 2 loss 0.512 acc 0.702\nepoch 3 loss 0.401 acc 0.801\n",
        "Nov 28 10:11:12 gpu01 systemd[1]: Started a session\nNov 28 10:11:13 gpu02 cron[9]: run\n",
        (
            "Loading channels: done\n# Name  Version  Build  Channel\npytorch  2.2.0 py3.11_cpu_0  pytorch\n"
            "pytorch  2.2.1 py3.11_cpu_0  pytorch\n"
        ),
    ],
)
def test_a_log_or_an_offer_is_no_list_of_packages(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="that envsnap reads"):
        read(tmp_path, text)


def test_a_torch_that_was_not_imported_has_no_build(tmp_path: Path) -> None:
    text = (
        "Collecting environment information...\nPyTorch version: N/A\nIs debug build: N/A\n"
        "CUDA used to build PyTorch: N/A\nROCM used to build PyTorch: N/A\n\nOS: Ubuntu 20.04.6 LTS (aarch64)\n"
        "\nPython version: 3.8.10 (64-bit runtime)\nIs CUDA available: N/A\n\n"
        "Versions of relevant libraries:\n[pip3] torch==2.1.2\n"
    )
    torch = read(tmp_path, text).sections.frameworks.entries["torch"]  # type: ignore[union-attr]
    assert (torch.version, torch.cuda, torch.rocm) == (UNSET, UNSET, UNSET)


def test_only_what_has_a_location_is_editable(tmp_path: Path) -> None:
    text = (
        "Package Version Editable project location Location      Installer\n"
        "------- ------- ------------------------- ------------- ---------\n"
        "mymod   0.2     /home/u/mymod             /home/u/mymod pip\n"
        "numpy   1.26.4                            /home/u/lib   pip\n"
    )
    packages = read(tmp_path, text).sections.packages.entries  # type: ignore[union-attr]
    assert {name: facts.editable for name, facts in packages.items()} == {
        "mymod": True,
        "numpy": UNSET,
    }


@pytest.mark.parametrize(
    ("line", "system", "kernel", "machine"),
    [
        (
            ("Darwin host.local 23.5.0 Darwin Kernel Version 23.5.0: Wed May  1 20:14:38 PDT 2024;"
            " root:xnu-10063/RELEASE_ARM64_T6020 arm64"),
            "darwin", "23.5.0", "arm64",
        ),
        (
            "Linux host 6.6.30-0-lts #1-Alpine SMP PREEMPT_DYNAMIC 2024-05-03 08:23:14 x86_64 Linux",
            "linux", "6.6.30-0-lts", "x86_64",
        ),
    ],
)  # fmt: skip
def test_uname_of_other_systems(
    tmp_path: Path, line: str, system: str, kernel: str, machine: str
) -> None:
    found = read(tmp_path, f"{line}\n").sections.system
    assert found is not UNSET
    assert (found.platform, found.kernel, found.architecture) == (system, kernel, machine)


def test_what_one_command_printed_is_read(tmp_path: Path) -> None:
    text = 'root@3f2a1b:/# cat /etc/os-release\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n'
    assert "22.04" in str(read(tmp_path, text).sections.system.os)  # type: ignore[union-attr]


def test_a_channels_token_is_no_part_of_an_address(tmp_path: Path) -> None:
    address = "https://conda.example.com/t/tk-abcdef-0123-4567/main/linux-64/numpy-1.26.4-py311h64a7726_0.conda"
    found = read(
        tmp_path, f"# platform: linux-64\n@EXPLICIT\n{address}#a502d7aad449a1206efb366d6a12c52d\n"
    )
    assert "abcdef" not in str(found.sections)
