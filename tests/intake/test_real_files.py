"""Real files of other people: what `expected.md` beside each says, fact by fact.

They are no part of this checkout; where they are not beside it, one skip says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.model.manifest import Manifest
from envsnap.model.reading import fact

FILES = Path(__file__).parents[3] / "shared" / "files"
pytestmark = pytest.mark.skipif(
    not FILES.exists(),
    reason="the real files are not beside this checkout (../shared/files): they are no part of it",
)
PINS = {
    "18-freeze-with-wheel-addresses/b.txt": {
        "packages.torch.version": "2.1.0+cu118",
        "packages.markdown.version": "3.6",
        "packages.flash-attn.origin.commit": "92dd5703ecdb99aa4a4aee9817f28557907403a2",
        "packages.detectron2.origin.commit": "754469e176b224d17460612bdaa2cb8112b04cd9",
        "packages.detectron2.editable": True,
    },
    "18-freeze-with-wheel-addresses/a.txt": {
        "packages.torch.version": "2.0.1",
        "packages.markdown.version": None,
    },
    "05-pip-list-trailing-notice/pip-list.txt": {
        "packages.numpy.version": "1.26.4",
        "packages.torch.version": "2.4.0",
    },
    "06-pip-list-pasted-from-a-terminal/paste.txt": {
        "packages.numpy.version": "1.26.4",
        "packages.torch.version": "2.4.0",
    },
    "07-pip-list-outdated/outdated.txt": {
        "packages.numpy.version": "1.26.4",
        "packages.torch.version": "2.4.0",
    },
    "19-freeze-from-powershell/requirements.txt": {
        "packages.numpy.version": "1.26.4",
        "packages.torch.version": "2.4.0",
    },
    "01-requirements-marker-other-platform/requirements.txt": {
        "wanted.deepspeed.version": "0.14.2",
        "wanted.onnxruntime-gpu.version": "1.16.0",
        "wanted.onnxruntime-gpu.marker": 'sys_platform == "linux"',
        "wanted.torch.version": "2.0.1",
        "wanted.torchaudio.version": "2.0.2",
    },
    "02-requirements-one-package-two-markers/requirements.txt": {
        "wanted.nvidia-nccl-cu12.version": None,
        "wanted.nvidia-cudnn-cu12.version": None,
        "wanted.nvidia-cublas-cu12.version": None,
        "wanted.numpy.version": "1.26.4",
        "wanted.torch.version": "2.7.1",
    },
    "03-requirements-ranges-are-no-versions/requirements.txt": {
        "wanted.numpy.version": "2.1.0",
        "wanted.torch.version": "2.4.0",
        "wanted.mlflow.version": "1.30.0",
        "wanted.scipy.version": None,
        "wanted.pandas.version": None,
        "wanted.transformers.specifier": ">=4.40",
        "wanted.numba.specifier": "<0.61",
    },
    "09-conda-list-json/conda-list.json": {
        "python.version": "3.10.14",
        "packages.python.conda.build": "hd12c33a_0_cpython",
        "packages.pytorch.conda.build": "cuda118_py310_1",
        "packages.pytorch.conda.channel": "conda-forge",
        "packages.torch.version": "2.1.0",
        "packages.transformers.version": "4.40.0",
        "packages._libgcc_mutex.format": "conda",
    },
    "12-collect_env-windows-architecture/win11.txt": {
        "system.architecture": "AMD64",
        "system.cpu": "12th Gen Intel(R) Core(TM) i7-1270P",
        "system.cpu_vendor": "GenuineIntel",
        "system.cpu_family": None,
        "frameworks.torch.version": "2.8.0.dev20250528+cpu",
        "frameworks.torch.cuda": None,
        "python.version": "3.10.17",
        "system.os": "Microsoft Windows 11 Enterprise (10.0.22631 64-bit)",
    },
    "14-rocm-report-of-eight-gpus/mi300x.txt": {
        "gpus.0.name": "AMD Instinct MI300X",
        "gpus.0.compute_capability": "gfx942",
        "gpus.7.name": None,
        "rocm.hip": "6.2.41133",
        "rocm.miopen": "3.2.0",
    },
    "17-report-indented-or-quoted/indented.txt": {
        "frameworks.torch.version": "1.3.0",
        "frameworks.torch.cuda": "10.1.243",
        "driver.version": "410.104",
        "packages.torchvision.version": None,
    },
    "17-report-indented-or-quoted/quoted.txt": {
        "frameworks.torch.version": "1.3.0",
        "driver.version": "410.104",
        "gpus.0.name": "Tesla T4",
    },
    "20-sglang-check_env/check_env.txt": {
        "python.version": "3.12.11",
        "frameworks.torch.version": "2.8.0+cu126",
        "gpus.7.name": "NVIDIA H100 80GB HBM3",
        "gpus.7.compute_capability": "9.0",
        "cuda.toolkit": "12.6.68",
        "cuda.driver": None,
        "driver.version": "570.124.06",
        "packages.sgl-kernel.version": "0.3.7.post1",
        "packages.pyzmq.version": "27.0.2",
        "packages.vllm.version": None,
    },
    "21-detectron2-collect_env/env.txt": {
        "python.version": "3.9.16",
        "packages.numpy.version": "1.23.5",
        "frameworks.torch.version": "1.10.0",
        "frameworks.torch.debug": False,
        "packages.detectron2.version": "0.6",
        "gpus.0.name": "NVIDIA A100-PCIE-40GB",
        "gpus.0.compute_capability": "8.0",
        "driver.version": "515.65.01",
        "cuda.home": None,
        "codecs.opencv.version": "4.7.0",
    },
    "22-mmengine-environment/log.txt": {
        "python.version": "3.8.18",
        "gpus.0.name": "NVIDIA GeForce RTX 3080 Ti",
        "frameworks.torch.version": "1.8.0+cu111",
        "frameworks.torch.cuda": "11.1",
        "frameworks.torch.cudnn": "8.0.5",
        "frameworks.torch.cpu_capability": "AVX2",
        "cuda.home": "/usr",
        "cuda.toolkit": "9.1.8",
    },
    "23-nvidia-smi/nvidia-smi.txt": {
        "driver.version": "550.144.03",
        "cuda.driver": "12.4",
        "cuda.toolkit": None,
        "gpus.0.name": "NVIDIA A100-SXM4-40GB",
        "gpus.0.memory_total": 40960 << 20,
        "gpus.0.persistence": False,
        "gpus.0.ecc": True,
        "gpus.0.mig": False,
        "gpus.0.compute_mode": 0,
    },
    "23-nvidia-smi/nvidia-smi-q.txt": {
        "driver.version": "520.61.05",
        "cuda.driver": "11.8",
        "gpus.0.name": "NVIDIA RTX A2000 8GB Laptop GPU",
    },
    "23-nvidia-smi/query.csv": {"gpus.1.memory_total": 81559 << 20, "driver.version": "570.133.20"},
    "23-nvidia-smi/nvcc.txt": {"cuda.toolkit": "10.2.89"},
    "24-lock-files/uv.lock": {"wanted.numpy.version": "2.2.6", "wanted.requires_python": ">=3.11"},
    "24-lock-files/poetry.lock": {
        "wanted.transformers.version": "4.46.3",
        "wanted.colorama.version": "0.4.6",
        "wanted.bitsandbytes.groups": ["bnb"],
    },
    "24-lock-files/Pipfile.lock": {
        "wanted.colorama.version": "0.4.6",
        "wanted.colorama.groups": None,
        "wanted.arrow.groups": ["develop"],
    },
    "27-issue-text-around-the-report/issue.txt": {
        "system.os": "Ubuntu 22.04.3 LTS",
        "system.cpu": None,
        "system.cpu_model": None,
        "system.cpu_flags": None,
        "system.cpus": None,
        "packages.numpy.version": "1.26.0",
        "frameworks.torch.version": "2.1.0+cu121",
        "gpus.0.name": "NVIDIA A100-SXM4-80GB",
        "gpus.0.mig": True,
        "gpus.0.memory_total": None,
    },
    "28-refusal-names-the-kind/environment.yml": {
        "wanted.opencv-python.version": "4.1.2.30",
        "wanted.torch.specifier": "==1.11.0.*",
        "wanted.cudatoolkit.manager": "conda",
    },
    "28-refusal-names-the-kind/MLmodel": {
        "wanted.scikit-learn.version": "0.24.1",
        "wanted.requires_python": "==3.8.*",
    },
    "28-refusal-names-the-kind/requirements.in": {"wanted.transformers.specifier": ">=4.40"},
}
FACTS = [(name, path, value) for name, facts in PINS.items() for path, value in facts.items()]


def load(name: str) -> Manifest:
    """Read a real file."""
    return api.load(str(FILES / name))


@pytest.mark.parametrize(("name", "path", "value"), FACTS)
def test_a_fact(name: str, path: str, value: Any) -> None:
    found = fact(load(name), tuple(path.split(".")))
    assert found.value == value


def test_what_is_absent_or_unknown() -> None:
    old = load("07-pip-list-outdated/outdated.txt")
    assert fact(old, ("packages", "pandas")).unknown
    frozen = load("04-pip-freeze-removed-package/prod.txt")
    assert fact(frozen, ("packages", "flash-attn")) == fact(frozen, ("packages", "xformers"))
    assert fact(frozen, ("packages", "flash-attn")).unknown is None
    assert fact(frozen, ("packages", "pip")).unknown
    asked = load("20-sglang-check_env/check_env.txt")
    assert fact(asked, ("packages", "vllm")).unknown.startswith("absent")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("13-two-reports-in-one-file/thread.txt", "2 reports"),
        ("16-report-on-one-line/oneline.txt", "line breaks"),
        ("28-refusal-names-the-kind/expected.md", "explain --formats"),
    ],
)
def test_a_refusal_says_what_it_is(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load(name)


def paths(reference: str, other: str) -> list[str]:
    """Where two files differ, in the order in which it is told."""
    found = api.diff(load(reference), load(other)).findings
    return [".".join(finding.path) for finding in found]


def test_removed_packages_are_missing() -> None:
    folder = "04-pip-freeze-removed-package"
    found = paths(f"{folder}/dev.txt", f"{folder}/prod.txt")
    assert found == ["packages.flash-attn", "packages.xformers"]


def test_two_exports_of_conda() -> None:
    folder = "10-conda-env-export-pair"
    assert paths(f"{folder}/a.yaml", f"{folder}/b.yaml") == [
        "packages.numpy.version",
        "packages.einops",
        "packages.transforms3d",
    ]


def test_the_version_is_in_the_wheels_name() -> None:
    folder = "18-freeze-with-wheel-addresses"
    found = paths(f"{folder}/a.txt", f"{folder}/b.txt")
    assert found[0] == "packages.torch.version"
    assert sorted(found[1:]) == ["packages.detectron2", "packages.flash-attn"]


def test_eight_gpus_are_eight() -> None:
    folder = "14-rocm-report-of-eight-gpus"
    assert "gpus" not in paths(f"{folder}/h100.txt", f"{folder}/mi300x.txt")


def test_flags_stand_on_their_own_side() -> None:
    folder = "15-cpu-flags-on-the-wrong-side"
    for names in (("a", "b"), ("b", "a")):
        result = api.diff(*(load(f"{folder}/{name}.txt") for name in names))
        finding = next(item for item in result.findings if item.path[-1] == "cpu_flags")
        sides = {"a": finding.reference, "b": finding.other}
        if names[0] == "b":
            sides = {"b": finding.reference, "a": finding.other}
        assert "amx_tile" in sides["b"]
        assert "amx_tile" not in sides["a"]


def test_a_pin_is_no_secret() -> None:
    folder = "11-pin-of-tiktoken-is-no-secret"
    assert paths(f"{folder}/environment.yaml", f"{folder}/other.yaml") == [
        "wanted.tiktoken.version"
    ]


def test_a_models_configs_begin_with_what_decides() -> None:
    folder = "26-model-configs-what-comes-first"
    found = paths(f"{folder}/old", f"{folder}/new")
    last = [path.rpartition(".")[2] for path in found]
    assert last[0] == "chat_template"
    assert last.index("rope_scaling") < last.index("eos_token_id") < last.index("temperature")
    assert set(last[-3:]) <= {"transformers_version", "_name_or_path"}


def test_pointers_are_three_errors_of_one_kind() -> None:
    result = api.check(load("25-model-folder-of-lfs-pointers/model"))
    assert [finding.path[-1] for finding in result.findings] == ["damage"] * 3
    assert all("git lfs pull" in finding.fix for finding in result.findings)
    assert (
        fact(
            load("25-model-folder-of-lfs-pointers/model"), ("weights", "tokenizer.model", "size")
        ).value
        == 499723
    )
