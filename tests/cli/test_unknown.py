"""Unknown is not equal: what was not compared is said first, and can fail a gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap.model import codec
from tests import examples
from tests.conftest import Run

FULL = {
    "python": {"version": "3.11.4"},
    "packages": examples.packages(torch="2.5.1", numpy="1.26.4"),
    "driver": {"version": "550.54.15"},
}


def write(folder: Path, name: str, sections: dict, **more: object) -> str:
    (folder / name).write_bytes(codec.encode(examples.manifest(sections, **more)))  # type: ignore[arg-type]
    return name


@pytest.fixture
def golden(tmp_path: Path) -> str:
    return write(tmp_path, "golden.json", FULL)


def test_what_states_nothing_is_not_equal(envsnap: Run, tmp_path: Path, golden: str) -> None:
    empty = write(tmp_path, "empty.json", {})
    done = envsnap("diff", golden, empty, "--fail-on", "info")
    assert done.returncode == 6
    assert "no facts compared" in done.stdout
    assert "says nothing of python, packages, driver" in done.stdout
    assert "this is no result" in done.stdout


def test_a_section_that_the_other_side_lacks_is_named_first(
    envsnap: Run, tmp_path: Path, golden: str
) -> None:
    part = write(tmp_path, "part.json", {name: FULL[name] for name in ("python", "packages")})
    done = envsnap("diff", golden, part)
    assert done.returncode == 0
    head = " ".join(done.stdout.split("\n\n")[0].split())
    assert (
        "3 facts compared (packages 2, python 1), 1 unknown on one side; the other side says nothing of driver"
        in head
    )
    assert envsnap("diff", golden, part, "--fail-on-unknown").returncode == 6
    told = json.loads(envsnap("diff", golden, part, "--format", "json").stdout)["results"][0]
    assert told["lacking"] == ["driver"]


def test_what_is_certain_goes_before_what_is_unknown(
    envsnap: Run, tmp_path: Path, golden: str
) -> None:
    other = {"packages": examples.packages(torch="2.1.0", numpy="1.26.4")}
    part = write(tmp_path, "part.json", other)
    assert envsnap("diff", golden, part, "--fail-on-unknown").returncode == 1
    assert envsnap("diff", golden, part, "--fail-on", "never").returncode == 0
    both = ("--fail-on", "never", "--fail-on-unknown")
    assert envsnap("diff", golden, part, *both).returncode == 6


def test_a_timeout_on_one_side_is_unknown(envsnap: Run, tmp_path: Path, golden: str) -> None:
    sections = {**FULL, "driver": {}}
    late = write(tmp_path, "late.json", sections, gaps={"driver": {"version": "timeout"}})
    done = envsnap("diff", golden, late)
    assert "1 unknown on one side" in " ".join(done.stdout.split())
    assert envsnap("diff", golden, late, "--fail-on-unknown").returncode == 6


def test_equal_manifests_pass_the_strictest_gate(envsnap: Run, golden: str) -> None:
    strict = ("--fail-on", "info", "--fail-on-unknown")
    assert envsnap("diff", golden, golden, *strict).returncode == 0


def test_a_policy_may_ask_for_it_and_accept_what_is_unknown(
    envsnap: Run, tmp_path: Path, golden: str
) -> None:
    part = write(tmp_path, "part.json", {name: FULL[name] for name in ("python", "packages")})
    policy = tmp_path / "gate.toml"
    policy.write_text("fail_on_unknown = true\n")
    assert envsnap("diff", golden, part, "--policy", "gate.toml").returncode == 6
    policy.write_text(
        'fail_on_unknown = true\n[[ignore]]\npath = "driver"\nreason = "CPU hosts have none"\n'
    )
    done = envsnap("diff", golden, part, "--policy", "gate.toml")
    assert done.returncode == 0
    policy.write_text('fail_on_unknown = "yes"\n')
    done = envsnap("diff", golden, part, "--policy", "gate.toml")
    assert done.returncode == 2
    assert "fail_on_unknown must be true or false" in done.stderr


WITHOUT = "FROM python:3.11\nRUN pip install numpy==2.1.0\n"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("", 0),
        ("RUN pip install torch==$TORCH\n", 6),
        ("COPY other.txt .\nRUN pip install -r other.txt\n", 6),
        ("COPY . /app\nRUN pip install .\n", 0),  # the project is no fact of its environment
    ],
)
def test_what_was_not_read_is_unknown(envsnap: Run, tmp_path: Path, more: str, code: int) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.Dockerfile").write_text(WITHOUT + more)
    files = "one.Dockerfile", "two.Dockerfile"
    assert envsnap("diff", *files).returncode == 0
    done = envsnap("diff", *files, "--fail-on-unknown")
    assert done.returncode == code, done.stderr
    assert envsnap("check", files[0], "--fail-on-unknown").returncode == code


def test_nothing_that_could_be_compared_passes_no_gate(envsnap: Run, tmp_path: Path) -> None:
    one = write(tmp_path, "one.json", {"python": {"version": "3.11.9"}})
    two = write(tmp_path, "two.json", {"driver": {"version": "550.54.15"}})
    for level in ("warning", "never"):
        assert envsnap("diff", one, two, "--fail-on", level).returncode == 6
