"""Shapes of foreign files that a look by a stranger found misread: what they say, and what they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import UNSET

import envsnap
from envsnap.errors import InputError
from envsnap.intake import reader
from envsnap.intake.formats import quantities
from envsnap.model.manifest import Manifest
from envsnap.model.python import Origin


def read(tmp_path: Path, name: str, text: str) -> Manifest:
    (tmp_path / name).write_text(text)
    return envsnap.load(str(tmp_path / name))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1.5Gi", 3 << 29), ("1.5G", 1_500_000_000), ("0.1Ti", 109_951_162_778), ("1e9", 10**9),
        ("129e6", 129_000_000), ("100m", 1), ("16Gi", 1 << 34), ("512M", 512_000_000), ("1E", 10**18),
        ("1e", UNSET), ("x", UNSET), ("1.5.5Gi", UNSET),
    ],
)  # fmt: skip
def test_memory_of_kubernetes(text: str, size: object) -> None:
    assert quantities.memory(text) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("6.15g", 6_603_512_217), ("2.5gb", 5 << 29), ("512M", 1 << 29), ("64", 64), ("1e9", UNSET)],
)
def test_memory_of_compose(text: str, size: object) -> None:
    assert quantities.memory(text, powers_of_two=True) == size


PINS = "numpy==1.26.4\ntorch==2.3.1\n"


@pytest.mark.parametrize(
    ("command", "whole"),
    [
        ("pip freeze", True), ("pip freeze | grep torch", False), ("pip freeze | head -2", False),
        ("pip freeze --user", False), ("pip freeze --exclude x", False), ("pip freeze | sort", True),
        ("pip freeze | Select-String torch", False),
    ],
)  # fmt: skip
def test_a_list_behind_a_filter_is_a_part(tmp_path: Path, command: str, whole: bool) -> None:
    packages = read(tmp_path, "it.txt", f"$ {command}\n{PINS}").sections.packages
    assert packages
    assert packages.names_complete is (True if whole else UNSET)


@pytest.mark.parametrize(
    ("python", "glibc"),
    [("3.8.10", UNSET), ("3.7.4", UNSET), ("3.9.1", "2.29"), ("3.12.3", "2.29")],
)
def test_the_c_library_of_pythons_platform(tmp_path: Path, python: str, glibc: object) -> None:
    report = (
        "- `transformers` version: 4.30.0\n- Platform: Linux-5.4.0-90-generic-x86_64-with-glibc2.29\n"
        f"- Python version: {python}\n- Huggingface_hub version: 0.15.1\n"
    )
    system = read(tmp_path, "it.txt", report).sections.system
    assert system
    assert system.glibc == glibc


TABLE = """
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 460.91.03    Driver Version: 460.91.03    CUDA Version: 11.2     |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
|===============================+======================+======================|
|   0  A100-PCIE-40GB      On   | 00000000:3B:00.0 Off |                    0 |
| N/A   29C    P0    32W / 250W |      0MiB / 40536MiB |      0%      Default |
+-------------------------------+----------------------+----------------------+
"""
SECOND = "|   1  A100-PCIE-40GB      On   | 00000000:86:00.0 Off |                    0 |\n"


@pytest.mark.parametrize(
    ("end", "whole"), [("", True), (SECOND, False), (SECOND[:40], False), ("\nProcesses:\n", True)]
)
def test_a_table_that_is_cut_does_not_name_all_gpus(tmp_path: Path, end: str, whole: bool) -> None:
    gpus = read(tmp_path, "it.txt", TABLE + end).sections.gpus
    assert gpus
    assert gpus.names_complete is (True if whole else UNSET)


def test_conditions_of_a_pipfile(tmp_path: Path) -> None:
    text = (
        '[[source]]\nurl = "https://pypi.example/simple"\n[packages]\n'
        'a = {version = ">=1", sys_platform = "== \'win32\'"}\n'
        "b = {version = \"*\", markers = \"python_version < '3.9' or os_name == 'nt'\", platform_machine = \"== 'arm64'\"}\n"
    )
    wanted = read(tmp_path, "Pipfile", text).sections.wanted
    assert wanted
    assert isinstance(wanted.entries, dict)
    assert wanted.entries["a"].marker == "sys_platform == 'win32'"
    assert wanted.entries["b"].marker == (
        "(python_version < '3.9' or os_name == 'nt') and platform_machine == 'arm64'"
    )


def test_variables_of_a_batch_script(tmp_path: Path) -> None:
    text = (
        "#!/bin/bash\n#SBATCH -p gpu\nexport OMP_NUM_THREADS=8\n"
        "export TORCH_CPP_LOG_LEVEL=\"INFO\" NCCL_SOCKET_IFNAME='ib0'  # both\n"
        "if [ -n x ]; then\n  export NCCL_DEBUG=INFO\nfi\ncat <<EOF > x.sh\nexport NCCL_IB_DISABLE=1\nEOF\n"
        "export NCCL_P2P_DISABLE=1\n"
    )
    variables = read(tmp_path, "job.sh", text).sections.env_vars
    assert variables
    assert variables.entries == {
        "OMP_NUM_THREADS": "8",
        "TORCH_CPP_LOG_LEVEL": "INFO",
        "NCCL_SOCKET_IFNAME": "ib0",
        "NCCL_P2P_DISABLE": "1",
    }
    assert variables.others == ("NCCL_DEBUG",)


def test_blanks_around_the_sign_are_read_by_some_programs_only(tmp_path: Path) -> None:
    variables = read(tmp_path, ".env", "NCCL_DEBUG = INFO\nOMP_NUM_THREADS=8\n").sections.env_vars
    assert variables
    assert variables.entries == {"OMP_NUM_THREADS": "8"}
    assert "differently" in variables.gaps["NCCL_DEBUG"]


def test_variables_of_a_conda_environment(tmp_path: Path) -> None:
    text = "name: x\nchannels: [conda-forge]\ndependencies:\n  - numpy=1.26\nvariables:\n  NCCL_DEBUG: WARN\n"
    variables = read(tmp_path, "environment.yml", text).sections.env_vars
    assert variables
    assert variables.entries == {"NCCL_DEBUG": "WARN"}


def test_lines_of_an_export_that_cannot_be_read(tmp_path: Path) -> None:
    text = (
        "name: x\ndependencies:\n  - numpy=1.26.4=py311h1\n  - pip=24.0=py311_0\n  - pip:\n      - torch==2.3.1\n"
        "      - {}\nprefix: /opt/x\n"
    )
    whole = read(tmp_path, "a.yml", text.format("einops==0.8.0")).sections.packages
    part = read(tmp_path, "b.yml", text.format("-e .")).sections.packages
    assert whole
    assert part
    assert (whole.names_complete, part.names_complete) == (True, UNSET)


def test_a_toolkit_is_no_distribution(tmp_path: Path) -> None:
    report = (
        "- `Accelerate` version: 0.34.0\n- Platform: Linux-5.10.0-x86_64-with-glibc2.34\n"
        "- Python version: 3.10.14\n- PyTorch version (GPU?): 2.1.0 (False)\n- CANN version: 8.0.RC2\n"
    )
    packages = read(tmp_path, "it.txt", report).sections.packages
    assert packages
    assert "cann" not in (packages.entries or {})


def test_locks_of_others_and_locks_that_are_cut(tmp_path: Path) -> None:
    cargo = 'version = 3\n\n[[package]]\nname = "numpy"\nversion = "0.23.0"\nsource = "registry+https://x"\n'
    with pytest.raises(InputError, match="envsnap does not know"):
        read(tmp_path, "Cargo.lock", cargo)
    with pytest.raises(InputError, match="cut off"):
        read(tmp_path, "uv.lock", cargo + '[[package]]\nname = "to')


@pytest.mark.parametrize("value", ["", " ~", " null"])
def test_a_variable_that_compose_takes_from_the_shell(tmp_path: Path, value: str) -> None:
    text = f"services:\n  app:\n    image: x:1\n    environment:\n      NCCL_DEBUG:{value}\n      OMP_NUM_THREADS: 8\n"
    variables = read(tmp_path, "docker-compose.yml", text).sections.env_vars
    assert variables
    assert variables.entries == {"OMP_NUM_THREADS": "8"}
    assert variables.others == ("NCCL_DEBUG",)


def test_what_several_commands_printed_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "it.txt").write_text(
        "$ nvcc --version\nnvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 11.8, V11.8.89\n"
        "$ pip show torch\nName: torch\nVersion: 2.2.1\nSummary: x\nLocation: /opt/x\nRequires: filelock\n"
    )
    told = reader.load(str(tmp_path / "it.txt")).notes[0]
    assert "nvcc --version and the output of pip show" in told
    assert "not read" not in told


OLD = "absl-py (0.1.10)\nnumpy (1.14.1)\nwheel (0.30.0)\n"


@pytest.mark.parametrize(
    ("text", "count", "whole"),
    [
        (f"DEPRECATION: The default format will switch to columns\n{OLD}", 3, True),
        (f"$ pip list\n{OLD}", 3, True),
        (f"$ pip list | grep -v x\n{OLD}", 3, False),
        (
            "$ pip list | grep torch\ntorch         2.1.0+cu121\ntorchvision   0.16.0+cu121\n",
            2,
            False,
        ),
    ],
)
def test_lists_of_old_and_without_a_head(
    tmp_path: Path, text: str, count: int, whole: bool
) -> None:
    packages = read(tmp_path, "it.txt", text).sections.packages
    assert packages
    assert len(packages.entries or {}) == count
    assert packages.names_complete is (True if whole else UNSET)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "gbk"])
def test_remarks_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    remark = {"latin-1": "# Abhängigkeiten für später", "cp1251": "# зависимости", "gbk": "# 依赖"}[
        encoding
    ]
    (tmp_path / "requirements.txt").write_bytes(
        f"{remark}\nnumpy==1.26.4\n{remark}\ntorch==2.3.1\n".encode(encoding)
    )
    wanted = envsnap.load(str(tmp_path / "requirements.txt")).sections.wanted
    assert wanted
    assert set(wanted.entries or {}) == {"numpy", "torch"}


def test_what_conda_is_asked_for_in_brackets(tmp_path: Path) -> None:
    text = "name: x\nchannels: [conda-forge]\ndependencies:\n  - python[version='>=3.8']\n  - numpy[version='>=1.26',build=py311*]\n"
    wanted = read(tmp_path, "environment.yml", text).sections.wanted
    assert wanted
    assert wanted.requires_python == ">=3.8"
    assert isinstance(wanted.entries, dict)
    assert wanted.entries["numpy"].specifier == ">=1.26"


@pytest.mark.parametrize("key", ["rev", "tag", "branch"])
def test_a_branch_is_no_commit(tmp_path: Path, key: str) -> None:
    text = f'[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nit = {{git = "https://a.example/b", {key} = "main"}}\n'
    wanted = read(tmp_path, "pyproject.toml", text).sections.wanted
    assert wanted
    assert isinstance(wanted.entries, dict)
    assert wanted.entries["it"].origin == Origin(url="https://a.example/b@main", vcs="git")
    commit = "a1" * 20
    entries = {"it": {"git": "https://a.example/b", "ref": commit}}
    lock = {"_meta": {"pipfile-spec": 6}, "default": entries, "develop": {}}
    wanted = read(tmp_path, "Pipfile.lock", json.dumps(lock)).sections.wanted
    assert wanted
    assert isinstance(wanted.entries, dict)
    assert wanted.entries["it"].origin == Origin(
        url="https://a.example/b", vcs="git", commit=commit
    )


def test_where_a_variable_of_a_pod_comes_from(tmp_path: Path) -> None:
    text = """apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    image: b:1
    env:
    - {name: A, value: "1"}
    - name: DB_PASSWORD
      valueFrom: {secretKeyRef: {name: SECRETS, key: db-password}}
