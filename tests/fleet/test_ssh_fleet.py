"""Eight real sshd on loopback: one hung, one dead, one that lets nobody in, one drifted."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Run
from tests.fleet import engines
from tests.fleet.engines import Members, captured, program, states, until
from tests.ports import free_port

HOSTS = [f"n{number}" for number in range(1, 9)]
DEADLINE = 15.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Members, dict[str, str]]]:
    """The servers by name, and an environment whose ssh knows them; n4 sets a variable."""
    sshd, ssh = program("sshd", "openssh-server"), program("ssh", "openssh-client")
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd refuses to start without it
    settings, known = [], []
    for name in ("mine", "other", *HOSTS):
        key = str(tmp_path / name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with engines.members() as members:
        for name in HOSTS:
            port = free_port()
            allowed = "other" if name == "n7" else "mine"
            (tmp_path / f"{name}.conf").write_text(
                f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/{name}\n"
                f"AuthorizedKeysFile {tmp_path}/{allowed}.pub\nStrictModes no\nUsePAM no\n"
                f"PermitRootLogin yes\nPidFile {tmp_path}/{name}.pid\nMaxStartups 100\n"
                + ("SetEnv NCCL_IB_DISABLE=1\n" if name == "n4" else "")
            )
            conf = str(tmp_path / f"{name}.conf")
            members.start(name, [sshd, "-D", "-e", "-f", conf], tmp_path / f"{name}.log")
            settings.append(f"Host {name}\n  Port {port}\n  HostKeyAlias {name}\n")
            # n8 shows another key than the one that is known of it.
            public = (tmp_path / f"{'n1' if name == 'n8' else name}.pub").read_text()
            known.append(f"{name} {public}")
        (tmp_path / "known").write_text("".join(known))
        (tmp_path / "config").write_text(
            "".join(settings) + f"Host *\n  HostName 127.0.0.1\n  User {getpass.getuser()}\n"
            f"  IdentityFile {tmp_path}/mine\n  IdentitiesOnly yes\n  LogLevel ERROR\n"
            f"  StrictHostKeyChecking yes\n  UserKnownHostsFile {tmp_path}/known\n"
        )
        (tmp_path / "bin").mkdir()
        script = tmp_path / "bin" / "ssh"
        script.write_text(f'#!/bin/sh\nexec {ssh} -F {tmp_path}/config "$@"\n')
        script.chmod(0o755)
        for name in HOSTS:
            log = tmp_path / f"{name}.log"
            until(lambda log=log: "listening" in log.read_text(), 60, name)  # type: ignore[misc]
        yield members, {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def test_every_host_is_named_in_its_state(
    cluster: tuple[Members, dict[str, str]], envsnap: Run, tmp_path: Path
) -> None:
    members, env = cluster
    members.hang("n5")
    members.kill("n6")
    done, took = captured(
        envsnap, "--hosts", "n[1-8]", "--inventory", "n[1-9]", "--python", sys.executable,
        deadline=DEADLINE, env=env,
    )  # fmt: skip
    assert done.returncode == 6
    assert took < DEADLINE + engines.WITHIN
    assert states(envsnap, "--inventory", "n[1-9]") == {
        "n1": "same",
        "n2": "same",
        "n3": "same",
        "n4": "drifted",
        "n5": "unknown (timeout)",
        "n6": "unknown (refused)",
        "n7": "unknown (denied)",
        "n8": "unknown (denied)",
        "n9": "missing",
    }
    logs = {name: (tmp_path / f"{name}.log").read_text() for name in ("n1", "n2", "n3", "n4")}
    assert {name: text.count("Accepted publickey") for name, text in logs.items()} == dict.fromkeys(
        logs, 1
    )  # one connection carries the probe, once a node


def test_who_was_not_asked_in_time_is_unknown(
    cluster: tuple[Members, dict[str, str]], envsnap: Run
) -> None:
    members, env = cluster
    members.hang("n1")
    done, took = captured(
        envsnap, "--hosts", "n[1-3]", "--fanout", "1", "--python", sys.executable,
        deadline=4.0, env=env,
    )  # fmt: skip
    assert done.returncode == 6
    assert took < 4.0 + engines.WITHIN
    assert states(envsnap) == dict.fromkeys(("n1", "n2", "n3"), "unknown (timeout)")


def test_a_jump_host_of_the_users_own_settings(
    cluster: tuple[Members, dict[str, str]], envsnap: Run, tmp_path: Path
) -> None:
    _, env = cluster
    config = (tmp_path / "config").read_text()
    far = f"Host far\n  ProxyJump n1\n  HostKeyAlias n2\n  Port {_port(config, 'n2')}\n"
    (tmp_path / "config").write_text(far + config)
    done, _ = captured(
        envsnap, "--hosts", "far", "--python", sys.executable, deadline=DEADLINE, env=env
    )
    assert done.returncode == 0, done.stderr
    assert "Accepted publickey" in (tmp_path / "n1.log").read_text()
    assert states(envsnap) == {"far": "same"}


def _port(config: str, host: str) -> str:
    return config.split(f"Host {host}\n  Port ")[1].split(maxsplit=1)[0]


def test_a_daemon_that_turns_away_is_tried_three_times(
    cluster: tuple[Members, dict[str, str]], envsnap: Run, tmp_path: Path
) -> None:
    _, env = cluster
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        asked: list[object] = []

        def turn_away() -> None:
            with contextlib.suppress(OSError):
                while True:
                    asked.append(1)
                    daemon.accept()[0].close()

        threading.Thread(target=turn_away, daemon=True).start()
        config = (tmp_path / "config").read_text()
        busy = f"Host busy\n  HostKeyAlias n1\n  Port {daemon.getsockname()[1]}\n"
        (tmp_path / "config").write_text(busy + config)
        done, took = captured(envsnap, "--hosts", "busy", deadline=20.0, env=env)
        assert len(asked) - 1 == 3
        daemon.shutdown(socket.SHUT_RDWR)
    assert done.returncode == 6
    assert took < 20.0 + engines.WITHIN


def test_a_folder_holds_one_capture(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "n1.json").write_text("{}")
    done, _ = captured(envsnap, "--hosts", "n1", deadline=2.0)
    assert done.returncode == 2
    assert "earlier capture" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one of"),
        (("--hosts", "n1", "--slurm"), "name one of"),
        (("--hosts", "-oProxyCommand=id"), "not a host"),
        (("--slurm",), "inside an allocation"),
        (("--torchrun",), "no rank of a job"),
        (("--dask", "tcp://127.0.0.1:1", "--python", "/no/such/python"), "/no/such/python"),
    ],
)
def test_usage(arguments: tuple[str, ...], words: str, envsnap: Run) -> None:
    done, _ = captured(envsnap, *arguments, deadline=3.0)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_signal_leaves_no_child(cluster: tuple[Members, dict[str, str]], tmp_path: Path) -> None:
    members, env = cluster
    members.hang("n1")
    command = [COMMAND, "fleet", "capture", "-o", str(tmp_path / "cut"), "--hosts", "n[1-2],n5"]
    members.hang("n5")
    members.start("capture", [*command, "--deadline", "60"], tmp_path / "cut.log", env)
    until(lambda: _clients(tmp_path) >= 2, 60, "clients of ssh")
    members.signal("capture", signal.SIGTERM)
    until(lambda: _clients(tmp_path) == 0, 30, "no client left")


def _clients(folder: Path) -> int:
    """How many clients of ssh run with this test's settings."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    return listed.stdout.count(f"-F {folder}/config")
