"""Commands of a shell in Dockerfiles and batch scripts: what ends one, and what it takes back."""

from __future__ import annotations

from pathlib import Path

import pytest

import envsnap
from envsnap.intake.formats import shell


def wanted(tmp_path: Path, *lines: str) -> dict[str, object]:
    """The versions that a Dockerfile with these lines asks for."""
    (tmp_path / "Dockerfile").write_text("\n".join(("FROM a:1", *lines)) + "\n")
    found = envsnap.load(str(tmp_path / "Dockerfile")).sections.wanted
    entries = (found.entries or {}) if found else {}
    return {name: entry.version for name, entry in entries.items()}


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install it==1 | tee log.txt",
        "RUN pip install it==1 > log.txt 2>&1",
        'RUN pip install it==1 --extra-index-url https://a.example/cu$(echo $C | cut -d. -f1 | tr -d ".")',
        'RUN ["pip", "install", "it==1"]',
        "RUN pip --no-cache-dir install it==1",
        "RUN python3.11 -m pip --no-cache-dir install it==1",
        "RUN uv pip install --system it==1",
        'RUN bash -c "pip install it==1"',
        'RUN ["/bin/bash", "-c", "pip install it==1"]',
        "RUN <<EOT bash\npip install it==1\nEOT",
        "RUN pip install it==1 other==2 && pip uninstall -y other",
        "RUN pip install it==1 || true",
        'RUN if [ "$A" = 1 ]; then pip install other==2; else pip install more==3; fi && pip install it==1',
        'RUN [ "$A" = 1 ] && pip install other==2; pip install it==1',
        "RUN pip install it==1 /wheels/*.whl ./local.whl",
        "RUN pip install it==1 && pip install -e . && pip install .",
        "RUN pip install \\\n    # first\n    it==1 \\\n\n    # last\n    && true",
    ],
)
def test_what_an_image_installs(tmp_path: Path, line: str) -> None:
    assert wanted(tmp_path, line) == {"it": "1"}


def test_another_sign_goes_on_in_the_next_line(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("# escape=`\nFROM a:1\nRUN pip install `\n  it==1\n")
    found = envsnap.load(str(tmp_path / "Dockerfile")).sections.wanted
    assert found
    assert list(found.entries or {}) == ["it"]


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("a; b && c", [True, True, True]),
        ("a || b", [True, False]),
        ("[ -f x ] && a && b; c", [True, False, False, True]),
        ("if a; then b; else c; fi; d", [False, False, False, True, True]),
        ("echo 'a; b' \"c && d\" # e; f", [True]),
    ],
)
def test_which_commands_surely_run(text: str, sure: list[bool]) -> None:
    assert [command.is_sure for command in shell.commands(text)] == sure


SCRIPT = """#!/bin/bash
#SBATCH -N 1
export NCCL_IB_HCA="mlx5_0,mlx5_1"; export TOKENIZERS_PARALLELISM=false
export OMP_NUM_THREADS=4 && export MKL_NUM_THREADS=8
export NCCL_DEBUG=INFO
unset NCCL_DEBUG
module purge; module load cuda/12.1
module load gcc/11 && module load nccl
module load gcc/12 2>/dev/null
module load a/1 b/2
module unload a/1
module swap b/2 b/3
"""


def test_several_commands_on_a_line_of_a_batch_script(tmp_path: Path) -> None:
    (tmp_path / "it.sh").write_text(SCRIPT)
    found = envsnap.load(str(tmp_path / "it.sh")).sections
    assert found.env_vars
    assert found.env_vars.entries == {
        "NCCL_IB_HCA": "mlx5_0,mlx5_1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "4",
        "MKL_NUM_THREADS": "8",
    }
    assert found.configs
    config = (found.configs.entries or {})["sbatch"]
    assert config.tree["modules"] == ["cuda/12.1", "gcc/11", "nccl", "gcc/12", "b/3"]
