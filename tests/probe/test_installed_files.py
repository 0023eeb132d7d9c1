"""Files that are not as RECORD states: really installed ones, then changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from envsnap.intake import reader
from envsnap.model.manifest import Manifest
from envsnap.probe.collectors.installed_files import MOST_NAMED
from tests.conftest import Run
from tests.probe.test_broken_environments import captured, install
from tests.probe.test_requirements import entries


def site(folder: Path, files: int = 0) -> Path:
    """A folder with a distribution of one module, and more files."""
    import base64
    import hashlib

    info = install(folder, "whole", "1.0")
    with (info / "RECORD").open("a") as record:
        for number in range(files):
            (folder / f"data{number:02}.txt").write_text("x")
            digest = base64.urlsafe_b64encode(hashlib.sha256(b"x").digest()).rstrip(b"=").decode()
            record.write(f"data{number:02}.txt,sha256={digest},1\n")
    return folder


def verified(envsnap: Run, tmp_path: Path, folder: Path) -> Manifest:
    """Capture with the files compared."""
    return captured(envsnap, tmp_path, "--verify-files", env={"PYTHONPATH": str(folder)})


def test_everything_installed_here_is_as_it_was_installed(envsnap: Run, tmp_path: Path) -> None:
    manifest = verified(envsnap, tmp_path, site(tmp_path / "site"))
    assert manifest.sections.packages.verified is True
    package = entries(manifest)["whole"]
    assert not package.altered
    assert not package.missing
    assert not entries(manifest)["click"].altered
    assert not entries(manifest)["msgspec"].missing


def test_altered_and_missing_files_are_named(envsnap: Run, tmp_path: Path) -> None:
    folder = site(tmp_path / "site", files=3)
    (folder / "whole.py").write_text("__version__ = 'patched'\n")
    (folder / "data01.txt").unlink()
    package = entries(verified(envsnap, tmp_path, folder))["whole"]
    assert (package.altered, package.altered_count) == (("whole.py",), 1)
    assert (package.missing, package.missing_count) == (("data01.txt",), 1)
    # The same environment by its facts: what a patch changed is not compared, but told.
    plain = captured(envsnap, tmp_path, env={"PYTHONPATH": str(folder)})
    assert not plain.sections.packages.verified
    assert not entries(plain)["whole"].altered


def test_long_lists_are_cut_and_counted(envsnap: Run, tmp_path: Path) -> None:
    folder = site(tmp_path / "site", files=MOST_NAMED + 7)
    for path in folder.glob("data*.txt"):
        path.unlink()
    package = entries(verified(envsnap, tmp_path, folder))["whole"]
    assert (len(package.missing), package.missing_count) == (MOST_NAMED, MOST_NAMED + 7)


def test_what_differs_from_install_to_install_is_left_out(envsnap: Run, tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    info = folder / "whole-1.0.dist-info"
    outside = tmp_path / "outside"
    outside.write_text("not ours")
    with (info / "RECORD").open("a") as record:
        for name in (
            "__pycache__/whole.cpython-311.pyc", "../../bin/whole", f"{outside}", "a/../../outside",
            f"{info.name}/INSTALLER", f"{info.name}/REQUESTED", f"{info.name}/direct_url.json",
        ):  # fmt: skip
            record.write(f"{name},sha256=AAAA,1\n")
    package = entries(verified(envsnap, tmp_path, folder))["whole"]
    assert not package.altered
    assert not package.missing


def test_what_cannot_be_compared_is_a_gap(envsnap: Run, tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    install(folder, "bare", "1.0").joinpath("RECORD").unlink()
    with (folder / "whole-1.0.dist-info" / "RECORD").open("a") as record:
        record.write("pipe.py,sha256=AAAA,1\nwhole.py/inner,sha256=AAAA,1\n")
    os.mkfifo(folder / "pipe.py")
    manifest = verified(envsnap, tmp_path, folder)
    gaps = manifest.sections.packages.gaps
    assert gaps["bare.altered"].startswith("absent")
    assert gaps["whole.altered"].startswith("error: OSError: not a regular file")
    assert entries(manifest)["whole"].missing == ("whole.py/inner",)


def test_in_a_facts_file_and_in_a_program(envsnap: Run, tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    (folder / "whole.py").write_text("changed\n")
    assert envsnap("probe", "--no-import", "--verify-files", "-o", "probe.py").returncode == 0
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with (tmp_path / "it.facts").open("wb") as stream:
        subprocess.run(
            [sys.executable, "probe.py"], cwd=tmp_path, env=environment, stdout=stream, check=True
        )
    program = "import envsnap; envsnap.save(envsnap.capture(verify_files=True), 'in.json')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    for name in ("it.facts", "in.json"):
        manifest = reader.load(str(tmp_path / name)).manifest
        assert entries(manifest)["whole"].altered == ("whole.py",)
