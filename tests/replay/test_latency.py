"""Latency: slower is said only where the interval says it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from envsnap.replay.compare import latency
from envsnap.replay.esr.recording import Repeats
from tests.conftest import Run


def sample(count: int, scale: float, seed: int, errors: int = 0) -> Repeats:
    generator = random.Random(seed)
    seconds = tuple(scale * generator.lognormvariate(-5, 0.3) for _ in range(count))
    return Repeats(seconds=seconds, errors=errors)


@pytest.mark.parametrize("count", [20, 50, 200, 1000])
def test_the_same_system_is_never_slower(count: int) -> None:
    told = [
        latency.compare(sample(count, 1, seed), sample(count, 1, seed + 100)).verdict
        for seed in range(10)
    ]
    assert "slower" not in told


def test_few_requests_are_not_enough() -> None:
    found = latency.compare(sample(50, 1, 1), sample(50, 1, 2))
    assert found.verdict == "not enough requests"
    assert found.quantiles[2].verdict == "not enough requests"
    assert latency.compare(sample(0, 1, 1), sample(0, 1, 2)).verdict == "not enough requests"


def test_a_slower_system_is_found() -> None:
    found = latency.compare(sample(1000, 1, 1), sample(1000, 1.4, 2))
    assert found.verdict == "slower"
    first = found.quantiles[0]
    assert 1.3 < first.low < 1.4 < first.high < 1.5
    assert latency.compare(sample(5000, 1, 1), sample(5000, 1, 2)).verdict == "not slower"


def test_the_rule_of_three() -> None:
    found = latency.compare(sample(600, 1, 1), sample(100, 1, 2, errors=2))
    assert found.error_bounds[0] == 3 / 600
    assert 0.02 < found.error_bounds[1] < 0.08
    assert found.requests == (600, 102)


def test_in_the_command(envsnap: Run, torch_python: str, script, tmp_path: Path) -> None:
    python, path = torch_python, script()
    done = envsnap("record", "--repeat", "30", "-o", "it.esr", "--", python, path)
    assert done.returncode == 0, done.stderr
    slow = script(
        "import time\nold = Net.forward\ncount = [0]\n"
        "def forward(self, x):\n    count[0] += 1\n    time.sleep(0.05 if count[0] > 1 else 0)\n"
        "    return old(self, x)\nNet.forward = forward",
        name="slow.py",
    )
    done = envsnap("compare", "--repeat", "30", "--format", "json", "it.esr", "--", python, slow)
    verdict = json.loads(done.stdout)
    assert done.returncode == 1, verdict
    assert verdict["cause"].startswith("the results are the same, the speed is not: p50")
    assert verdict["latency"]["requests"] == [30, 30]
    assert verdict["rungs"][-1]["name"] == "latency"
