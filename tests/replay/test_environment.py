"""`compare` and `diff` agree on what shapes numbers, whatever differs."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.model.manifest import Manifest
from envsnap.model.paths import text
from envsnap.replay.compare import environment
from envsnap.rules import engine
from envsnap.rules.finding import Effect
from tests import examples
from tests.rules.test_engine import SIDES, manifest_of

HOST: dict[str, Any] = {
    "python": {"version": "3.11.4"},
    "packages": examples.packages(torch="2.5.1", numpy="1.26.4", mkl="2024.0.0"),
    "frameworks": {"entries": {"torch": {"version": "2.5.1", "cuda": "12.4", "mkl": "2024.0"}}},
    "system": {"cpu": "Xeon 8380", "cpu_flags": ["avx2", "avx512f"], "cpus": 32},
    "determinism": {"torch_threads": 16},
    "env_vars": {"entries": {"OMP_NUM_THREADS": "16", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}},
}
DIFFERENT = {
    "another CPU": {"system": {**HOST["system"], "cpu_flags": ["avx2"]}},
    "another CUDA build": {
        "frameworks": {"entries": {"torch": {"version": "2.5.1", "cuda": "11.8", "mkl": "2024.0"}}}
    },
    "another thread count": {
        "env_vars": {"entries": {"OMP_NUM_THREADS": "4", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}}
    },
    "another workspace of cuBLAS": {"env_vars": {"entries": {"OMP_NUM_THREADS": "16"}}},
    "another MKL": {
        "packages": examples.packages(torch="2.5.1", numpy="1.26.4", mkl="2023.1.0"),
    },
}


def agreed(reference: Manifest, other: Manifest) -> environment.Environment:
    found = environment.between(reference, other)
    numeric = [
        finding
        for finding in engine.compare(reference, other).findings
        if finding.effect is Effect.NUMERICS
    ]
    assert (found.rung.state == "differs") is bool(numeric)
    for finding in numeric:
        assert text(finding.path) in found.changes
    return found


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_diff_reports_compare_reports(what: str) -> None:
    found = agreed(examples.manifest(HOST), examples.manifest({**HOST, **DIFFERENT[what]}))
    assert found.rung.state == "differs", what


def test_equal_environments_are_the_same() -> None:
    assert agreed(examples.manifest(HOST), examples.manifest(HOST)).rung.state == "same"


@pytest.mark.parametrize("seed", range(20))
def test_on_any_pair_of_environments_both_agree(seed: int) -> None:
    one, two = SIDES[(seed * 37) % len(SIDES)], SIDES[(seed * 53 + 11) % len(SIDES)]
    agreed(manifest_of(one), manifest_of(two))
