"""What is left out is never silent and never equal; a key compares it all the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Run

DEV = (
    "db: {password: hunter2, port: 5432}\nurl: https://me:pw1@h.example/x\nonly: {token: abcdefg}\n"
)
PROD = "db: {password: hunter3, port: 5432}\nurl: https://me:pw2@h.example/x\nonly: {}\n"


def captured(
    envsnap: Run,
    folder: Path,
    name: str,
    text: str,
    *options: str,
    env: dict[str, str] | None = None,
) -> None:
    (folder / f"{name}.yaml").write_text(text)
    done = envsnap(
        "capture", "--no-import", "--config", f"app={name}.yaml", "--env", "REDIS_AUTH", "-o", f"{name}.json",
        *options, env={"REDIS_AUTH": f"secret-of-{name}-1", **(env or {})},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "hunter" not in (folder / f"{name}.json").read_text()


def compared(envsnap: Run) -> tuple[str, dict[str, object]]:
    done = envsnap("diff", "dev.json", "prod.json")
    report = json.loads(envsnap("diff", "dev.json", "prod.json", "--format", "json").stdout)
    return done.stdout, report


def test_without_a_key_a_cut_is_counted_in_the_first_line(envsnap: Run, tmp_path: Path) -> None:
    captured(envsnap, tmp_path, "dev", DEV)
    captured(envsnap, tmp_path, "prod", PROD)
    text, _ = compared(envsnap)
    head = " ".join(text.split("\n\n")[0].split())
    assert "3 values were left out on both sides and may differ" in head
    assert "hunter" not in text
    assert (
        envsnap(
            "diff", "dev.json", "prod.json", "--fail-on", "error", "--fail-on-unknown"
        ).returncode
        == 6
    )


def test_with_one_key_equal_and_different_are_told_apart(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("capture", "--new-redaction-key", "key").returncode == 0
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    captured(envsnap, tmp_path, "dev", DEV, "--redaction-key", "key")
    captured(
        envsnap,
        tmp_path,
        "prod",
        PROD,
        env={"ENVSNAP_REDACTION_KEY": (tmp_path / "key").read_text()},
    )
    text, report = compared(envsnap)
    assert "may differ" not in text
    changed = {
        tuple(path) for finding in report["results"][0]["findings"] for path in [finding["path"]]
    }
    spelled = json.dumps(report)
    for path in ("configs.app.db.password", "configs.app.url", "env_vars.REDIS_AUTH"):
        assert path in spelled, (path, changed)
    key = (tmp_path / "key").read_text().strip().rpartition(":")[2]
    assert key not in (tmp_path / "dev.json").read_text()


def test_with_one_key_and_equal_secrets_nothing_is_unknown(envsnap: Run, tmp_path: Path) -> None:
    envsnap("capture", "--new-redaction-key", "key")
    captured(
        envsnap, tmp_path, "dev", DEV, "--redaction-key", "key", env={"REDIS_AUTH": "same-thing-1"}
    )
    captured(
        envsnap, tmp_path, "prod", DEV, "--redaction-key", "key", env={"REDIS_AUTH": "same-thing-1"}
    )
    text, _ = compared(envsnap)
    assert "left out" not in text
    assert "password" not in text


def test_two_keys_are_unknown(envsnap: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        envsnap("capture", "--new-redaction-key", name)
    captured(envsnap, tmp_path, "dev", DEV, "--redaction-key", "one")
    captured(envsnap, tmp_path, "prod", DEV, "--redaction-key", "two")
    assert "4 values were left out on both sides and may differ" in " ".join(
        compared(envsnap)[0].split()
    )


def test_what_one_side_alone_left_out_is_told(envsnap: Run, tmp_path: Path) -> None:
    captured(envsnap, tmp_path, "dev", DEV)
    captured(envsnap, tmp_path, "prod", "db: {port: 5432}\nurl: https://h.example/x\n")
    _, report = compared(envsnap)
    unknown = json.dumps(report["results"][0]["unknown"])
    assert "configs.app.db.password" in unknown
    assert "configs.app.url" in unknown


@pytest.mark.parametrize("text", ["", "nothing\n", "envsnap-redaction-key-1:abc\n"])
def test_no_key_is_refused_without_its_text(text: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    done = envsnap("capture", "--no-import", "--redaction-key", "key")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not text or text.strip() not in done.stderr
    os.mkfifo(tmp_path / "pipe")
    assert envsnap("capture", "--redaction-key", "pipe").returncode == 2


def test_a_key_is_never_overwritten(envsnap: Run, tmp_path: Path) -> None:
    envsnap("capture", "--new-redaction-key", "key")
    before = (tmp_path / "key").read_text()
    assert envsnap("capture", "--new-redaction-key", "key").returncode == 2
    assert (tmp_path / "key").read_text() == before


def test_labels_are_short_and_hold_no_secret(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("capture", "--no-import", "--label", "x" * 1001).returncode == 2
    done = envsnap(
        "capture", "--no-import", "--label", "by ghp_" + "a1B2" * 9, "--seed", "a=hf_" + "a1B2" * 9
    )
    assert done.returncode == 0
    assert "a1B2a1B2" not in done.stdout
    assert "the label is kept as by <redacted by envsnap>" in done.stderr
