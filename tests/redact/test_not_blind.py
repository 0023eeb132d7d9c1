"""What looks like a secret and is none is compared: a changed setting is a change, and ends with 1."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.conftest import Run

SETTINGS = {
    "weights": ("https://models.example/m.pt?versionId=aa1", "https://models.example/m.pt?versionId=bb2"),
    "checkpoint": ("s3://bucket/m.pt#step-1000", "s3://bucket/m.pt#step-9000"),
    "resize": ("1920:1080@30", "640:480@30"),
    "max_tokens": (256, 16),
    "args": (["--max-num-batched-tokens=8192"], ["--max-num-batched-tokens=2048"]),
    "command": ("serve m --max-num-batched-tokens 8192", "serve m --max-num-batched-tokens 2048"),
    "low_pass": (8000, 300),
    "token_pooling": ("mean", "cls"),
    "tokenizer_revision": ("1" * 40, "2" * 40),
    "country_code": ("DE", "FR"),
    "login": ("sso", "ldap"),
    "private": (True, False),
    "routing_key": ("train.#", "eval.#"),
}  # fmt: skip


def test_every_changed_setting_is_a_change(envsnap: Run, tmp_path: Path) -> None:
    for side, name in enumerate(("dev", "prod")):
        held = {key: pair[side] for key, pair in SETTINGS.items()}
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
        done = envsnap(
            "capture", "--no-import", "--python", sys.executable,
            "--config", f"app={name}.json", "-o", f"{name}.manifest",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    done = envsnap("diff", "dev.manifest", "prod.manifest", "--format", "json")
    assert done.returncode == 1
    told = done.stdout
    for key in SETTINGS:
        assert f"configs.app.{key}" in told, key
