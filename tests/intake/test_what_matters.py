"""Pairs in the form of real ones: the first difference is the one that matters, and noise is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envsnap import api
from envsnap.intake import foreign
from tests.intake.test_format_cases import source
from tests.intake.test_one_environment import PINS, pip_freeze

INFO = "info"


def changed(name: str, *pairs: tuple[str, str]) -> tuple[str, str]:
    """The input of a case, and a later one of its kind."""
    first = other = source(name).read_text()
    for before, after in pairs:
        assert before in other
        other = other.replace(before, after)
    return first, other


# What is told first, how many lines are told in all, and how many of these are noise (info).
CASES: dict[str, tuple[tuple[str, str], str, int, int]] = {
    "two revisions of a uv.lock": (
        changed(
            "uv-lock",
            ("revision = 2", "revision = 3"),
            ('version = "2.5.1"', 'version = "2.6.0"'),
            ('version = "0.4.6"', 'version = "0.4.7"'),
            ('version = "8.3.3"', 'version = "8.4.0"'),
            ("index.example.org", "mirror.example.org"),
        ),
        "wanted.torch.version", 3, 2,
    ),
    "two reports of one thread": (
        changed(
            "collect-env-vllm",
            ("INFO 07-08 10:11:12", "INFO 07-09 08:00:01"),
            ("2.7.0+cu128", "2.7.0+cu126"),
            ("CUDA used to build PyTorch   : 12.8", "CUDA used to build PyTorch   : 12.6"),
            ("CMake version                : version 3.31.6", "CMake version                : version 3.22.1"),
            ("6.1.0-32-cloud-amd64", "6.1.0-35-cloud-amd64"),
            ("Stepping:                             7", "Stepping:                             5"),
        ),
        "frameworks.torch", 3, 2,
    ),
    "a requirements file and a freeze": (
        (
            "torch>=2.4\nnumpy<2\nruamel.yaml\neinops>=0.8\n",
            pip_freeze({**PINS, "numpy": "2.1.0", "einops": "0.8.0", "tabulate": "0.9.0"}),
        ),
        "wanted.numpy", 1, 0,
    ),
    "two pod specifications": (
        changed(
            "kubernetes-deployment",
            ("rank:2.0.1", "rank:2.1.0"),
            ("{team: search}", "{team: ranking}"),
            ("replicas: 3", "replicas: 5"),
        ),
        "configs.kubernetes.spec.containers.server.image", 3, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_first_difference_is_the_one_that_matters(name: str) -> None:
    texts, first, lines, noise = CASES[name]
    sides = (foreign.load(text.encode(), "input", "input").manifest for text in texts)
    found = api.diff(*sides).findings
    told = [(".".join(item.path), item.severity.value) for item in found]
    assert told[0][0].startswith(first), told
    assert (len(told), sum(severity == INFO for _, severity in told)) == (lines, noise), told


def model(folder: Path, configs: dict[str, dict[str, Any]], digest: str) -> Path:
    """A model's folder with a pointer to its weights."""
    folder.mkdir()
    for name, tree in configs.items():
        (folder / name).write_text(json.dumps(tree, indent=2))
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 9976578928\n"
    (folder / "model.safetensors").write_text(pointer)
    return folder


def added(count: int, moved: int) -> dict[str, Any]:
    """Special tokens as a tokenizer's config has them, each moved by some places."""
    return {
        str(128_000 + number): {"content": f"<|reserved_{number + moved}|>", "special": True}
        for number in range(count)
    }


def test_two_revisions_of_a_model_folder(tmp_path: Path) -> None:
    shape = {"model_type": "llama", "vocab_size": 128256, "torch_dtype": "bfloat16"}
    old = model(
        tmp_path / "old",
        {
            "config.json": {
                **shape,
                "rope_scaling": {"factor": 8.0},
                "transformers_version": "4.42.3",
            },
            "generation_config.json": {"temperature": 0.6, "transformers_version": "4.42.3"},
            "tokenizer_config.json": {
                "chat_template": "{{ a }}",
                "added_tokens_decoder": added(249, 0),
            },
        },
        "4" * 64,
    )
    new = model(
        tmp_path / "new",
        {
            "config.json": {**shape, "rope_scaling": {"factor": 32.0}, "transformers_version": "4.45.0"},
            "generation_config.json": {"temperature": 0.7, "transformers_version": "4.45.0"},
            "tokenizer_config.json": {"chat_template": "{{ b }}", "added_tokens_decoder": added(249, 8)},
        },
        "5" * 64,
    )  # fmt: skip
    found = [
        ".".join(item.path) for item in api.diff(api.load(str(old)), api.load(str(new))).findings
    ]
    ranks = {
        key: next(place for place, path in enumerate(found) if key in path)
        for key in ("chat_template", "rope_scaling", "added_tokens_decoder", "temperature")
    }
    assert list(ranks) == sorted(ranks, key=ranks.__getitem__), found
    assert sum("added_tokens_decoder" in path for path in found) == 1, found
    assert len(found) <= 8, found
    assert all("transformers_version" not in path for path in found[: ranks["temperature"]])
