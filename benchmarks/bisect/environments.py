"""`python -m benchmarks.bisect.environments PINS…`: CPU of one more environment, and disk.

PINS are requirement files with exact versions, for example of 200 packages without torch and of
some with it. The first environment fills the cache and imports everything once, so that byte code
is known; the following ones differ from it and are measured: CPU of the whole process tree.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import sysconfig

from envsnap.bisection.environments import Environments, Tools
from envsnap.bisection.store import Session, Store
from envsnap.bisection.supervised import run
from envsnap.image.locking.uv import executable

ROUNDS = 5
IMPORT_ALL = """
import importlib, importlib.metadata as m
for names in (d.read_text("top_level.txt") or "" for d in m.distributions()):
    for name in names.split():
        try: importlib.import_module(name)
        except BaseException: pass
"""


def cpu() -> float:
    """Seconds of this process and of all that ended below it."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def private(folder: str) -> int:
    """Bytes on the disk that a folder shares with nothing: its folders, and files of one link."""
    total = 0
    for inner, _, names in os.walk(folder):
        total += os.lstat(inner).st_blocks * 512
        for name in names:
            found = os.lstat(os.path.join(inner, name))
            total += found.st_blocks * 512 if found.st_nlink == 1 else 0
    return total


def measure(path: str) -> str:
    """One row."""
    with open(path, encoding="utf-8") as stream:
        lines = [line.split()[0] for line in stream if "==" in line and not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    store = Store()
    session = Session(store)
    try:
        tag = sysconfig.get_config_var("SOABI")
        tools = Tools(python=sys.executable, tag=tag, uv=executable(), cache=store.uv)
        made = Environments(store, session, tools)
        first = made.get(pins)
        run(
            [first.python, "-c", IMPORT_ALL], folder=session.folder,
            variables={"PATH": os.defpath}, timeout=600,
        )  # fmt: skip
        made.after(first)
        costs = []
        for name in list(pins)[:ROUNDS]:
            before = cpu()
            last = made.get({other: version for other, version in pins.items() if other != name})
            costs.append(cpu() - before)
        disk, own = store.size(), private(last.folder)
    finally:
        session.close()
    return (
        f"{path}: {len(pins)} packages, {len(first.installed.bytecode)} files of byte code,"
        f" {statistics.median(costs):.2f} s of CPU, {own / 1e6:.1f} MB of its own,"
        f" cache {disk / 1e6:.0f} MB"
    )


def main() -> None:
    """Print a row a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pins", nargs="+")
    for path in parser.parse_args().pins:
        print(measure(path))


if __name__ == "__main__":
    main()
