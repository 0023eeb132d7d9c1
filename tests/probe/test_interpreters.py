"""The probe on real interpreters, old and new."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.manifest import present
from tests.conftest import VERSIONS, Run, interpreter

pytestmark = pytest.mark.interpreters


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != "2.7"])
def test_capture_of_another_interpreter(version: str, envsnap: Run, tmp_path: Path) -> None:
    python = interpreter(version)
    done = envsnap("capture", "--python", python, "--no-import", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    manifest = reader.load(str(tmp_path / "it.json")).manifest
    stated = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    section = manifest.sections.python
    assert section.version == stated
    assert section.soabi
    assert section.soabi.startswith("cpython-" + version.replace(".", ""))
    failed = {
        name: section.gaps
        for name, section in present(manifest.sections).items()
        if "collector" in section.gaps
    }
    assert failed == {}
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        names = {
            item["name"].lower().replace("_", "-").replace(".", "-"): item["version"]
            for item in json.loads(listed.stdout)
        }
        assert {
            name: entry.version for name, entry in manifest.sections.packages.entries.items()
        } == names


def test_two_interpreters_differ_in_what_they_are(envsnap: Run) -> None:
    for version in ("3.8", "3.13"):
        done = envsnap(
            "capture", "--python", interpreter(version), "--no-import", "-o", f"{version}.json"
        )
        assert done.returncode == 0, done.stderr
    done = envsnap("diff", "3.8.json", "3.13.json", "--format", "json")
    findings = json.loads(done.stdout)["results"][0]["findings"]
    assert done.returncode == 1
    assert findings[0]["rule"] == "python-version"
    assert findings[0]["severity"] == "warning"


def test_python_2_is_refused_in_one_sentence(envsnap: Run) -> None:
    done = envsnap("capture", "--python", interpreter("2.7"), "-o", "it.json")
    assert done.returncode == 3
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1
    assert "Python 2.7" in lines[0]
    assert "too old" in lines[0]


def test_the_script_is_refused_by_python_2_in_one_sentence(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "-o", "probe.py").returncode == 0
    old = interpreter("2.7")
    done = subprocess.run(
        [old, "probe.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 86
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    imported = subprocess.run(
        [old, "-c", "import probe"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "ImportError: envsnap probe: Python 2.7" in imported.stderr


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.11", "3.13"])
def test_the_script_alone_describes_a_host(version: str, envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "--no-import", "-o", "probe.py").returncode == 0
    with (tmp_path / "prod.facts").open("wb") as stream:
        subprocess.run([interpreter(version), "probe.py"], cwd=tmp_path, stdout=stream, check=True)
    assert envsnap("diff", "prod.facts", "prod.facts").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["probe.py", "prod.facts"]


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.13"])
def test_the_script_inside_a_program(version: str, envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "-o", "probe.py").returncode == 0
    program = (
        "import random, sys\nrandom.seed(7)\nbefore = random.getstate()\nimport probe\n"
        "loaded = set(sys.modules)\npath = list(sys.path)\nprobe.capture('prod.facts')\n"
        "assert random.getstate() == before\nassert sys.path == path\n"
        "assert not {'numpy', 'torch'} & set(sys.modules)\nprint(random.random())\n"
    )
    done = subprocess.run(
        [interpreter(version), "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "0.32383276483316237"
    manifest = reader.load(str(tmp_path / "prod.facts")).manifest
    assert set(manifest.sections.identity.rng) == {"random"}
    assert (tmp_path / "prod.facts").stat().st_mode & 0o077 == 0


def test_in_process_and_out_of_process_answers_are_equal(envsnap: Run, tmp_path: Path) -> None:
    import sys

    program = "import envsnap; envsnap.save(envsnap.capture(), 'in.json')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert (
        envsnap("capture", "--python", sys.executable, "--no-import", "-o", "out.json").returncode
        == 0
    )
    inside = reader.load(str(tmp_path / "in.json")).manifest.sections
    outside = reader.load(str(tmp_path / "out.json")).manifest.sections
    assert inside.python.digest == outside.python.digest
    assert inside.packages.digest == outside.packages.digest
    assert inside.system.digest == outside.system.digest
