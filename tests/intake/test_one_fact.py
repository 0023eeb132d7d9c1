"""Two files that differ in one fact: it is told, or said to be unknown, and nothing else is."""

from __future__ import annotations

import pytest

from envsnap import api
from envsnap.intake import foreign

CONDA = "channels: [conda-forge]\ndependencies:\n- {}\n- python=3.11\n"
XARRAY = """INSTALLED VERSIONS
------------------
commit: None
python: 3.10.13 (main, May  9 2024, 07:34:36) [GCC 12.2.0]
python-bits: 64
OS: Linux
libhdf5: None

xarray: 2024.3.0
pandas: 2.1.4
numpy: 1.26.4
scipy: 1.11.4
netCDF4: None
pydap: None
h5netcdf: None
bottleneck: None
dask: {}
"""
SKLEARN = """
System:
    python: 3.10.13 (main, May  9 2024, 07:34:36) [GCC 12.2.0]

Python dependencies:
      sklearn: 1.4.2
        numpy: 1.26.4

threadpoolctl info:
       user_api: blas
   internal_api: openblas
         prefix: libopenblas
       filepath: /opt/numpy.libs/libopenblas.so
        version: {}
threading_layer: pthreads
"""
ACCELERATE = """- `Accelerate` version: 0.30.1
- Platform: Linux-5.4.0-155-generic-x86_64-with-glibc2.31
- Python version: 3.11.9
- `Accelerate` default config:
\t- distributed_type: DEEPSPEED
\t- mixed_precision: {}
\t- deepspeed_config: {{'zero_stage': 2}}
"""
MMENGINE = """System environment:
    sys.platform: linux
    Python: 3.10.13
    PyTorch: 2.1.2
    CUDA available: False
    MMEngine: 0.10.3

Runtime environment:
    cudnn_benchmark: {}
    seed: 7
    Distributed launcher: none
"""
BATCH = "#!/bin/bash\n#SBATCH -N 4\nexport OMP_NUM_THREADS=${{SLURM_CPUS_PER_TASK:-{}}}\npython train.py\n"


@pytest.mark.parametrize(
    ("text", "one", "two", "path"),
    [
        (CONDA, "faiss-gpu=1.8.0", "faiss-cpu=1.8.0", "wanted.faiss-gpu"),
        (CONDA, "pytorch-gpu=2.1", "pytorch-cpu=2.1", "wanted.pytorch-gpu"),
        (
            CONDA,
            "pytorch[version='>=2.1,<2.2',build=*cuda*]",
            "pytorch[version='>=2.1,<2.2',build=*cpu*]",
            "wanted.torch",
        ),
        (XARRAY, "2024.4.1", "2024.4.0", "packages.dask"),
        (SKLEARN, "0.3.23.dev", "0.3.21.dev", "configs.threadpoolctl"),
        (ACCELERATE, "fp16", "bf16", "configs.accelerate"),
        (MMENGINE, "False", "True", "configs.mmengine"),
    ],
)
def test_the_one_fact_is_told(text: str, one: str, two: str, path: str) -> None:
    reference, other = (
        foreign.load(
            text.format(value).encode(), label, "file.txt" if text != CONDA else "e.yml"
        ).manifest
        for label, value in (("a", one), ("b", two))
    )
    verdict = api.diff(reference, other)
    assert any(
        path == ".".join(finding.path[: path.count(".") + 1]) for finding in verdict.findings
    )


def test_what_a_shell_makes_is_unknown() -> None:
    document = foreign.load(BATCH.format(6).encode(), "job", "job.sbatch")
    gap = document.manifest.sections.env_vars.gaps["OMP_NUM_THREADS"]
    assert gap == "unknown: the shell makes its value from ${SLURM_CPUS_PER_TASK:-6}"


def test_what_pip_freeze_adds_to_a_file_is_installed() -> None:
    text = "numpy==1.26.4\npandas==2.1.4\n## The following requirements were added by pip freeze:\ncertifi==2024.2.2\n"
    document = foreign.load(text.encode(), "f", "freeze-r.txt")
    assert set(document.manifest.sections.packages.entries) == {"numpy", "pandas", "certifi"}


