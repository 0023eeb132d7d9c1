"""The remedy as a script: run in a real environment, and the difference is gone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from envsnap import api
from envsnap.report import document, formats
from tests import examples
from tests.conftest import Run, lacking

TRUE = {**os.environ, "PYTHON": "true"}  # whatever is installed, nothing is


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """A wheel of one module."""
    asked = f"Requires-Dist: {requires}\n" if requires else ""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    files = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{info}/RECORD,,"]
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            lines.append(f"{member},sha256={digest.rstrip('=')},{len(text)}")
        archive.writestr(f"{info}/RECORD", "\n".join(lines) + "\n")


def script(reference: dict[str, object], other: dict[str, object]) -> str:
    """The script for two manifests."""
    sides = examples.manifest(reference), examples.manifest(other)
    judged = document.Judged(side=document.side("prod", sides[1]), result=api.diff(*sides))
    report = document.Report(reference=document.side("dev", sides[0]), judged=(judged,))
    return formats.render(report, "fix", color=False, width=None, ascii_only=False)


def test_the_script_makes_a_real_environment_like_the_reference(
    envsnap: Run, tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version in (("einops", "0.6.0"), ("einops", "0.8.0"), ("timm", "1.0.0")):
        wheel(wheels, name, version)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1",
               "UV_FIND_LINKS": str(wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # fmt: skip
    pythons = {}
    for side, wanted in (("dev", "einops==0.6.0"), ("prod", "einops==0.8.0 timm==1.0.0")):
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(tmp_path / side)], capture_output=True, check=False
        )
        if made.returncode:
            lacking("this Python makes no venv with pip")
        pythons[side] = str(tmp_path / side / "bin" / "python")
        pip = [pythons[side], "-m", "pip", "install", "-q", *wanted.split()]
        subprocess.run(pip, check=True, env={**os.environ, **offline})
        done = envsnap("capture", "--python", pythons[side], "--no-import", "-o", f"{side}.json")
        assert done.returncode == 0, done.stderr
    fix = envsnap("diff", "dev.json", "prod.json", "--format", "fix", "-o", "fix.sh")
    assert fix.returncode == 1
    subprocess.run(
        ["sh", str(tmp_path / "fix.sh")],
        check=True,
        env={**os.environ, **offline, "PYTHON": pythons["prod"]},
    )
    envsnap("capture", "--python", pythons["prod"], "--no-import", "-o", "after.json")
    after = json.loads(envsnap("diff", "dev.json", "after.json", "--format", "json").stdout)
    assert after["results"][0]["worst"] in (None, "info"), json.dumps(
        after["results"][0]["findings"]
    )
    told = {item["path"] for item in after["results"][0]["findings"]}
    assert "packages.einops.version" not in told


def test_the_script_of_a_check_mends_a_real_environment(envsnap: Run, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "base_of_ours", "1.5")
    wheel(wheels, "base_of_ours", "3.0")
    wheel(wheels, "user_of_ours", "1.0", "base-of-ours<2")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1",
               "UV_FIND_LINKS": str(wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # fmt: skip
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(tmp_path / "env")], capture_output=True, check=False
    )
    if made.returncode:
        lacking("this Python makes no venv with pip")
    python = str(tmp_path / "env" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--no-deps", "user-of-ours", "base-of-ours==3.0"]
    subprocess.run(pip, check=True, env={**os.environ, **offline})
    envsnap("capture", "--python", python, "--no-import", "-o", "before.json")
    fix = envsnap("check", "before.json", "--format", "fix", "-o", "fix.sh")
    assert fix.returncode == 1, fix.stderr
    environment = {**os.environ, **offline, "PYTHON": python}
    subprocess.run(["sh", str(tmp_path / "fix.sh")], check=True, env=environment)
    envsnap("capture", "--python", python, "--no-import", "-o", "after.json")
    after = json.loads(envsnap("check", "after.json", "--format", "json").stdout)
    rules = {item["rule"] for item in after["results"][0]["findings"]}
    assert "requirements" not in rules


def test_what_only_a_person_can_change_is_a_comment() -> None:
    text = script({"driver": {"version": "550.54.15"}}, {"driver": {"version": "470.57.02"}})
    commands = [line for line in text.splitlines()[15:] if line and not line.startswith("#")]
    assert not commands
    assert "# by hand: " in text


def test_variables_are_exported_or_unset() -> None:
    text = script(
        {"env_vars": {"entries": {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}}},
        {"env_vars": {"entries": {"NVIDIA_TF32_OVERRIDE": "1"}}},
    )
    assert "\nexport CUBLAS_WORKSPACE_CONFIG=:4096:8\n" in text
    assert "\nunset NVIDIA_TF32_OVERRIDE\n" in text


@pytest.mark.parametrize("value", ["$(touch pwned)", "a'b; touch pwned", "`touch pwned`", "a\nb"])
def test_values_cannot_run(value: str, tmp_path: Path) -> None:
    text = script(
        {
            "env_vars": {"entries": {"CUBLAS_WORKSPACE_CONFIG": value}},
            "packages": examples.packages(torch=value, numpy="1.26.4"),
            "configs": {"entries": {"a": {"tree": {"dtype": value}}}},
        },
        {
            "env_vars": {"entries": {"CUBLAS_WORKSPACE_CONFIG": "x"}},
            "packages": examples.packages(torch="2.1.0", numpy="2.0.0"),
            "configs": {"entries": {"a": {"tree": {"dtype": "float16"}}}},
        },
    )
    (tmp_path / "fix.sh").write_text(text.replace("uv pip", "true"))
    done = subprocess.run(
        ["sh", "fix.sh"], cwd=tmp_path, capture_output=True, text=True, check=False, env=TRUE
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["fix.sh"]
    assert "numpy==1.26.4" in text


def test_without_an_interpreter_it_changes_none(tmp_path: Path) -> None:
    text = checked({"packages": examples.packages(torch="2.6.0", torchvision="0.19.0")})
    (tmp_path / "fix.sh").write_text(text)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    done = subprocess.run(["sh", "fix.sh"], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "PYTHON: set it to the interpreter of the environment that is to change" in done.stderr


def checked(sections: dict[str, object]) -> str:
    """The script for one manifest, which no reference stands beside."""
    manifest = examples.manifest(sections)
    judged = document.Judged(side=document.side("prod", manifest), result=api.check(manifest))
    report = document.Report(reference=None, judged=(judged,))
    return formats.render(report, "fix", color=False, width=None, ascii_only=False)


def test_a_check_writes_what_rules_with_a_source_say_to_do() -> None:
    text = checked(
        {
            "packages": examples.packages(torch="2.6.0", torchvision="0.19.0", numpy="2.1.0"),
            "env_vars": {"entries": {"CUDA_VISIBLE_DEVICES": ""}},
        }
    )
    assert "\ninstall 'torchvision==0.21.*'\n" in text
    assert "\nunset CUDA_VISIBLE_DEVICES\n" in text
    assert "Known from: " in text


def test_what_a_check_only_guesses_or_has_no_command_for_is_a_comment() -> None:
    text = checked({"driver": {"version": "470.57.02", "kernel_module": "470.57.02", "libcuda": "535.1.2"}})  # fmt: skip
    commands = [line for line in text.splitlines()[15:] if line and not line.startswith("#")]
    assert not commands
    assert "# by hand: " in text


@pytest.mark.parametrize("hostile", ["<2; touch pwned", "<2$(touch pwned)", "<2\ntouch pwned"])
def test_a_requirement_of_a_manifest_cannot_run(hostile: str, tmp_path: Path) -> None:
    text = checked(
        {
            "packages": {
                "entries": {
                    "a": {"version": "1", "requires": [f"b{hostile}", "b<2"]},
                    "b": {"version": "3"},
                }
            }
        }
    )
    assert "install 'b<2'" in text
    (tmp_path / "fix.sh").write_text(text.replace("uv pip", "true"))
    subprocess.run(["sh", "fix.sh"], cwd=tmp_path, check=True, capture_output=True, env=TRUE)
    assert [path.name for path in tmp_path.iterdir()] == ["fix.sh"]
