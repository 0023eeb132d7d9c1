"""Lists of other things that have the form of a list of packages, and values that say two things."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.model.codec import Document
from envsnap.rules import engine

OTHERS = {
    "contacts": "alice@example.com\nbob@example.org\n",
    "hosts": "root@gpu01\nroot@gpu02\n",
    "npm": "lodash@4.17.21\nreact@18.2.0\n",
    "meetings": "Alice @ 10:30\nBob @ 11:00\n",
    "films": "Alien (1979)\nHeat (1995)\nUp (2009)\n",
    "people": "Anna (23)\nBob (41)\nnumpy (3)\n",
    "gems": "rake (13.0.6)\nbundler (2.4.1)\n",
    "thresholds": "accuracy>=0.90\nlatency<200\n",
    "expected": "accuracy==0.91\nrecall==0.80\n",
}


def read(folder: Path, text: str, name: str = "file.txt") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    return reader.load(str(folder / name))


@pytest.mark.parametrize("name", OTHERS)
def test_no_list_of_packages(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="envsnap reads"):
        read(tmp_path, OTHERS[name])


def test_a_companys_own_packages_are_a_list_of_pips(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '[{"name": "acme-core", "version": "1.2.0"}, {"name": "acme-serving", "version": "3.4.1"}]',
    )
    packages = found.manifest.sections.packages
    assert packages is not UNSET
    assert sorted(packages.entries) == ["acme-core", "acme-serving"]


def test_names_and_other_versions_are_no_list_of_pips(tmp_path: Path) -> None:
    text = '[{"name": "web", "version": "blue"}, {"name": "api", "version": "1.2"}]'
    with pytest.raises(InputError, match="envsnap reads"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("file.txt", "numpy (1.16.2)\ntensorflow-gpu (1.12.0)\nour-model (0.1)\n"),
        ("file.txt", "our-model>=0.9\nnumpy>=1.20\n"),
        ("requirements-prod.txt", "our-model>=0.9\nour-data<2\n"),
        ("file.txt", "our-model @ https://example.org/our_model-1.0-py3-none-any.whl\n"),
        ("freeze.txt", "acme-core==1.0\nacme-io==2.1\n"),
        ("requirements.lock", "acme-core==1.0\nacme-io==2.1\n"),
        ("prod.txt", "acme-core==1.4.2\nacme-io==2.1.0\n"),
        ("prod.txt", "acme-core==1.0 --hash=sha256:" + "0" * 64 + "\n"),
        ("piplist.txt", "acme-core (1.0)\nacme-io (2.1)\n"),
        ("prod.txt", "acme-core (1.0, /src/core)\nacme-io (2.1)\n"),
    ],
)
def test_a_list_of_packages_is_read_where_a_person_would_see_one(
    tmp_path: Path, name: str, text: str
) -> None:
    sections = read(tmp_path, text, name).manifest.sections
    assert sections.packages is not UNSET or sections.wanted is not UNSET


ENV = (
    "- `transformers` version: 4.44.0\n- Platform: Linux-5.15.0-x86_64-with-glibc2.35\n"
    "- Python version: {python}\n- PyTorch version (GPU?): 2.4.0+cu121 (True)\n- GPU type: {gpu}\n"
)


@pytest.mark.parametrize("python", ["3.10 or 3.11", "3.8 - 3.11", "3.10.12 and also 3.11.8"])
def test_two_versions_in_one_field_are_none(tmp_path: Path, python: str) -> None:
    found = read(tmp_path, ENV.format(python=python, gpu="NVIDIA A10G")).manifest.sections
    assert found.python.version is UNSET
    assert "not stated" in found.python.gaps["version"]


@pytest.mark.parametrize("said", ["4.43.0 or 4.44.0", "4.43.0 and 4.44.0", "4.43.0 / 4.44.0"])
def test_two_releases_of_a_package_are_none(tmp_path: Path, said: str) -> None:
    text = ENV.format(python="3.10.12", gpu="NVIDIA A10G").replace("4.44.0", said)
    packages = read(tmp_path, text).manifest.sections.packages
    assert packages is UNSET or "transformers" not in packages.entries


def test_a_number_of_gpus_is_no_part_of_their_name(tmp_path: Path) -> None:
    found = read(tmp_path, ENV.format(python="3.10.12", gpu="8x NVIDIA A100-SXM4-80GB")).manifest
    assert [gpu.name for gpu in found.sections.gpus.entries.values()] == [
        "NVIDIA A100-SXM4-80GB"
    ] * 8
    either = read(tmp_path, ENV.format(python="3.10.12", gpu="A100 or H100")).manifest
    assert [gpu.name for gpu in either.sections.gpus.entries.values()] == [UNSET]


def test_the_later_command_wins(tmp_path: Path) -> None:
    text = "FROM python:3.11\nRUN pip install torch==2.1.0 numpy\nRUN pip install -U torch==2.2.1\n"
    found = read(tmp_path, text, "Dockerfile").manifest.sections.wanted.entries
    assert found["torch"].version == "2.2.1"


UNAME = "Linux gpu07 5.15.0-97-generic #107-Ubuntu SMP Wed Feb 7 13:26:48 UTC 2024 x86_64 x86_64 x86_64 GNU/Linux\n"
RELEASE = 'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\n'
LSCPU = (
    "Architecture:           x86_64\n  CPU op-mode(s):       32-bit, 64-bit\n  Byte Order:           Little Endian\n"
    "CPU(s):                 64\nVendor ID:              AuthenticAMD\n  Model name:           AMD EPYC 7763 64-Core Processor\n"
)
TABLE = "Package    Version\n---------- -------\nnumpy      1.26.4\ntorch      2.4.0\n"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_outputs_one_behind_the_other_are_all_read(tmp_path: Path, order: tuple[int, ...]) -> None:
    parts = (UNAME, RELEASE, LSCPU, TABLE)
    found = read(tmp_path, "".join(parts[place] for place in order)).manifest.sections
    assert found.system.kernel == "5.15.0-97-generic"
    assert found.system.os_id == "ubuntu"
    assert found.system.cpus == 64
    assert found.packages.entries["torch"].version == "2.4.0"


def test_a_squeezed_table_has_its_rows(tmp_path: Path) -> None:
    text = "Package Version\n-------- ------\nnumpy 1.26.4\nrequests 2.32.3\npython-apt 2.4.0+ubuntu4\n"
    found = read(tmp_path, text).manifest.sections.packages
    versions = {name: package.version for name, package in found.entries.items()}
    assert versions == {"numpy": "1.26.4", "requests": "2.32.3", "python-apt": "2.4.0+ubuntu4"}


def test_two_machines_are_not_one(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(tmp_path, UNAME + UNAME.replace("5.15.0-97", "6.8.0-31") + RELEASE)


def test_jax_tells_its_local_devices(tmp_path: Path) -> None:
    text = (
        "jax:    0.4.35\njaxlib: 0.4.34\nnumpy:  2.1.2\npython: 3.12.7 (main) [GCC 14.2.1]\n"
        'device info: NVIDIA A100-SXM4-40GB-8, 2 local devices"\nprocess_count: 4\n'
    )
    gpus = read(tmp_path, text).manifest.sections.gpus.entries
    assert [gpu.name for gpu in gpus.values()] == ["NVIDIA A100-SXM4-40GB"] * 2


def test_an_empty_item_ends_no_group(tmp_path: Path) -> None:
    text = (
        "* CUDA:\n\t- GPU:               None\n\t- available:         False\n* Packages:\n"
        "\t- numpy:             1.23.1\n* System:\n\t- OS:                Darwin\n\t- architecture:\n"
        "\t\t- 64bit\n\t\t- \n\t- processor:         arm\n\t- python:            3.9.12\n"
    )
    assert read(tmp_path, text).manifest.sections.python.version == "3.9.12"


def test_a_gpu_that_is_a_part_of_the_chip(tmp_path: Path) -> None:
    line = (
        "+---------------------------------------+----------------------+----------------------+\n"
    )
    text = (
        "+--------------------------------------------------------------------------------------+\n"
        "| NVIDIA-SMI 540.4.0               Driver Version: 540.4.0      CUDA Version: 12.6     |\n"
        f"{line}| GPU  Name               Persistence-M | Bus-Id        Disp.A | Volatile Uncorr. ECC |\n"
        "|=======================================+======================+======================|\n"
        "|   0  Orin (nvgpu)                N/A  | N/A              N/A |                  N/A |\n"
        f"| N/A   N/A  N/A             N/A /  N/A | Not Supported        |     N/A          N/A |\n{line}"
    )
    gpus = read(tmp_path, text).manifest.sections.gpus.entries
    assert [gpu.name for gpu in gpus.values()] == ["Orin (nvgpu)"]


def test_json_of_other_things_is_no_list_of_packages(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(tmp_path, '[{"name": "react", "version": "18.2.0"}]\n', "x.json")


def test_a_fence_of_slack_has_its_first_line(tmp_path: Path) -> None:
    text = "Here is it:\n\n```numpy==1.26.4\ntorch==2.2.1\n```\nThanks!\n"
    found = read(tmp_path, text).manifest.sections
    entries = found.packages.entries if found.packages is not UNSET else found.wanted.entries
    assert set(entries) >= {"numpy", "torch"}


def test_lines_that_a_filter_left_of_an_environment_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, "OMP_NUM_THREADS=12\nNCCL_DEBUG=INFO\nMY_RUN=3\n", "gpu.txt")
    variables = found.manifest.sections.env_vars
    assert variables is not UNSET
    assert variables.entries["OMP_NUM_THREADS"] == "12"
    assert not variables.complete


def test_one_entry_that_nobody_reads_does_not_refuse_an_environment(tmp_path: Path) -> None:
    text = "name: x\nchannels: [conda-forge]\ndependencies:\n  - numpy ==1.26.4\n  - sel(linux): nccl=2.20\n"
    found = read(tmp_path, text, "environment.yml")
    wanted = found.manifest.sections.wanted
    assert wanted is not UNSET
    assert list(wanted.entries) == ["numpy"]
    assert "not read: lines that could not be read" in found.notes[0]


SLICED = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-5b1a2c6e-8c67-0d3a-9f22-7b1f0f3c1d11)\n  MIG {}     Device  0: (UUID: MIG-2f1f7e5b-f2cc-5f0b-9c6d-4cf1f77a9e01)\n"


def test_what_a_gpu_is_divided_into_is_compared(tmp_path: Path) -> None:
    one, two = (
        read(tmp_path, SLICED.format(part), f"{part}.txt").manifest
        for part in ("3g.40gb", "1g.10gb")
    )
    first = engine.compare(one, two).findings[0]
    assert first.path == ("configs", "mig", "0", "profiles", "0")
    assert "another share of the GPU" in first.why


def test_poetrys_platform_and_python_are_markers(tmp_path: Path) -> None:
    text = (
        '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "^3.10"\ntorch = [\n'
        '  {version = "2.2.1+cpu", platform = "darwin"},\n'
        '  {version = "2.2.1+cu121", platform = "linux", python = "^3.10"},\n]\n'
    )
    wanted = read(tmp_path, text, "pyproject.toml").manifest.sections.wanted
    assert wanted is not UNSET
    assert [(item.version, item.marker) for item in wanted.entries["torch"].alternatives] == [
        ("2.2.1+cpu", 'sys_platform == "darwin"'),
        (
            "2.2.1+cu121",
            'sys_platform == "linux" and python_full_version < "4" and python_full_version >= "3.10"',
        ),
    ]