def test_what_one_report_alone_tells_is_no_variable() -> None:
    """pandas' report names LANG, scikit-learn's tells glibc: neither says anything of the other's."""
    pandas = "INSTALLED VERSIONS\n------------------\npython : 3.10.13.final.0\nOS : Linux\nLANG : C.UTF-8\n\npandas : 2.1.4\nnumpy : 1.26.4\n"
    sklearn = (
        "System:\n    python: 3.10.13 (main, May  9 2024, 07:34:36) [GCC 12.2.0]\n   machine: Linux-6.1-x86_64-with-glibc2.36\n\n"
        "Python dependencies:\n        numpy: 1.26.4\n       pandas: 2.1.4\n"
    )
    reference, other = (
        foreign.load(text.encode(), "x", "x.txt").manifest for text in (pandas, sklearn)
    )
    assert not any(finding.path[0] == "system" for finding in api.diff(reference, other).findings)


def test_a_list_and_a_mapping_of_compose_say_the_same() -> None:
    text = "services:\n  t:\n    image: acme/t:1\n    sysctls: {}\n    labels: {}\n"
    mapping = text.format("{net.core.somaxconn: 1024}", "{a: b}")
    listed = text.format("[net.core.somaxconn=1024]", "[a=b]")
    sides = (
        foreign.load(side.encode(), "x", "compose.yaml").manifest for side in (mapping, listed)
    )
    verdict = api.diff(*sides)
    assert not [found for found in verdict.findings if found.path[-1] != "sha256"]


def test_a_distribution_that_pip_freeze_lists_twice_has_no_version() -> None:
    document = foreign.load(
        b"absl-py==2.1.0\nnumpy==1.26.4\nnumpy==1.21.0\nzipp==3.1.0\n", "f", "f.txt"
    )
    packages = document.manifest.sections.packages
    assert packages.gaps["numpy.version"] == "not stated: it is listed as 1.26.4 and as 1.21.0"


def test_a_company_s_own_pins_are_those_of_pip_freeze() -> None:
    text = "".join(f"corp-part{number:02}==1.{number}\n" for number in range(12))
    document = foreign.load(text.encode(), "standard input", "-")
    assert len(document.manifest.sections.packages.entries) == 12


IMAGE = 'FROM python:3.11-slim\nRUN {}\nCMD ["python", "app.py"]\n'


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("echo /opt/a > /etc/ld.so.conf.d/a.conf", "echo /opt/b > /etc/ld.so.conf.d/a.conf"),
        ("printf 'NCCL_ALGO=%s' Ring >> /etc/environment", "printf 'NCCL_ALGO=%s' Tree >> /etc/environment"),
        ("echo fp16 | tee /app/dtype", "echo bf16 | tee /app/dtype"),
        ("sed -i s/float32/float16/ /app/cfg.py", "sed -i s/float32/bfloat16/ /app/cfg.py"),
        ("CMAKE_ARGS=-DGGML_CUDA=on pip install llama-cpp-python==0.2.79", "CMAKE_ARGS=-DGGML_CUDA=off pip install llama-cpp-python==0.2.79"),
    ],
)  # fmt: skip
def test_what_an_image_s_commands_write_is_compared(one: str, two: str) -> None:
    sides = (
        foreign.load(IMAGE.format(run).encode(), "x", "Dockerfile").manifest for run in (one, two)
    )
    found = [finding.path[:3] for finding in api.diff(*sides).findings]
    assert ("configs", "dockerfile", "run") in found


@pytest.mark.parametrize("run", ["echo built > /dev/null", "echo done 1>&2", "ls > /dev/null 2>&1"])
def test_what_goes_nowhere_is_no_file(run: str) -> None:
    section = foreign.load(IMAGE.format(run).encode(), "x", "Dockerfile").manifest.sections.configs
    assert "run" not in section.entries["dockerfile"].tree
