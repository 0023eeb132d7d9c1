"""Paths read as the manifest's documentation spells them."""

from __future__ import annotations

import pytest

from envsnap.model.paths import reason_for, text

SPELLED = {
    ("python", "version"): "python.version",
    ("packages", "numpy", "version"): "packages.numpy.version",
    ("packages", "nvidia-cublas-cu12", "version"): "packages.nvidia-cublas-cu12.version",
    ("packages", "ruamel.yaml", "version"): 'packages["ruamel.yaml"].version',
    ("gpus", "0", "name"): "gpus[0].name",
    ("env_vars", "OMP_NUM_THREADS"): "env_vars.OMP_NUM_THREADS",
    ("configs", "app", "logging", "level"): "configs.app.logging.level",
    ("weights", "model.safetensors", "sha256"): 'weights["model.safetensors"].sha256',
}


@pytest.mark.parametrize("path", SPELLED)
def test_paths_in_text(path: tuple[str, ...]) -> None:
    assert text(path) == SPELLED[path]


def test_a_gap_covers_what_is_below_it() -> None:
    gaps = {"torch": "not asked: --no-import", "[0].ecc": "denied: no"}
    assert reason_for(gaps, ("torch", "threads")) == "not asked: --no-import"
    assert reason_for(gaps, ("0", "ecc")) == "denied: no"
    assert reason_for(gaps, ("0", "name")) is None
    assert reason_for({"entries": "timeout: x"}, ("0", "name")) == "timeout: x"