"""
    one, two = [
        read(tmp_path, f"{name}.yaml", text.replace("SECRETS", name)) for name in ("old", "new")
    ]
    told = [finding.path for finding in envsnap.diff(one, two).findings]
    assert [".".join(map(str, path[-5:])) for path in told] == [
        "env.DB_PASSWORD.valueFrom.secretKeyRef.name"
    ]


def test_the_version_of_a_field_that_a_cluster_adds(tmp_path: Path) -> None:
    text = """apiVersion: v1
kind: Pod
spec:
  containers:
  - name: a
    image: b:1
    env:
    - name: NODE
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName
"""
    live = text.replace("          fieldPath", "          apiVersion: v1\n          fieldPath")
    one, two = [read(tmp_path, f"{at}.yaml", side) for at, side in enumerate((text, live))]
    assert envsnap.diff(one, two).findings == ()


TOKEN = "ab-01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("it.txt", f"@EXPLICIT\nhttps://conda.example/t/{TOKEN}/priv/linux-64/foo-1.0-0.conda\n"),
        (
            "environment.yml",
            f"name: x\nchannels: ['https://conda.example/t/{TOKEN}/priv']\ndependencies: [numpy]\n",
        ),
        (
            "it.json",
            json.dumps(
                [
                    {
                        "base_url": f"https://conda.example/t/{TOKEN}/priv", "build_number": 0,
                        "build_string": "py310_0", "channel": f"t/{TOKEN}/priv",
                        "dist_name": "foo-1.0-py310_0", "name": "foo", "platform": "linux-64",
                        "version": "1.0",
                    }
                ]
            ),
        ),
    ],
)  # fmt: skip
def test_the_token_of_a_channel(tmp_path: Path, name: str, text: str) -> None:
    found = read(tmp_path, name, text)
    assert found.sections.packages or found.sections.wanted
    assert TOKEN not in repr(found)


def test_a_freeze_of_uv_with_its_first_line(tmp_path: Path) -> None:
    text = "Using Python 3.11.7 environment at: .venv\nanyio==4.16.0\nnumpy==2.1.0\n"
    packages = read(tmp_path, "it.txt", text).sections.packages
    assert packages
    assert list(packages.entries or {}) == ["anyio", "numpy"]


def test_a_build_in_brackets(tmp_path: Path) -> None:
    text = "dependencies:\n- pytorch::pytorch[version=2.0.1, build=py3.11_cuda11.8*]\n- numpy\n"
    wanted = read(tmp_path, "environment.yml", text).sections.wanted
    assert wanted
    torch = (wanted.entries or {})["torch"]
    assert (torch.version, torch.build) == ("2.0.1", "py3.11_cuda11.8*")


def test_an_index_in_the_line_of_a_requirement(tmp_path: Path) -> None:
    text = "torch==2.1.2 --index-url https://download.pytorch.org/whl/cu118\nnumpy==1.23.5\n"
    wanted = read(tmp_path, "requirements.txt", text).sections.wanted
    assert wanted
    assert {name: item.version for name, item in (wanted.entries or {}).items()} == {
        "torch": "2.1.2", "numpy": "1.23.5",
    }  # fmt: skip


R610 = """+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 610.43.02              KMD Version: 610.43.02     CUDA UMD Version: 13.3     |
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
|=========================================+========================+======================|
|   0  NVIDIA B200                    On  |   00000000:63:00.0 Off |                    0 |
| N/A   26C    P0            139W / 1000W |       0MiB / 183359MiB |      0%      Default |
+-----------------------------------------+------------------------+----------------------+
"""


def test_the_head_of_newer_drivers(tmp_path: Path) -> None:
    found = read(tmp_path, "smi.txt", R610).sections
    assert found.driver
    assert found.cuda
    assert (found.driver.version, found.cuda.driver) == ("610.43.02", "13.3")


def test_what_a_hook_prints_into_a_log(tmp_path: Path) -> None:
    text = (
        "==============NVSMI LOG==============\n\nDriver Version                            : 535.86.10\n"
        "[HAMI-core Msg(571:140025334466368:libvgpu.c:836)]: Initializing.....\n"
        "CUDA Version                              : 12.2\n"
    )
    found = read(tmp_path, "smi.txt", text).sections
    assert found.cuda
    assert found.cuda.driver == "12.2"


def test_a_range_of_pythons_in_a_lock_of_poetry(tmp_path: Path) -> None:
    text = (
        '[[package]]\nname = "numpy"\nversion = "1.26.4"\noptional = false\npython-versions = ">=3.9"\nfiles = []\n\n'
        '[metadata]\nlock-version = "2.0"\npython-versions = "^3.9,<3.12"\ncontent-hash = "aa"\n'
    )
    wanted = read(tmp_path, "poetry.lock", text).sections.wanted
    assert wanted
    assert wanted.requires_python == "<3.12,<4,>=3.9"


@pytest.mark.parametrize(
    "text",
    [
        "$ nvidia-smi --query-gpu=driver_version,name,memory.total --format=csv,noheader,nounits\n450.57, GeForce GT 710, 981\n",
        "driver_version, name, memory.total [MiB]\n\n450.57, GeForce GT 710, 981 MiB\n",
    ],
)
def test_columns_that_the_command_names(tmp_path: Path, text: str) -> None:
    gpus = read(tmp_path, "it.csv", text).sections.gpus
    assert gpus
    gpu = (gpus.entries or {})["0"]
    assert (gpu.name, gpu.memory_total) == ("GeForce GT 710", 981 << 20)


def test_variables_of_a_dockerfile_in_its_commands(tmp_path: Path) -> None:
    text = (
        "ARG TORCH=2.2.1\nARG NUMPY=1.26.4\nFROM debian:12 AS base\nENV PEFT=0.10.0\n"
        "FROM base\nARG TORCH\nARG SCIPY\nARG TAG=${TORCH}+cpu\n"
        'RUN pip install "torch==${TAG}" numpy==$NUMPY peft==$PEFT scipy==$SCIPY\n'
        'RUN ["pip", "install", "tqdm==$TORCH"]\n'
    )
    entries = read(tmp_path, "Dockerfile", text).sections.wanted.entries
    assert {name: entry.version for name, entry in entries.items()} == {
        "torch": "2.2.1+cpu",
        "peft": "0.10.0",
    }


def test_a_package_url_of_spdx_3_may_stand_among_the_identifiers(tmp_path: Path) -> None:
    other = {"externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/torch@2.2.1%2Bcu121"}
    package = {"type": "software_Package", "spdxId": "urn:t", "externalIdentifier": [other]}
    tree = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [package]}
    found = read(tmp_path, "sbom.json", json.dumps(tree)).sections.packages
    assert found.entries["torch"].version == "2.2.1+cu121"


def test_poetry_shows_where_a_local_project_lies(tmp_path: Path) -> None:
    text = (
        "mylib 0.1.0 ../mylib   The library of all our projects\n"
        "numpy 1.26.4           Fundamental package for array computing\n"
        "peft  0.10.0 4f8d2b0   Parameter-efficient fine-tuning of models\n"
    )
    entries = read(tmp_path, "show.txt", text).sections.wanted.entries
    assert {name: entry.version for name, entry in entries.items()} == {
        "mylib": "0.1.0", "numpy": "1.26.4", "peft": "0.10.0",
    }  # fmt: skip


def test_the_power_limit_of_drivers_that_tell_the_present_one(tmp_path: Path) -> None:
    text = (
        "<?xml version='1.0' ?>\n<nvidia_smi_log><driver_version>535.129.03</driver_version>"
        "<attached_gpus>1</attached_gpus><gpu id='00000000:07:00.0'><product_name>NVIDIA A100"
        "</product_name><gsp_firmware_version>535.129.03</gsp_firmware_version>"
        "<applications_clocks><graphics_clock>1410 MHz</graphics_clock></applications_clocks>"
        "<gpu_power_readings><current_power_limit>350.00 W</current_power_limit>"
        "</gpu_power_readings></gpu></nvidia_smi_log>\n"
    )
    found = read(tmp_path, "smi.xml", text).sections.gpus.entries["0"]
    assert (found.power_limit_mw, found.gsp_firmware) == (350_000, "535.129.03")
    assert found.clock_application_sm_mhz == 1410


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("numpy>=1.26,<2", "numpy <2.0, >=1.26"), ("numpy==1.26.*", "numpy>=1.26,<1.27"),
        ("numpy~=1.26.4", "numpy>=1.26.4,<1.27"), ("numpy>=1.4", "numpy>=1.4.0"),
    ],
)  # fmt: skip
def test_two_spellings_of_a_range_are_one(tmp_path: Path, one: str, two: str) -> None:
    left = read(tmp_path, "requirements.txt", f"{one}\npandas>=2\n")
    right = read(tmp_path, "requirements-gpu.txt", f"{two}\npandas>=2\n")
    assert not envsnap.diff(left, right).findings
    other = read(tmp_path, "requirements-dev.txt", "numpy>=1.25,<2\npandas>=2\n")
    assert [item.path for item in envsnap.diff(left, other).findings] == [
        ("wanted", "numpy", "specifier")
    ]


def test_extras_that_one_list_alone_asks_for(tmp_path: Path) -> None:
    left = read(tmp_path, "requirements.txt", "requests[socks]>=2\npandas>=2\n")
    right = read(tmp_path, "requirements-gpu.txt", "requests>=2\npandas>=2\n")
    (found,) = envsnap.diff(left, right).findings
    assert (found.severity.value, found.message) == ("warning", "requests: extras [socks] -> []")
    assert [item.state for item in found.facts] == ["stated", "absent"]
    (back,) = envsnap.diff(right, left).findings
    assert back.severity.value == "info"


FROZEN = "numpy==1.26.4\npeft==0.10.0\ntorch==2.2.1\n"


@pytest.mark.parametrize(
    "text",
    [
        f"Starting job on gpu01\n+ pip freeze\n{FROZEN}+ python train.py\nEpoch 1\n",
        f"ana@box ~/proj> pip freeze\n{FROZEN}ana@box ~/proj> \n",
        (
            f"Step 5/9 : RUN pip freeze\n ---> Running in 0a1b2c3d4e5f\n{FROZEN}"
            "Removing intermediate container 0a1b2c3d4e5f\n ---> 1a2b3c4d5e6f\n"
        ),
    ],
)
def test_a_list_below_its_command_in_a_log(text: str, tmp_path: Path) -> None:
    entries = read(tmp_path, "job.log", text).sections.packages.entries
    assert {name: entry.version for name, entry in entries.items()} == {
        "numpy": "1.26.4", "peft": "0.10.0", "torch": "2.2.1",
    }  # fmt: skip


def test_no_output_between_traced_commands_is_lost(tmp_path: Path) -> None:
    text = f"+ pip freeze\n{FROZEN}+ nvidia-smi -L\nGPU 0: NVIDIA L4 (UUID: GPU-3a1b2c3d-0000-1111-2222-333344445555)\n+ date\n"
    sections = read(tmp_path, "job.log", text).sections
    assert sections.packages.entries["peft"].version == "0.10.0"
    assert sections.gpus.entries["0"].name == "NVIDIA L4"


def test_what_uv_installed_is_no_command(tmp_path: Path) -> None:
    text = " + numpy==1.26.4\n + peft==0.10.0\n + python-dotenv==1.0.1\n + torch==2.2.1\n"
    (tmp_path / "uv.log").write_text(f"Installed 4 packages in 12ms\n{text}")
    try:
        found = envsnap.load(str(tmp_path / "uv.log")).sections
    except InputError:
        return  # no list of all that is installed
    assert found.packages is UNSET or len(found.packages.entries) == 4


def test_values_that_are_quoted_for_a_shell(tmp_path: Path) -> None:
    text = (
        "$ systemctl show-environment\nLANG=C.UTF-8\n"
        r"XLA_FLAGS=$'--a=true --b=/it\'s'" "\nOMP_NUM_THREADS='8'\n"
    )  # fmt: skip
    entries = read(tmp_path, "unit.txt", text).sections.env_vars.entries
    assert entries["XLA_FLAGS"] == "--a=true --b=/it's"
    assert entries["OMP_NUM_THREADS"] == "'8'"  # of env and of a mistake


def test_the_dependency_graph_as_github_exports_it(tmp_path: Path) -> None:
    reference = {"referenceType": "purl", "referenceLocator": "pkg:pypi/torch@2.2.1"}
    tree = {"sbom": {"spdxVersion": "SPDX-2.3", "packages": [{"externalRefs": [reference]}]}}
    found = read(tmp_path, "sbom.json", json.dumps(tree)).sections.packages
    assert found.entries["torch"].version == "2.2.1"


def test_requests_of_a_pod_are_compared_as_quantities(tmp_path: Path) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: m\n"
        "    image: acme/s:1\n    resources: {{requests: {{cpu: {}, memory: {}}}}}\n"
    )
    one, two, other = (
        read(tmp_path, f"{number}.yaml", pod.format(*amounts))
        for number, amounts in enumerate((("500m", "1Gi"), ('"0.5"', "1024Mi"), ("600m", "1Gi")))
    )
    assert not envsnap.diff(one, two).findings
    assert len(envsnap.diff(one, other).findings) == 1
