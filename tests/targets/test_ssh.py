"""A real sshd on loopback, with keys of its own; ssh is the system's, with this test's settings."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run, lacking
from tests.ports import free_port

HOST = "far-host"


def key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def path_with_ssh(tmp_path: Path) -> Iterator[str]:
    """A PATH whose ssh is the system's, told where the server of this test is."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    ssh = shutil.which("ssh")
    if sshd is None or ssh is None:
        lacking("no sshd on this machine (Debian's package is openssh-server)")
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd refuses to start without it
    mine, theirs, port = key(tmp_path / "mine"), key(tmp_path / "theirs"), free_port()
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {theirs}\nAuthorizedKeysFile {mine}.pub\n"
        f"StrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile {tmp_path}/sshd.pid\n"
    )
    (tmp_path / "ssh_config").write_text(
        f"Host {HOST}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {mine}\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"
        f"  UserKnownHostsFile {tmp_path}/known\n  LogLevel ERROR\n"
    )
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "ssh"
    script.write_text(f'#!/bin/sh\nexec {ssh} -F {tmp_path}/ssh_config "$@"\n')
    script.chmod(0o755)
    server = subprocess.Popen(
        [sshd, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=subprocess.PIPE
    )
    try:
        for _ in range(100):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    finally:
        server.terminate()
        server.communicate(timeout=10)


def test_a_host_is_described_through_ssh(path_with_ssh: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("level: DEBUG\n")
    done = envsnap(
        "capture", "--ssh", HOST, "--python", sys.executable, "-o", "far.json", "--no-import",
        "--config", f"app={tmp_path / 'settings.yaml'}", env={"PATH": path_with_ssh},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "far.json").read_text())
    assert found["target"] == {"kind": "ssh", "name": HOST}
    sections = found["sections"]
    assert sections["python"]["executable"] == sys.executable
    assert sections["configs"]["entries"]["app"]["tree"] == {"level": "DEBUG"}
    assert "pytest" in sections["packages"]["entries"]


def test_a_python_that_the_host_lacks(path_with_ssh: str, envsnap: Run) -> None:
    done = envsnap(
        "capture", "--ssh", HOST, "--python", "/no/such python", env={"PATH": path_with_ssh}
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "ended with exit code 127" in done.stderr
    assert "/no/such python" in done.stderr


def test_a_host_that_lets_nobody_in(path_with_ssh: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.pub").write_text("")
    done = envsnap("capture", "--ssh", HOST, env={"PATH": path_with_ssh})
    assert (done.returncode, done.stdout) == (3, "")
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize("forced", ["exec yes", "exec cat /dev/zero"])
def test_a_login_that_prints_for_ever_ends_within_the_cap(
    forced: str, path_with_ssh: str, envsnap: Run, tmp_path: Path
) -> None:
    public = (tmp_path / "mine.pub").read_text()
    (tmp_path / "mine.pub").write_text(f'command="{forced}" {public}')
    done = envsnap(
        "capture", "--ssh", HOST, "--deadline", "20", "-o", "it.json",
        env={"PATH": path_with_ssh}, timeout=90,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "said more than" in done.stderr
    assert not (tmp_path / "it.json").exists()


@pytest.mark.parametrize(
    "host", ["-oProxyCommand=id", "a b", "a;id", "$(id)", "", "ssh://-x", "a\nb"]
)
def test_a_host_is_never_an_option(host: str, envsnap: Run) -> None:
    done = envsnap("capture", "--ssh", host)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not a host" in done.stderr
