"""Kinds that are read in a second way of writing them, each found in files that people have."""

from __future__ import annotations

import re
from typing import Any

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.intake import foreign
from tests.intake import test_format_cases
from tests.intake.test_format_cases import flat, plain


def facts(text: str, name: str = "file.txt") -> dict[str, Any]:
    """What a text states, as paths and values."""
    return flat(plain(foreign.load(text.encode(), name, name).manifest.sections))


BLOCK = """sys.platform: linux
Python: 3.10.4 (main) [GCC 11.2.0]
CUDA available: True
GPU 0,1: NVIDIA A30
NVCC: Cuda compilation tools, release 11.8, V11.8.89
PyTorch: 2.1.2+cu118
"""


@pytest.mark.parametrize(
    "prefix", ["INFO:root:", "INFO:tools.env:", "INFO 2025-01-02T03:04:05.123456789Z "]
)
def test_a_log_may_begin_with_its_level(prefix: str) -> None:
    logged = "".join(f"{prefix}{line}\n" for line in BLOCK.splitlines())
    assert facts(logged) == facts(BLOCK)
    assert facts(BLOCK)["gpus.entries.1.name"] == "NVIDIA A30"


def test_a_home_of_cuda_on_windows() -> None:
    text = BLOCK.replace("linux", "win32") + "CUDA_HOME: D:\\CUDA Toolkit\\v12.1\n"
    assert facts(text)["cuda.home"] == "D:\\CUDA Toolkit\\v12.1"


def test_an_mlmodel_in_json() -> None:
    text = (
        '{"flavors": {"sklearn": {"sklearn_version": "1.4.2"},'
        ' "python_function": {"python_version": "3.11.4"}}}'
    )
    found = facts(text, "MLmodel")
    assert found["wanted.entries.scikit-learn.version"] == "1.4.2"
    assert found["wanted.requires_python"] == "==3.11.4"


def test_an_option_of_pip_among_condas_specifications_is_counted() -> None:
    text = (
        "name: e\nchannels: [conda-forge]\ndependencies:\n"
        "  - python>=3.9\n  - numpy=1.26\n  - motor[srv]==3.3.1\n  - -e .\n"
    )
    document = foreign.load(text.encode(), "environment.yml", "environment.yml")
    found = flat(plain(document.manifest.sections))
    assert found["wanted.entries.numpy.specifier"] == "==1.26.*"
    assert found["wanted.entries.motor.version"] == "3.3.1"
    assert "1 option" in document.notes[0] or "options of pip" in document.notes[0]


def test_a_repeated_field_of_triton_is_a_list_however_it_is_written() -> None:
    head = 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 4\n'
    alone = head + 'input { name: "x" data_type: TYPE_FP32 dims: 64 }\n'
    listed = head + 'input [ { name: "x" data_type: TYPE_FP32 dims: [ 64 ] } ]\n'
    sides = [foreign.load(text.encode(), "c", "config.pbtxt").manifest for text in (alone, listed)]
    assert [finding.path for finding in api.diff(*sides).findings] == []
    assert facts(alone, "config.pbtxt")["configs.entries.config.pbtxt.tree.input"] == [
        {"name": "x", "data_type": "TYPE_FP32", "dims": ["64"]}
    ]


def test_a_run_without_a_commit_still_names_its_repository() -> None:
    text = (
        '{"os": "Linux-5.15.0-x86_64-with-glibc2.35", "python": "3.10.2", "program": "t.py",'
        ' "host": "h", "executable": "/usr/bin/python", "git":'
        ' {"remote": "https://git.example.org/t.git", "commit": null}}'
    )
    found = facts(text, "wandb-metadata.json")
    assert found["git.remote"] == "https://git.example.org/t.git"
    assert "git.commit" not in found


def test_nvcc_stands_under_another_key_where_detectron2_is_not_built() -> None:
    text = (
        "-------------  ----\nsys.platform   linux\nPython         3.9.7 (default)\n"
        "detectron2._C  not built correctly\n"
        "CUDA compiler  Cuda compilation tools, release 11.3, V11.3.109\n"
        "PyTorch        1.12.1+cu113 @/env/torch\n-------------  ----\n"
    )
    assert facts(text)["cuda.toolkit"] == "11.3.109"
    built = text.replace("Cuda compilation tools, release 11.3, V11.3.109", "CUDA 11.3")
    assert "cuda.toolkit" not in facts(built)


LIGHTNING = (
    "* CUDA:\n\t- GPU:               None\n\t- available:         False\n"
    "\t- version:           12.1\n* Lightning:\n\t- lightning:         2.4.0\n"
    "\t- torch:             2.4.1\n* Packages:\n\t- numpy:             1.26.4\n"
)


def test_a_report_of_lightning_without_its_end_says_what_it_has() -> None:
    assert facts(LIGHTNING)["packages.entries.numpy.version"] == "1.26.4"
    cut = facts(LIGHTNING[:-2])  # "1.26.": the last line may be cut
    assert "packages.entries.numpy.version" not in cut
    assert cut["packages.entries.lightning.version"] == "2.4.0"


