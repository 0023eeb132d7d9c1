"""Whose code an interpreter would run: its own, its environment's, and what start-up reads there."""

from __future__ import annotations

import os
import sys

from envsnap.errors import TargetError

Identity = tuple[int, int, list[int]]


def identity(python: str) -> Identity | None:
    """Whom to run this Python as; None for ourselves.

    Root runs an environment of another user as that user: `site` runs code that lies there before
    the probe begins. The Python that runs envsnap itself is trusted already. Raises TargetError
    where several users own parts of it.
    """
    if os.geteuid() != 0 or os.path.realpath(_prefix(python)) == os.path.realpath(sys.prefix):
        return None
    owners = {status.st_uid: status for path in _parts(python) if (status := _status(path))}
    owners.pop(0, None)
    if not owners:
        return None
    if len(owners) > 1:
        raise TargetError(
            f"{python}: parts of it belong to {len(owners)} users ({', '.join(map(_name, sorted(owners)))});"
            " run envsnap as one of them"
        )
    ((uid, status),) = owners.items()
    return (uid, *_groups(uid, status.st_gid))


def _prefix(python: str) -> str:
    """The folder of the environment: two above the interpreter, links not followed."""
    return os.path.dirname(os.path.dirname(os.path.abspath(python)))


def _parts(python: str) -> list[str]:
    """What decides which code runs: the interpreter, its environment, and its packages."""
    prefix = _prefix(python)
    lib = os.path.join(prefix, "lib")
    found = [python, os.path.realpath(python)]
    # The interpreter of a system lies in folders of everybody; an environment has this file.
    if os.path.isfile(os.path.join(prefix, "pyvenv.cfg")) or _is_conda(prefix):
        found += [prefix, os.path.join(prefix, "pyvenv.cfg"), os.path.dirname(python)]
    try:
        names = [name for name in os.listdir(lib) if name.startswith("python")]
    except OSError:
        names = []
    for name in names[:10]:
        found += [os.path.join(lib, name), os.path.join(lib, name, "site-packages")]
    return found


def _is_conda(prefix: str) -> bool:
    return os.path.isdir(os.path.join(prefix, "conda-meta"))


def _status(path: str) -> os.stat_result | None:
    """Who owns a path itself; a link's owner chooses where it leads."""
    try:
        return os.lstat(path)
    except OSError:
        return None


def _groups(uid: int, group: int) -> tuple[int, list[int]]:
    """The groups that a user has; those of the file where nobody of this number is known."""
    import pwd

    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return group, []
    return known.pw_gid, os.getgrouplist(known.pw_name, known.pw_gid)


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
