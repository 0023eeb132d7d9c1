"""Captures a fleet into a folder: a manifest a host, and a record of who gave none."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TypedDict

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.fleet import answers, fanout
from envsnap.fleet import inventory as inventories
from envsnap.fleet.engines.asked import Found, Probing
from envsnap.fleet.inventory import aliases
from envsnap.model import storage


class Whom(TypedDict, total=False):
    """Whom to ask; exactly one engine is named.

    `hosts` is a node set or @FILE that ssh reaches, `slurm` the allocation that this runs in, `ray`
    and `dask` addresses (`actors`: processes of Ray's actors, not its nodes), `kubernetes` a selector
    of pods, with a `namespace` and a `container`. `inventory` names who should be there: a node set or a file of
    them. `fanout` hosts are asked at a time.
    """

    hosts: str | None
    slurm: bool
    ray: str | None
    actors: bool
    dask: str | None
    kubernetes: str | None
    namespace: str | None
    container: str | None
    inventory: str | None
    fanout: int


def engine_of(whom: Whom) -> str:
    """The engine that was named. Raises InputError unless it is one."""
    named = {
        "ssh": whom.get("hosts") is not None,
        "slurm": whom.get("slurm", False),
        "ray": whom.get("ray") is not None,
        "dask": whom.get("dask") is not None,
        "kubernetes": whom.get("kubernetes") is not None,
    }
    found = [name for name, is_named in named.items() if is_named]
    if len(found) != 1:
        raise InputError("name one of --hosts, --slurm, --ray, --dask, --kubernetes and --torchrun")
    return found[0]


class Captured(Struct, frozen=True, kw_only=True):
    """Who answered, who did not and why, and who was never there."""

    answered: tuple[str, ...]
    silent: dict[str, str]
    missing: tuple[str, ...]


def capture(folder: str, whom: Whom, probing: Probing, deadline: float) -> Captured:
    """Ask every host, and write what it said as it comes.

    Raises InputError for a folder that cannot be used and for what names no hosts, TargetError
    where the engine itself is not reached.
    """
    end = time.monotonic() + deadline
    engine = engine_of(whom)
    listed = whom.get("inventory")
    inventory = inventories.listed(listed) if listed is not None else []
    hosts = inventories.named(whom.get("hosts") or "") if engine == "ssh" else []
    kept = _Folder(folder)
    if engine in ("ray", "dask"):
        silent = _driven(engine, whom, probing, deadline, kept)
    else:
        found = _found(engine, hosts, whom, probing, deadline)
        left = max(0.0, end - time.monotonic())  # finding them took its part
        outcome = fanout.ask(found.asks, left, whom.get("fanout", fanout.FANOUT), kept.write)
        silent = {**found.silent, **outcome.silent}
    answered = tuple(kept.hosts)
    seen = {alias for host in (*answered, *silent) for alias in aliases(host)}
    missing = tuple(host for host in inventory if seen.isdisjoint(aliases(host)))
    kept.finish(engine, (*answered, *silent, *missing), silent, deadline)
    return Captured(answered=answered, silent=silent, missing=missing)


def _found(
    engine: str, hosts: Sequence[str], whom: Whom, probing: Probing, deadline: float
) -> Found:
    if engine == "ssh":
        from envsnap.fleet.engines import ssh

        return ssh.found(hosts, probing)
    if engine == "slurm":
        from envsnap.fleet.engines import slurm

        return slurm.found(probing)
    from envsnap.fleet.engines import kubernetes

    return kubernetes.found(
        whom.get("kubernetes") or "",
        whom.get("namespace"),
        whom.get("container"),
        probing,
        deadline,
    )


def _driven(
    engine: str, whom: Whom, probing: Probing, deadline: float, kept: _Folder
) -> dict[str, str]:
    from envsnap.fleet.engines.driver import Driver

    actors = whom.get("actors", False)
    address = whom.get("ray") if engine == "ray" else whom.get("dask")
    job: dict[str, object] = {"address": address, "actors": actors}
    driver = Driver(engine, job, probing, kept.write)
    driver.run(deadline, process=engine == "dask" or actors)
    return driver.silent


class _Folder:
    """A folder that holds this capture's answers only."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.hosts: list[str] = []
        self._names: set[str] = set()
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            names: Sequence[str] = os.listdir(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be used as a folder: {error.strerror}") from None
        if any(name.endswith(answers.ENDINGS) for name in names):
            raise InputError(f"{path}: holds answers of an earlier capture; name another folder")

    def write(self, host: str, manifest: bytes) -> None:
        """Write one host's answer."""
        # Two hosts may be told apart by what no file can be called.
        name = answers.free(answers.file_name(host), self._names)
        storage.write_atomically(os.path.join(self._path, f"{name}.json"), manifest, 0o600)
        self.hosts.append(host)

    def finish(
        self, engine: str, hosts: Sequence[str], silent: dict[str, str], deadline: float
    ) -> None:
        """Write the record."""
        record = answers.record(engine, sorted(set(hosts)), silent, deadline)
        storage.write_atomically(os.path.join(self._path, answers.RECORD), record, 0o600)