def test_condas_canonical_list_is_refused_with_a_way_forward() -> None:
    text = "numpy-1.26.4-py311h64a7726_0\npytorch-2.3.1-py3.11_cuda12.1_0\n"
    with pytest.raises(InputError, match="conda list --explicit"):
        facts(text)


@pytest.mark.parametrize("case", ["transformers-env", "accelerate-env", "diffusers-env", "hf-env"])
@pytest.mark.parametrize("bullet", ["", "\u2022 ", "+ "])
def test_a_list_that_lost_its_dashes_is_read_alike(case: str, bullet: str) -> None:
    """A list that is copied from a rendered page has other bullets, or none."""
    text = (test_format_cases.CASES / case / "input.txt").read_text()
    begin, end = text.index("- "), text.rindex("- ")
    copied = re.sub(r"(?m)^[-*] ", bullet, text)
    assert copied.count("\n- ") == 0
    assert end > begin
    assert facts(copied) == facts(text)


def test_a_list_without_dashes_ends_at_an_empty_line() -> None:
    text = (
        "transformers version: 4.53.0\nPlatform: Linux-6.8.0-x86_64-with-glibc2.39\n"
        "Python version: 3.10.12\n\nNumpy version: 9.9.9\n"
    )
    found = facts(text)
    assert found["packages.entries.transformers.version"] == "4.53.0"
    assert "packages.entries.numpy.version" not in found


def test_what_uv_and_a_builder_print_of_an_installation() -> None:
    text = (
        "#9 4.211 Successfully installed numpy-1.26.4 six-1.16.0\n"
        "#10 0.812 Installed 2 packages in 12ms\n#10 0.812  - numpy==1.26.4\n"
        "#10 0.813  + numpy==2.1.0\n#10 0.813  + torch==2.6.0+cpu\n"
    )
    found = facts(text)
    assert found == {
        "packages.entries.six.version": "1.16.0",
        "packages.entries.numpy.version": "2.1.0",
        "packages.entries.torch.version": "2.6.0+cpu",
    }


def test_an_installation_into_two_environments_is_refused() -> None:
    text = "".join(
        f"Requirement already satisfied: six in /opt/{name}/lib/python3.11/site-packages (1.16.0)\n"
        for name in ("a", "b")
    )
    with pytest.raises(InputError, match="installs into 2 environments"):
        facts(text)


def test_the_versions_of_two_environments_are_refused() -> None:
    text = (test_format_cases.CASES / "show-versions-pandas" / "input.txt").read_text()
    with pytest.raises(InputError, match=r"2 outputs of show_versions\(\)"):
        facts(text + "\n" + text)


def test_modules_of_several_distributions_are_not_stated() -> None:
    text = (test_format_cases.CASES / "show-versions-pandas" / "input.txt").read_text()
    found = facts(text + "psycopg2              : 2.9.9\nlxml.etree            : 5.2.2\n")
    assert found["packages.entries.lxml.version"] == "5.2.2"
    assert not [path for path in found if "psycopg2" in path]


@pytest.mark.parametrize(
    ("told", "meant"), [("3.13.0.candidate.2", "3.13.0rc2"), ("3.8.10.final.0", "3.8.10")]
)
def test_the_python_of_pandas(told: str, meant: str) -> None:
    text = (test_format_cases.CASES / "show-versions-pandas" / "input.txt").read_text()
    assert facts(text.replace("3.11.9.final.0", told))["python.version"] == meant


def test_a_few_rows_of_three_words_are_no_list_of_conda() -> None:
    with pytest.raises(InputError):
        facts("alpha 1.0 one\nbeta 2.0 two\ngamma 3.0 three\ndelta 4.0 four\n")


@pytest.mark.parametrize("mark", ["", "- ", "* "])
def test_a_list_of_which_every_line_is_code(mark: str) -> None:
    pins = ["torch==2.5.1", "numpy>=1.26,<3", "tokenizers==0.20.1"]
    coded = "".join(f"{mark}`{line}`\n" for line in pins)
    assert facts(coded) == facts("".join(f"{line}\n" for line in pins))
    assert facts(coded)["wanted.entries.torch.version"] == "2.5.1"


def test_a_table_of_another_program_is_no_poetry_show() -> None:
    for text in (
        "NAME READY STATUS\nweb-0 1 Running for a while\nweb-1 1 Running for a while\n",
        "step 1 the model is loaded\nstep 22 the model is called\n",
    ):
        with pytest.raises(InputError):
            facts(text)


