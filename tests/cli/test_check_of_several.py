"""`check` of several files: one that cannot be read stops no other, and unrelated ones are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.model.test_scan import GOOD

UNRELATED = {
    "manifest.json": '{"name": "an add-on", "version": "1.0"}',
    "requirements.txt": "# nothing yet\n\n",
    "none.txt": "",
}


def test_one_that_cannot_be_read_stops_no_other(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(GOOD)
    (tmp_path / "cut.json").write_bytes(GOOD[:40])
    done = envsnap("check", "cut.json", "good.json", "away.json", "--format", "json")
    assert done.returncode == 2
    assert [item["manifest"]["name"] for item in json.loads(done.stdout)["results"]] == [
        "good.json"
    ]
    assert [line[:30] for line in done.stderr.splitlines()] == [
        "envsnap: error: cut.json: not ", "envsnap: error: away.json: no ",
    ]  # fmt: skip


def test_where_none_can_be_read_each_is_told(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes(GOOD[:40])
    done = envsnap("check", "cut.json", "away.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(": ")[2] for line in done.stderr.splitlines()] == ["cut.json", "away.json"]


@pytest.mark.parametrize("name", UNRELATED)
def test_what_describes_no_environment_is_left_out_where_asked(
    name: str, envsnap: Run, tmp_path: Path
) -> None:
    (tmp_path / "good.json").write_bytes(GOOD)
    (tmp_path / name).write_text(UNRELATED[name])
    assert envsnap("check", name).returncode == 2
    done = envsnap("check", "--skip-unrelated", "--fail-on", "error", name, "good.json")
    assert done.returncode == 0
    assert f"envsnap: left out: {name}: " in done.stderr
    alone = envsnap("check", "--skip-unrelated", name, "--format", "html", "-o", "page.html")
    assert alone.returncode == 0
    assert "nothing to check" in alone.stderr
    assert "</html>" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment.json", ""),
        ("environment.json", '{"schema_version": 1, "sections"'),
        ("uv.lock", 'version = 1\n[[package]]\nname = "x"\nver'),
        ("requirements.txt", "numpy==1.26.4\nnumpy==2.0.0\n"),
    ],
)
def test_what_is_damaged_is_not_left_out(
    name: str, text: str, envsnap: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert envsnap("check", "--skip-unrelated", name).returncode == 2
