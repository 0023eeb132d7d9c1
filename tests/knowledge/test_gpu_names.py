"""GPUs are known by the names that reports give them, variants included."""

from __future__ import annotations

import pytest

from envsnap.knowledge.gpus import compute_capability


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("Tesla V100S-PCIE-32GB", "7.0"),
        ("NVIDIA A10G", "8.6"),
        ("NVIDIA A100X", "8.0"),
        ("a100", "8.0"),
        ("NVIDIA GeForce RTX 4090D", "8.9"),
        ("RTX 3080Ti", "8.6"),
        ("NVIDIA L40S", "8.9"),
        ("NVIDIA GB10", "12.1"),
        ("DGX Spark", "12.1"),
        ("NVIDIA Thor", "11.0"),
        ("NVIDIA GeForce RTX 5070 Ti", "12.0"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"),
        ("NVIDIA A1000000", None),
        ("Radeon RX 7900 XTX", None),
        ("", None),
    ],
)
def test_a_name_tells_the_capability(name: str, capability: str | None) -> None:
    assert compute_capability(None, name) == capability
