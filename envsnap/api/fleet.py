"""Many hosts: captured, compared as peers, kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from envsnap.api.environments import DEFAULT_DEADLINE, capture

if TYPE_CHECKING:
    from envsnap.fleet.adding import Added
    from envsnap.fleet.capturing import Captured, Whom
    from envsnap.fleet.past import Past
    from envsnap.fleet.ranks import KeyValues
    from envsnap.fleet.verdict import Verdict
    from envsnap.model.manifest import Manifest
    from envsnap.rules.ruling import Policy


def judge_fleet(
    paths: Sequence[str],
    *,
    golden: Manifest | None = None,
    inventory: Sequence[str] = (),
    by_hardware: bool = False,
    policy: Policy | None = None,
) -> Verdict:
    """Return the state of every host in folders, stores and files.

    `inventory` names the hosts that should be there. `by_hardware` compares only hosts with the same
    models of GPU and processor. Raises InputError.
    """
    import contextlib

    from envsnap.fleet import gathering, judge, kinds

    with contextlib.ExitStack() as opened:
        fleet = gathering.read(paths, opened, inventory)
        asked = judge.Asked(
            golden=golden,
            inventory=fleet.inventory,
            by_hardware=by_hardware,
            notes=fleet.notes,
        )
        found = kinds.grouped(fleet.same)
        found = kinds.Kinds(kinds=found.kinds, noise=(*fleet.noise, *found.noise))
        return judge.judge(fleet.names, found, fleet.silent, asked, policy)


def passed_over(paths: Sequence[str]) -> list[str]:
    """Return the files of folders of answers that `judge_fleet` and `add_to_store` do not read.

    An answer's file ends in .json or .facts. Stores have none.
    """
    from envsnap.fleet import answers, store

    return answers.passed_over([path for path in paths if not store.is_store(path)])


def add_to_store(path: str, paths: Sequence[str], *, keep_days: float | None = None) -> Added:
    """Add the answers in folders and files to a store; a new store is created.

    With `keep_days`, states of hosts that ended longer ago are deleted. Raises InputError.
    """
    from envsnap.fleet import adding, store

    with store.opened(path, create=True) as opened:
        return adding.add(opened, paths, keep_days)


def fleet_history(path: str, *, host: str | None = None, since: str | None = None) -> Past:
    """Return what changed in a store since a time, and the kinds of hosts. Raises InputError."""
    from envsnap.fleet import past, store

    with store.opened(path) as opened:
        return past.past(opened, host, since)


def export_store(path: str, folder: str) -> int:
    """Write a store as Parquet; return the number of hosts. Raises InputError."""
    from envsnap.fleet import export, store

    with store.opened(path) as opened:
        return export.parquet(opened, folder)


def capture_fleet(
    folder: str,
    *,
    python: str | None = None,
    import_frameworks: bool = True,
    env: Sequence[str] = (),
    redaction_key: bytes = b"",
    deadline: float = DEFAULT_DEADLINE,
    **whom: Unpack[Whom],
) -> Captured:
    """Capture every host of one engine into a folder.

    `whom` names the engine and its hosts: hosts, slurm, ray (with actors), dask, or kubernetes (with
    namespace and container), and also inventory and fanout. `envsnap.fleet.capturing.Whom` describes
    each. Returns five seconds after `deadline` (seconds) at the latest. Raises InputError if no hosts
    are named, and TargetError if the engine itself cannot be reached.
    """
    from envsnap.fleet import capturing
    from envsnap.fleet.engines.asked import Probing

    options: dict[str, object] = {
        "configs": [],
        "weights": [],
        "data": [],
        "env": list(env),
        "import": import_frameworks,
        "verify_files": False,
        "redaction_key": redaction_key.hex(),
    }
    return capturing.capture(folder, whom, Probing(options=options, python=python), deadline)


def capture_rank(
    folder: str,
    *,
    deadline: float = DEFAULT_DEADLINE,
    store: KeyValues | None = None,
    python: str | None = None,
    env: Sequence[str] = (),
    redaction_key: bytes = b"",
) -> dict[str, str] | None:
    """Capture this rank of a distributed job. No collective operation is used.

    Rank 0 waits for the other ranks. It returns the ranks that did not answer, each with the reason.
    A rank that cannot be captured records the reason and raises it.

    Args:
        folder: Where manifests are written. Without a store, all ranks must share it.
        deadline: Time limit in seconds.
        store: The job's key-value store, for example torch.distributed's TCPStore.
        python: Capture this interpreter instead of the calling program.
        env: Further environment variables whose values to record.
        redaction_key: A key of `api.redaction`, to compare values that are left out.

    """
    import os
    import time

    from envsnap.errors import EnvsnapError
    from envsnap.fleet import ranks
    from envsnap.model import codec
    from envsnap.targets import interpreter

    end = time.monotonic() + deadline
    rank, size = ranks.who(os.environ)
    failure: EnvsnapError | None = None
    try:
        place = interpreter.named(python) if python is not None else None
        made = capture(
            place,
            label=ranks.name(rank, size),
            env=env,
            redaction_key=redaction_key,
            deadline=deadline,
        )
        answer = codec.encode(made)
    except EnvsnapError as error:
        failure, answer = error, ranks.refusal(str(error))
    job = ranks.Job(folder=folder, rank=rank, size=size, deadline=deadline, end=end, store=store)
    silent = ranks.gather(job, answer)
    if failure is not None:
        raise failure
    return silent