@pytest.mark.parametrize(
    "text",
    [
        "| Name | Version |\n|---|---|\n| Ubuntu | 22.04 |\n| Debian | 12 |\n",
        "| Package | Version | Version |\n|---|---|---|\n| numpy | 1.26.4 | 2.1.0 |\n| torch | 2.5.1 | 2.6.0 |\n",
        "| Package | Version |\n|---|---|\n| numpy | >=1.26 |\n| torch | latest |\n",
        "| Package | Version |\n|---|---|\n| numpy | 1.26.4 |\n",
        "PATH=/app/bin\nLOG_LEVEL=debug\nWORKERS=4\nPORT=8000\n",
        "HOME=/root\nUSER=root\nPWD=/srv\nSHLVL=1\n",
    ],
)
def test_what_only_resembles_a_list_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        foreign.load(text.encode(), "input", "input.txt")


def test_two_tables_of_packages_are_two_environments() -> None:
    table = "| Package | Version |\n|---|---|\n| numpy | 1.26.4 |\n| torch | 2.5.1 |\n"
    with pytest.raises(InputError, match="2 tables of packages"):
        foreign.load(f"{table}\n{table}".encode(), "input", "input.md")


def test_the_value_of_a_variable_that_goes_on_is_not_stated() -> None:
    text = "HOME=/root\nPATH=/bin\nPWD=/\nNCCL_DEBUG=INFO\nXLA_FLAGS=--a\n --b\nSHLVL=1\nUSER=ml\nTZ=UTC\nLANG=C\nTERM=xterm\n_=/usr/bin/env\n"
    found = foreign.load(text.encode(), "input", "input.txt").manifest.sections.env_vars
    assert found.entries == {"LANG": "C", "NCCL_DEBUG": "INFO", "PATH": "/bin", "TZ": "UTC"}
    assert found.gaps == {"XLA_FLAGS": "not stated: its value goes on in further lines"}
    assert found.complete


def test_two_outputs_of_env_are_refused() -> None:
    text = "HOME=/root\nPATH=/bin\nPWD=/\nSHLVL=1\nPATH=/usr/bin\n"
    with pytest.raises(InputError, match="sets PATH to two values"):
        foreign.load(text.encode(), "input", "input.txt")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("glibc-2.34-100.el9_4.4.x86_64\nlibstdc++-11.4.1-3.el9.x86_64\n", "rpm -qa"),
        ("app v0.1.0\n├── torch v2.6.0\n│   └── sympy v1.13.1\n", "tree of dependencies"),
        ("torch 2.6.0 Tensors and networks\n├── filelock *\n└── jinja2 *\n", "tree of dependencies"),
        ("{'numpy': '1.26.4', 'torch': '2.6.0'}\n", "dictionary as Python prints it"),
        ('[\n  {\n    "user_api": "blas",\n    "num_threads": 8\n  }\n]\n', "threadpoolctl"),
        ("Build Dependencies:\n  blas:\n    found: true\n", "numpy.show_config"),
        ("torch 2.6.0 requires nvidia-nccl-cu12, which is not installed.\n", "pip check"),
        ("The following NEW packages will be INSTALLED:\n\n  numpy  main::numpy-1-0\n", "conda means"),
    ],
)  # fmt: skip
def test_what_is_refused_is_called_by_its_name(text: str, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        foreign.load(text.encode(), "input", "input.txt")


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("RUN <<EOF\nset -e\npip install numpy==1.26.4 \\\n  torch==2.6.0\nEOF", {"numpy", "torch"}),
        ("RUN --mount=type=cache,target=/c bash -ex <<'X'\npip install numpy==1.26.4\nX", {"numpy"}),
        ("RUN <<EOF\n#!/usr/bin/env python3\npip install numpy==1.26.4\nEOF", set()),
        ("RUN cat <<EOF > install.sh\npip install numpy==1.26.4\nEOF", set()),
        ("COPY <<EOF /install.sh\npip install numpy==1.26.4\nEOF", set()),
        ("RUN pip install \"numpy==1.26.4; python_version >= '3.9'\" six==1.17.0", {"numpy", "six"}),
        ("RUN pip install git+https://h.example/o/x@v1#egg=x && pip install six==1.17.0", {"x", "six"}),
        ("RUN pip install six==1.17.0 # && pip install numpy==1.26.4", {"six"}),
    ],
)  # fmt: skip
def test_what_a_shell_of_a_dockerfile_installs(lines: str, wanted: set[str]) -> None:
    text = f"FROM debian:12\n{lines}\nUSER 1000\n"
    found = foreign.load(text.encode(), "Dockerfile", "Dockerfile").manifest.sections.wanted
    assert set(getattr(found, "entries", {})) == wanted


def test_a_wheel_of_ones_own_states_its_version() -> None:
    text = "six==1.17.0\n./wheels/local_pkg-1.2.3-py3-none-any.whl\n/w/other-2.0-py3-none-any.whl ; python_version >= '3.9'\n./src\n"
    found = facts(text, "requirements.txt")
    assert found["wanted.entries.local-pkg.version"] == "1.2.3"
    assert found["wanted.entries.other.version"] == "2.0"
    assert "wanted.entries.other.marker" in found
    assert not [path for path in found if "src" in path]
