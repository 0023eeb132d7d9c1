"""The golden pair of hosts: what a person sees, in every format, byte by byte.

ENVSNAP_UPDATE_GOLDEN=1 writes the files anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from envsnap.model import codec
from envsnap.report import formats
from tests.conftest import Run
from tests.golden import hosts

FOLDER = Path(__file__).parent / "dev-prod"
FORMATS = {
    "terminal": "terminal.txt",
    "markdown": "markdown.md",
    "html": "report.html",
    "json": "report.json",
    "sarif": "report.sarif",
    "github": "github.txt",
    "junit": "junit.xml",
    "fix": "fix.sh",
}
NO_JOB = {"GITHUB_STEP_SUMMARY": "", "GITHUB_WORKSPACE": ""}


def same_as_golden(name: str, text: str) -> None:
    """Compare with a golden file, or write it."""
    path = FOLDER / name
    if os.environ.get("ENVSNAP_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_manifests_are_in_step(name: str) -> None:
    same_as_golden(f"{name}.json", codec.encode(getattr(hosts, name)()).decode())


def test_every_format_has_a_golden_file() -> None:
    assert set(FORMATS) == set(formats.NAMES)


@pytest.mark.parametrize("style", FORMATS)
def test_the_report(style: str, envsnap: Run) -> None:
    done = envsnap("diff", "dev.json", "prod.json", "--format", style, cwd=FOLDER, env=NO_JOB)
    assert done.returncode == 1, done.stderr
    same_as_golden(FORMATS[style], done.stdout)


def test_the_terminal_report_fits_80_columns_and_is_plain(envsnap: Run) -> None:
    text = envsnap("diff", "dev.json", "prod.json", cwd=FOLDER).stdout
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text


def test_every_dimension_of_the_article_is_found(envsnap: Run) -> None:
    done = envsnap("diff", "dev.json", "prod.json", "--format", "json", cwd=FOLDER)
    findings = {item["path"]: item for item in json.loads(done.stdout)["results"][0]["findings"]}
    pairs = {path: (item["reference"], item["other"]) for path, item in findings.items()}
    assert pairs["python.version"] == ("3.9.16", "3.8.10")
    assert pairs["frameworks.torch.version"] == ("1.13.1", "1.12.0+cu113")
    assert pairs["driver.version"] == ("525.60.13", "470.182.03")
    assert pairs["configs.app.logging.level"] == ("DEBUG", "WARN")
    assert pairs["configs.app.logging.path"] == ("/tmp/logs", "/var/log/app")
    assert pairs["tools.tritonserver.version"] == ("2.29.0", "2.24.0")
    assert pairs["seeds.torch"] == ("42", "7")
    assert findings['weights["model.pt"].sha256']["severity"] == "error"
    assert findings["configs.app.logging.level"]["severity"] == "info"
