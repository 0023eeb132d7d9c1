"""`envsnap check --error-text`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run
from tests.golden import hosts

PROD = Path(hosts.__file__).parent / "dev-prod" / "prod.json"
TEXT = (
    "Traceback (most recent call last):\nRuntimeError: operator torchvision::nms does not exist\n"
)


def test_what_explains_the_text_is_first(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(TEXT)
    done = envsnap("check", PROD, "--error-text", "log.txt", "--format", "json")
    assert done.returncode == 1
    first = json.loads(done.stdout)["results"][0]["findings"][0]
    assert first["rule"] in ("error-text", "torch-family")
    assert "torchvision::nms" in first["why"]


def test_a_text_on_standard_input(envsnap: Run) -> None:
    done = envsnap("check", PROD, "--error-text", "-", stdin=TEXT.encode())
    assert "torchvision was built for another torch" in done.stdout
    assert "torchvision::nms does not exist" in " ".join(done.stdout.split())


def test_one_of_both_on_standard_input(envsnap: Run) -> None:
    done = envsnap("check", "-", "--error-text", "-", stdin=b"x")
    assert done.returncode == 2
    assert "one file only" in done.stderr


def test_a_text_that_is_not_there(envsnap: Run, tmp_path: Path) -> None:
    for name in ("nothing.txt", str(tmp_path)):
        done = envsnap("check", PROD, "--error-text", name)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert not done.stdout


def test_bytes_and_escapes_in_a_text(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(
        b"\xff\x00\x1b]8;;http://x\x07libGL.so.1: cannot open shared object file\x1b[2J"
    )
    done = envsnap("check", PROD, "--error-text", "log")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "libGL.so.1" in done.stdout


def test_a_text_beside_two_manifests(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(TEXT)
    dev = PROD.with_name("dev.json")
    done = envsnap("diff", dev, PROD, "--error-text", "log", "--format", "json")
    findings = json.loads(done.stdout)["results"][0]["findings"]
    assert "torchvision::nms" in findings[0]["why"]
    without = json.loads(envsnap("diff", dev, PROD, "--format", "json").stdout)["results"][0]
    told = {(item["rule"], item["path"]) for item in findings}
    assert {(item["rule"], item["path"]) for item in without["findings"]} <= told


def test_what_the_text_tells_is_said_where_no_fact_is_known_to_cause_it(
    envsnap: Run, tmp_path: Path
) -> None:
    (tmp_path / "freeze.txt").write_text("torch==2.5.1\ntransformers==4.46.3\n")
    (tmp_path / "log.txt").write_text(
        "torch.OutOfMemoryError: CUDA out of memory. Tried 2.00 GiB\n"
    )
    told = envsnap("check", "freeze.txt", "--error-text", "log.txt").stdout
    assert "The text tells what failed: the GPU's memory is full" in told
    assert "Fix: Make batches and caches smaller" in told
    assert "No fact here is known to cause it." in told
    assert "Nothing here is known to cause trouble." not in told
