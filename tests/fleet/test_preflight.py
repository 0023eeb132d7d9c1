"""Before a job: `verify FILE` in a prolog, with a policy that says what a rollout allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap.model import codec
from tests import examples
from tests.conftest import Run

ROLLOUT = """
[[rollout]]
path = "packages.torch"
from = "2.6.0"
to = "2.7.1"
until = {until}
reason = "ticket 7"
"""
DRIVER = """
[[rollout]]
path = "driver"
from = "550.54.15"
to = "570.86.10"
until = {until}
reason = "ticket 8"
"""
OPEN, OVER = "2999-01-01", "2020-01-01"


def written(name: str, torch: str, driver: str = "550.54.15", **more: str) -> str:
    """A manifest's file: versions of some packages, and the driver."""
    packages = examples.packages(**{"torch": torch, "numpy": "1.26.4", **more})
    python = {"version": "3.11.7", "implementation": "cpython"}
    facts = {"python": python, "packages": packages, "driver": {"version": driver}}
    found = examples.manifest(facts)
    Path(name).write_bytes(codec.encode(found))
    return name


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def verified(envsnap: Run, policy: str | None, *more: str) -> tuple[int, dict[str, object], str]:
    """Exit code, proof and messages of a preflight on a node."""
    words = ["verify", "golden.json", "--facts", "node.json", "-o", "proof.json", *more]
    if policy is not None:
        Path("policy.toml").write_text(policy)
        words += ["--policy", "policy.toml"]
    done = envsnap(*words)
    return done.returncode, json.loads(Path("proof.json").read_text()), done.stderr


@pytest.mark.parametrize("node", ["2.6.0", "2.7.1"])
@pytest.mark.parametrize("golden", ["2.6.0", "2.7.1"])
def test_both_versions_pass_while_a_rollout_is_open(golden: str, node: str, envsnap: Run) -> None:
    written("golden.json", golden)
    written("node.json", node)
    code, proof, told = verified(envsnap, ROLLOUT.format(until=OPEN))
    assert (code, proof["proven"]) == (0, True), told
    reasons = [item["reason"] for item in proof["announced"]]  # type: ignore[attr-defined]
    assert ("policy.toml: ticket 7" in reasons) is (golden != node)


def test_without_the_policy_the_other_version_fails(envsnap: Run) -> None:
    written("golden.json", "2.6.0")
    written("node.json", "2.7.1")
    assert verified(envsnap, None)[0] == 5
    Path("envsnap.toml").write_text(ROLLOUT.format(until=OPEN))  # a proof reads only what is named
    assert verified(envsnap, None)[0] == 5


def test_a_third_version_and_another_package_fail_in_an_open_rollout(envsnap: Run) -> None:
    written("golden.json", "2.6.0")
    written("node.json", "2.5.0")
    code, proof, told = verified(envsnap, ROLLOUT.format(until=OPEN))
    assert code == 5
    assert "2.6.0 or 2.7.1 until 2999-01-01" in told
    assert len(proof["differs"]) == 1  # type: ignore[arg-type]
    written("node.json", "2.7.1", numpy="2.0.0")
    code, proof, _ = verified(envsnap, ROLLOUT.format(until=OPEN))
    assert code == 5
    assert [item["path"] for item in proof["differs"]] == ["packages.numpy.version"]  # type: ignore[attr-defined]


def test_after_its_day_who_was_left_behind_fails_though_like_the_manifest(envsnap: Run) -> None:
    written("golden.json", "2.6.0")
    written("node.json", "2.6.0")
    code, _, told = verified(envsnap, ROLLOUT.format(until=OVER))
    assert code == 5
    assert "2.7.1 since the rollout ended on 2020-01-01" in told
    written("node.json", "2.7.1")
    assert verified(envsnap, ROLLOUT.format(until=OVER))[0] == 0


def test_a_driver_s_rollout_counts_though_no_image_carries_one(envsnap: Run) -> None:
    written("golden.json", "2.6.0")
    for driver, code in (("550.54.15", 0), ("570.86.10", 0), ("535.54.03", 5)):
        written("node.json", "2.6.0", driver)
        assert verified(envsnap, DRIVER.format(until=OPEN))[0] == code, driver
    assert verified(envsnap, DRIVER.format(until=OPEN), "--fail-on", "error")[0] == 0
    strict = DRIVER.format(until=OPEN) + 'outside = "error"\n'
    assert verified(envsnap, strict, "--fail-on", "error")[0] == 5


@pytest.mark.parametrize(("until", "code", "drifted"), [(OPEN, 0, 0), (OVER, 1, 1)])
def test_a_fleet_in_a_rollout(until: str, code: int, drifted: int, envsnap: Run) -> None:
    Path("hosts").mkdir()
    for number in range(5):
        written(f"hosts/n{number}.json", "2.6.0", "550.54.15" if number == 4 else "570.86.10")
    assert envsnap("fleet", "diff", "hosts").returncode == 1
    Path("policy.toml").write_text(DRIVER.format(until=until))
    done = envsnap("fleet", "diff", "hosts", "--policy", "policy.toml", "--format", "json")
    assert done.returncode == code
    assert json.loads(done.stdout)["states"]["drifted"] == drifted
