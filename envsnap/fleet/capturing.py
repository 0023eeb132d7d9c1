"""Captures a fleet into a folder: a manifest a host, and a record of who gave none."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.fleet import answers, fanout
from envsnap.fleet.engines.asked import Found, Probing
from envsnap.fleet.inventory import aliases
from envsnap.model import storage

UNSAFE = re.compile(r"[^A-Za-z0-9._@:+-]")


class Wanted(Struct, frozen=True, kw_only=True):
    """Which engine, whom of it, and within which time; exactly one engine is named."""

    folder: str
    deadline: float
    hosts: tuple[str, ...] = ()
    slurm: bool = False
    ray: str | None = None
    actors: bool = False
    dask: str | None = None
    kubernetes: str | None = None
    namespace: str | None = None
    container: str | None = None
    inventory: tuple[str, ...] = ()
    fanout: int = fanout.FANOUT

    def engine(self) -> str:
        """The engine that was named. Raises InputError unless it is one."""
        named = {
            "ssh": bool(self.hosts),
            "slurm": self.slurm,
            "ray": self.ray is not None,
            "dask": self.dask is not None,
            "kubernetes": self.kubernetes is not None,
        }
        found = [name for name, is_named in named.items() if is_named]
        if len(found) != 1:
            raise InputError(
                "name one of --hosts, --slurm, --ray, --dask, --kubernetes and --torchrun"
            )
        return found[0]


class Captured(Struct, frozen=True, kw_only=True):
    """Who answered, who did not and why, and who was never there."""

    answered: tuple[str, ...]
    silent: dict[str, str]
    missing: tuple[str, ...]


def capture(wanted: Wanted, probing: Probing) -> Captured:
    """Ask every host, and write what it said as it comes.

    Raises InputError for a folder that cannot be used and for what names no hosts, TargetError
    where the engine itself is not reached.
    """
    engine = wanted.engine()
    folder = _Folder(wanted.folder)
    if engine in ("ray", "dask"):
        silent = _driven(engine, wanted, probing, folder)
    else:
        found = _found(engine, wanted, probing)
        outcome = fanout.ask(found.asks, wanted.deadline, wanted.fanout, folder.write)
        silent = {**found.silent, **outcome.silent}
    answered = tuple(folder.hosts)
    seen = {alias for host in (*answered, *silent) for alias in aliases(host)}
    missing = tuple(host for host in wanted.inventory if seen.isdisjoint(aliases(host)))
    folder.finish(engine, (*answered, *silent, *missing), silent, wanted.deadline)
    return Captured(answered=answered, silent=silent, missing=missing)


def _found(engine: str, wanted: Wanted, probing: Probing) -> Found:
    if engine == "ssh":
        from envsnap.fleet.engines import ssh

        return ssh.found(wanted.hosts, probing)
    if engine == "slurm":
        from envsnap.fleet.engines import slurm

        return slurm.found(probing)
    from envsnap.fleet.engines import kubernetes

    return kubernetes.found(
        wanted.kubernetes or "", wanted.namespace, wanted.container, probing, wanted.deadline
    )


def _driven(engine: str, wanted: Wanted, probing: Probing, folder: _Folder) -> dict[str, str]:
    from envsnap.fleet.engines.driver import Driver

    address = wanted.ray if engine == "ray" else wanted.dask
    job: dict[str, object] = {"address": address, "actors": wanted.actors}
    driver = Driver(engine, job, probing, folder.write)
    driver.run(wanted.deadline, process=engine == "dask" or wanted.actors)
    return driver.silent


class _Folder:
    """A folder that holds this capture's answers only."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.hosts: list[str] = []
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            names: Sequence[str] = os.listdir(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be used as a folder: {error.strerror}") from None
        if any(name.endswith(answers.ENDINGS) for name in names):
            raise InputError(f"{path}: holds answers of an earlier capture; name another folder")

    def write(self, host: str, manifest: bytes) -> None:
        """Write one host's answer."""
        name = UNSAFE.sub("_", host).lstrip(".") or "_"
        storage.write_atomically(os.path.join(self._path, f"{name}.json"), manifest, 0o600)
        self.hosts.append(host)

    def finish(
        self, engine: str, hosts: Sequence[str], silent: dict[str, str], deadline: float
    ) -> None:
        """Write the record."""
        record = answers.record(engine, sorted(set(hosts)), silent, deadline)
        storage.write_atomically(os.path.join(self._path, answers.RECORD), record, 0o600)
