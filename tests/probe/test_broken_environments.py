"""Environments that are broken on purpose, with real files."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from envsnap.intake import reader
from envsnap.model.manifest import Manifest
from tests.conftest import Run, interpreter, site_packages


def install(folder: Path, name: str, version: str, metadata: bytes | None = None) -> Path:
    """Install a distribution of one module by hand, with a RECORD that matches its file."""
    folder.mkdir(parents=True, exist_ok=True)
    code = f"__version__ = {version!r}\n".encode()
    (folder / f"{name}.py").write_bytes(code)
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    text = metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n".encode()
    (info / "METADATA").write_bytes(text)
    digest = base64.urlsafe_b64encode(hashlib.sha256(code).digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"{name}.py,sha256={digest},{len(code)}\n{info.name}/RECORD,,\n")
    return info


def captured(envsnap: Run, tmp_path: Path, *options: str, **settings: Any) -> Manifest:
    """Capture with the real command and read the result."""
    done = envsnap(
        "capture", "--python", sys.executable, "--no-import", "-o", "it.json", *options, **settings
    )
    assert done.returncode == 0, done.stderr
    return reader.load(str(tmp_path / "it.json")).manifest


def test_a_record_beyond_all_bounds_is_not_read_and_said(envsnap: Run, tmp_path: Path) -> None:
    """17 MiB of lines: neither a digest of a part of it, nor the memory that all of it takes."""
    info = install(tmp_path / "site", "huge", "1.0")
    with (info / "RECORD").open("a") as record:
        record.writelines(f"huge/{number}.bin,sha256={'A' * 43},1\n" for number in range(300_000))
    environment = {"PYTHONPATH": str(tmp_path / "site")}
    package = captured(envsnap, tmp_path, env=environment).sections.packages.entries["huge"]
    assert package.version == "1.0"
    assert package.record_sha256 is UNSET
    assert package.defects == ("RECORD is longer than 16 MiB: not read",)


def test_of_two_folders_the_first_one_wins(envsnap: Run, tmp_path: Path) -> None:
    install(tmp_path / "one", "twice", "1.0")
    install(tmp_path / "two", "twice", "2.0")
    path = f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}"
    package = captured(envsnap, tmp_path, env={"PYTHONPATH": path}).sections.packages.entries[
        "twice"
    ]
    imported = subprocess.run(
        [sys.executable, "-c", "import twice; print(twice.__version__)"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert package.version == imported == "1.0"
    assert [other.version for other in package.shadowed] == ["2.0"]
    assert envsnap("check", "it.json").returncode == 1


@pytest.mark.parametrize("last", ["1.0", "2.0"])
def test_of_two_in_one_folder_the_one_on_the_disk_wins(
    last: str, envsnap: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    for version in sorted(["1.0", "2.0"], key=lambda version: version == last):
        install(folder, "twice", version)
    package = captured(
        envsnap, tmp_path, env={"PYTHONPATH": str(folder)}
    ).sections.packages.entries["twice"]
    assert package.version == last
    assert len(package.shadowed) == 1


def test_metadata_that_pip_dies_of(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    install(
        folder, "latin", "1.0", "Name: latin\nVersion: 1.0\nAuthor: J\xf6rg\n\n".encode("latin-1")
    )
    install(folder, "nameless", "2.0", b"Metadata-Version: 2.1\n\n")
    install(folder, "other", "3.0", b"Name: other\nVersion: 9.9\n\n")
    install(folder, "control", "1.0", b"Name: ctrl\x1b[31m\nVersion: 1.0\n\n")
    (folder / "empty-4.0.dist-info").mkdir()
    (folder / "file-5.0.dist-info").write_text("")
    (folder / "~umpy-1.26.0.dist-info").mkdir()
    install(folder, "sound", "6.0")
    packages = captured(envsnap, tmp_path, env={"PYTHONPATH": str(folder)}).sections.packages
    found = packages.entries
    assert found["latin"].version == "1.0"
    assert found["latin"].defects == ("the metadata is not UTF-8",)
    assert found["nameless"].version == "2.0"
    assert found["nameless"].defects
    assert found["other"].version == "9.9"
    assert "3.0" in found["other"].defects[0]
    assert found["empty"].version == "4.0"
    assert found["empty"].defects
    assert found["file"].defects
    assert found["sound"].version == "6.0"
    assert not found["sound"].defects
    assert packages.leftovers == ("~umpy-1.26.0.dist-info",)
    assert "numpy" not in {name for name in found if found[name].version == "1.26.0"}
    report = envsnap("check", "it.json").stdout
    assert "\x1b" not in report


def test_old_formats_are_read(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "single-1.0-py3.9.egg-info").write_text("Name: single\nVersion: 1.0\n")
    nested = folder / "Nested.Name-2.0-py3.9.egg-info"
    nested.mkdir()
    (nested / "PKG-INFO").write_text("Name: Nested.Name\nVersion: 2.0\n")
    source = tmp_path / "source" / "linked.egg-info"
    source.mkdir(parents=True)
    (source / "PKG-INFO").write_text("Name: linked\nVersion: 3.0\n")
    (folder / "linked.egg-link").write_text(f"{source.parent}\n.\n")
    found = captured(envsnap, tmp_path, env={"PYTHONPATH": str(folder)}).sections.packages.entries
    assert found["single"].version == "1.0"
    assert found["nested-name"].version == "2.0"
    assert (found["linked"].version, found["linked"].editable) == ("3.0", True)


def test_conda_packages_are_read(envsnap: Run, tmp_path: Path, bare_venv: Path) -> None:
    meta = bare_venv / "conda-meta"
    meta.mkdir(exist_ok=True)
    (meta / "mkl-2023.1.0-h213fc3f_46344.json").write_text(
        '{"name": "mkl", "url": "https://user:secret@conda.example/mkl.conda", "md5": "d41d8cd9"}'
    )
    (meta / "history").write_text("")
    done = envsnap(
        "capture", "--python", bare_venv / "bin" / "python", "--no-import", "-o", "it.json"
    )
    assert done.returncode == 0, done.stderr
    package = reader.load(str(tmp_path / "it.json")).manifest.sections.packages.entries["mkl"]
    assert (package.version, package.format, package.conda.build) == (
        "2023.1.0",
        "conda",
        "h213fc3f_46344",
    )
    assert package.conda.url == "https://conda.example/mkl.conda"


def test_a_venv_without_pip(envsnap: Run, tmp_path: Path, bare_venv: Path) -> None:
    install(site_packages(bare_venv), "alone", "1.0")
    done = envsnap("capture", "-o", "it.json", env={"VIRTUAL_ENV": str(bare_venv)})
    assert done.returncode == 0
    assert "the active virtual environment" in done.stderr
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    assert sections.packages.entries["alone"].version == "1.0"
    assert "pip" not in sections.packages.entries
    assert sections.python.environment == "venv"


def test_a_json_module_in_the_current_folder(envsnap: Run, tmp_path: Path) -> None:
    hostile = tmp_path / "cwd"
    hostile.mkdir()
    for name in ("json", "os", "subprocess", "hashlib", "platform", "pynvml", "grp"):
        (hostile / f"{name}.py").write_text("raise SystemExit('the current folder was imported')\n")
    done = envsnap(
        "capture",
        "--no-import",
        "-o",
        "it.json",
        cwd=hostile,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    script = envsnap("probe", "--no-import", "-o", "-", cwd=tmp_path)
    run = subprocess.run(
        [sys.executable, "-"],
        input=script.stdout,
        cwd=hostile,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "envsnap-" in run.stdout, run.stderr


def test_a_sitecustomize_that_prints(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "sitecustomize.py").write_text(
        "import sys\nprint('hello from sitecustomize')\nsys.stderr.write('and on stderr\\n')\n"
    )
    manifest = captured(envsnap, tmp_path, env={"PYTHONPATH": str(tmp_path / "noise")})
    assert "sitecustomize.py" in manifest.sections.python.startup_code


@pytest.mark.interpreters
@pytest.mark.parametrize("version", ["3.6", "3.8", "3.13"])
def test_lang_c(version: str, envsnap: Run, tmp_path: Path) -> None:
    env = {
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "",
        "TORCH_HOME": "/data/modèles",
    }
    done = envsnap(
        "capture", "--python", interpreter(version), "--no-import", "-o", "it.json", env=env
    )
    assert done.returncode == 0, done.stderr
    manifest = reader.load(str(tmp_path / "it.json")).manifest
    assert manifest.sections.system.locale == "C"
    assert "TORCH_HOME" in manifest.sections.env_vars.entries
    shown = envsnap("diff", "it.json", "it.json", env=env)
    assert shown.returncode == 0
    assert shown.stdout.isascii()


def test_bytes_that_are_no_text_in_the_environment(envsnap: Run, tmp_path: Path) -> None:
    manifest = captured(envsnap, tmp_path, env={"TORCH_HOME": os.fsdecode(b"/data/\xff")})
    assert manifest.sections.env_vars.entries["TORCH_HOME"] == "/data/\\udcff"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise OSError('libcudart.so.11.0: cannot open shared object file')", "libcudart.so.11.0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "signal 4"),
        ("import sys; sys.exit('stop')", "stop"),
        ("import os; os.write(1, b'answer {}\\n'); os._exit(3)", "exit code 3"),
    ],
)
def test_a_framework_whose_import_fails(
    code: str, expected: str, envsnap: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    (folder / "torch").mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text(code + "\n")
    (folder / "torch" / "version.py").write_text(
        "__version__ = '2.4.1+cu118'\ndebug = False\ncuda: Optional[str] = '11.8'\nhip = None\n"
    )
    done = envsnap(
        "capture", "--python", sys.executable, "-o", "it.json", env={"PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    section = reader.load(str(tmp_path / "it.json")).manifest.sections.frameworks
    torch = section.entries["torch"]
    assert (torch.version, torch.cuda, torch.rocm, torch.imported) == (
        "2.4.1+cu118",
        "11.8",
        None,
        False,
    )
    assert expected in section.gaps["torch"]
    report = envsnap("check", "it.json")
    assert report.returncode == 1
    assert "import torch fails" in report.stdout


def test_an_import_that_never_ends(envsnap: Run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "torch").mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text("import time\ntime.sleep(600)\n")
    done = envsnap(
        "capture",
        "--python",
        sys.executable,
        "--deadline",
        "3",
        "-o",
        "it.json",
        env={"PYTHONPATH": str(folder)},
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    section = reader.load(str(tmp_path / "it.json")).manifest.sections.frameworks
    assert section.gaps["torch"].startswith("timeout")


def test_an_interpreter_that_cannot_start(envsnap: Run, tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no such thing >&2\nexit 9\n")
    script.chmod(0o755)
    done = envsnap("capture", "--python", script)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "exit code 9" in done.stderr
    assert "no such thing" in done.stderr
    for wrong in (tmp_path, tmp_path / "missing", "no-such-command"):
        done = envsnap("capture", "--python", wrong)
        assert done.returncode == 3
        assert done.stderr.count("\n") == 1
