"""Processes whose environment on the disk is not the one they run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from envsnap.intake import reader
from tests.conftest import Run, lacking, site_packages
from tests.probe.test_broken_environments import install
from tests.targets.test_process import SERVER, serving


def venv(folder: Path) -> Path:
    """A virtual environment without pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    install(site_packages(folder), "served", "1.0")
    return folder


def test_a_relative_name_and_another_folder(envsnap: Run, tmp_path: Path) -> None:
    venv(tmp_path / "va")
    code = f"import os; os.chdir('/'); {SERVER}"
    env = {"PATH": "/usr/bin:/bin", "PWD": str(tmp_path)}
    with serving(["va/bin/python", "-c", code], cwd=tmp_path, env=env) as pid:
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    packages = reader.load(str(tmp_path / "it.json")).manifest.sections.packages.entries
    assert set(packages) == {"served"}


def test_an_environment_that_was_moved_away_is_not_guessed(envsnap: Run, tmp_path: Path) -> None:
    venv(tmp_path / "vz")
    python = str(tmp_path / "vz" / "bin" / "python")
    with serving([python, "-c", SERVER], env={"PATH": "/usr/bin:/bin"}) as pid:
        (tmp_path / "vz").rename(tmp_path / "old")
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
        assert done.returncode == 3
        assert "does not lead to" in done.stderr
        assert "--python" in done.stderr
        assert not (tmp_path / "it.json").exists()
        moved = str(tmp_path / "old" / "bin" / "python")
        named = envsnap("capture", "--pid", str(pid), "--python", moved, "--no-import")
        assert named.returncode == 0, named.stderr


def test_libraries_that_were_replaced_under_a_process(envsnap: Run, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        lacking("no C compiler to build a library")
    (tmp_path / "l.c").write_text("int here(void) { return 1; }\n")
    library = tmp_path / "_multiarray.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "l.c")], check=True
    )
    with serving(
        [sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r}); {SERVER}"]
    ) as pid:
        library.unlink()
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    assert reader.load(str(tmp_path / "it.json")).manifest.sections.process.replaced_files == (
        str(library),
    )
    checked = envsnap("check", "it.json")
    assert checked.returncode == 1
    assert "Restart the process" in checked.stdout


def test_names_that_are_not_ascii_in_a_c_locale(envsnap: Run, tmp_path: Path) -> None:
    from tests.conftest import interpreter

    folder = tmp_path / "ein Ordner ü"
    folder.mkdir()
    (folder / "ä b.bin").write_bytes(b"weights")
    (folder / os.fsdecode(b"\xff.bin")).write_bytes(b"others")
    (folder / "größe.yaml").write_text("x: ü\n")
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    options = (
        "--no-import",
        "--weights",
        f"w={folder}",
        "--config",
        f"app={folder / 'größe.yaml'}",
    )
    assert envsnap("probe", *options, "-o", "probe.py").returncode == 0
    for version in ("3.6", "3.13"):
        with (tmp_path / "it.facts").open("wb") as stream:
            subprocess.run(
                [interpreter(version), "probe.py"], cwd=tmp_path, env=env, stdout=stream, check=True
            )
        sections = reader.load(str(tmp_path / "it.facts")).manifest.sections
        assert {name for name in sections.weights.entries if name.endswith("b.bin")} == {
            "w/ä b.bin"
        }
        assert len(sections.weights.entries) == 3
        assert sections.configs.entries["app"].sha256
        assert sections.configs.gaps["app.tree"].startswith("not asked")
        done = envsnap(
            "capture", "--python", interpreter(version), *options, "-o", "it.json", env=env
        )
        assert done.returncode == 0, done.stderr


def test_the_probe_says_which_files_it_did_not_find(envsnap: Run, tmp_path: Path) -> None:
    assert (
        envsnap("probe", "--no-import", "--weights", "m=nowhere", "-o", "probe.py").returncode == 0
    )
    done = subprocess.run(
        [sys.executable, "probe.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "envsnap probe: m: absent" in done.stderr
    (tmp_path / "it.facts").write_text(done.stdout)
    checked = envsnap("check", "it.facts")
    assert "weights.m (absent: FileNotFoundError" in " ".join(checked.stdout.split())
