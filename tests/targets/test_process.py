"""The environment of a process that is really running."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envsnap.intake import reader
from tests.conftest import Run, lacking, site_packages
from tests.probe.test_broken_environments import install

SERVER = "import sys, time; sys.stdout.write('up\\n'); sys.stdout.flush(); time.sleep(120)"


@contextmanager
def serving(argv: list[str], **settings: object) -> Iterator[int]:
    """A process that runs until the block ends."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, **settings)  # type: ignore[call-overload]
    try:
        assert process.stdout.readline() == b"up\n"
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_server_in_a_virtual_environment(envsnap: Run, tmp_path: Path, bare_venv: Path) -> None:
    install(site_packages(bare_venv), "served", "1.0") if not list(
        site_packages(bare_venv).glob("served*")
    ) else None
    env = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "3", "SERVICE_SECRET": "hush"}
    python = str(bare_venv / "bin" / "python")
    with serving([python, "-c", SERVER, "--port", "80"], env=env, cwd=bare_venv) as pid:
        done = envsnap(
            "capture",
            "--pid",
            str(pid),
            "--no-import",
            "-o",
            "it.json",
            env={"OMP_NUM_THREADS": "99"},
        )
    assert done.returncode == 0, done.stderr
    manifest = reader.load(str(tmp_path / "it.json")).manifest
    sections = manifest.sections
    assert (manifest.target.kind, manifest.target.name) == ("process", str(pid))
    assert sections.python.executable == python
    assert sections.packages.entries["served"].version == "1.0"
    assert sections.env_vars.entries["OMP_NUM_THREADS"] == "3"
    assert "SERVICE_SECRET" in sections.env_vars.others
    assert sections.process.executable == os.path.realpath(python)
    assert sections.process.working_folder == str(bare_venv)
    assert "--port" in sections.process.flags
    assert sections.identity.pid == pid


def test_an_interpreter_called_by_name(envsnap: Run, tmp_path: Path, bare_venv: Path) -> None:
    env = {"PATH": f"{bare_venv / 'bin'}:/usr/bin:/bin"}
    with serving(
        ["python3", "-c", SERVER], env=env, executable=str(bare_venv / "bin" / "python3")
    ) as pid:
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    python = reader.load(str(tmp_path / "it.json")).manifest.sections.python
    assert python.prefix == str(bare_venv)


def test_libraries_that_the_process_has_mapped(envsnap: Run, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        lacking("no C compiler to build a library")
    (tmp_path / "l.c").write_text("int here(void) { return 1; }\n")
    library = tmp_path / "libcudart.so.12.4.127"
    subprocess.run(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-Wl,--build-id=0xc0ffee",
            "-o",
            str(library),
            str(tmp_path / "l.c"),
        ],
        check=True,
    )
    code = f"import ctypes; ctypes.CDLL({str(library)!r}); {SERVER}"
    with serving([sys.executable, "-c", code]) as pid:
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
    assert done.returncode == 0, done.stderr
    loaded = reader.load(str(tmp_path / "it.json")).manifest.sections.process.loaded
    assert loaded["libcudart.so.12"].version == "12.4.127"
    assert loaded["libcudart.so.12"].build_id == "c0ffee"
    assert loaded["libcudart.so.12"].path == str(library)


def test_a_process_without_python(envsnap: Run) -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        done = envsnap("capture", "--pid", str(process.pid))
        assert done.returncode == 3
        assert "has no Python in it" in done.stderr
        named = envsnap(
            "capture", "--pid", str(process.pid), "--python", sys.executable, "--no-import"
        )
        assert named.returncode == 0, named.stderr
    finally:
        process.kill()
        process.wait()


def test_a_process_that_is_not_there(envsnap: Run) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    done = envsnap("capture", "--pid", str(process.pid))
    assert done.returncode == 3
    assert done.stderr.strip() == f"envsnap: error: no process {process.pid}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_process_of_somebody_else(tmp_path: Path, envsnap: Run) -> None:
    from envsnap.errors import TargetError
    from envsnap.targets.process import Process

    assert envsnap("--version").returncode == 0
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            Process(1, None)
        except TargetError as error:
            os._exit(7 if "you may not look into it" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_process_in_another_mount_namespace(envsnap: Run, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or os.geteuid() != 0
        or subprocess.run([unshare, "--mount", "true"], check=False, capture_output=True).returncode
    ):
        lacking("no right to make a mount namespace")
    with serving([unshare, "--mount", sys.executable, "-c", SERVER]) as pid:
        done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
    assert done.returncode == 3
    assert "lives in a container" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_does_not_run_another_users_code_as_root(envsnap: Run, tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        shared = Path(name)
        shared.chmod(0o777)
        (shared / "sitecustomize.py").write_text(
            f"import os\nopen({str(shared)!r} + '/ran_as_' + str(os.getuid()), 'w').close()\n"
        )
        python = shutil.which("python3", path="/usr/bin:/bin")
        if python is None:
            lacking("no Python that another user may run")
        env = {"PYTHONPATH": str(shared), "PATH": "/usr/bin:/bin"}
        with serving([python, "-c", SERVER], env=env, user=65534, group=65534, cwd="/") as pid:
            done = envsnap("capture", "--pid", str(pid), "--no-import", "-o", "it.json")
        assert done.returncode == 0, done.stderr
        assert {path.name for path in shared.glob("ran_as_*")} == {"ran_as_65534"}
