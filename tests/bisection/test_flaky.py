"""Faults that show in 30 % and in 5 % of runs, on real packages; needs a package index."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bisect import __main__ as benchmark
from benchmarks.bisect import cases


@pytest.mark.full
@pytest.mark.parametrize("name", ["flaky30", "flaky5"])
def test_a_rare_fault_of_real_packages_is_proven(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_OFFLINE")
    (case,) = (case for case in cases.CASES if case.name == name)
    if not case.program.exists():
        pytest.skip("the shared collection of faults does not lie beside the repository")
    benchmark.prepare(case, 20, tmp_path, 0)
    row = benchmark.run(case, 20, tmp_path)
    assert row.right, row.told
    assert row.trials <= row.allowed
