"""`python -m benchmarks.fleet [--hosts N] [--store-hosts N]`: CPU seconds and MiB of a process tree.

Growth is the exponent between half the hosts and all of them. `diff` of the same files, one
reference and the rest, is measured beside `fleet diff`. `result.txt` is a run that `docs/cost.md`
shows.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.fleet.hosts import DRIFTS, Fleet
from benchmarks.speed.__main__ import machine
from envsnap.api import capture
from envsnap.fleet import adding, answers, store
from envsnap.intake.many import Answer, Reader
from envsnap.model import codec
from envsnap.targets.interpreter import Interpreter

ENVSNAP = str(Path(sys.executable).parent / "envsnap")
SHAPES = ("few", "skewed", "noise")
MEASURE = (
    "import os, resource, subprocess, sys\n"
    "code = subprocess.call(sys.argv[2:], stdout=open(sys.argv[1], 'wb'))\n"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code)\n"
)


def measured(command: list[str], output: Path) -> tuple[float, float, int]:
    """CPU seconds, peak MiB and the exit code of a command."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(output), *command],
        check=True,
        capture_output=True,
        text=True,
    )
    cpu, peak, code = done.stdout.split()
    return float(cpu), float(peak), int(code)


def median(command: list[str], output: Path, repeats: int = 3) -> tuple[float, float, int]:
    """The median run by CPU."""
    runs = sorted(measured(command, output) for _ in range(repeats))
    return runs[len(runs) // 2]


def say(what: str, value: str, bound: str = "") -> None:
    """Print one measurement beside its bound."""
    print(f"{what:58} {value:>24}   {bound}", flush=True)


def files(folder: Path, base: dict[str, object], count: int, shapes: Sequence[str]) -> None:
    """`fleet diff` of files, against `diff` of the same."""
    for shape in shapes:
        place = folder / shape
        place.mkdir()
        for name, data in Fleet(base, shape).hosts(count):
            (place / f"{name}.json").write_bytes(data)
        half = folder / f"{shape}-half"
        half.mkdir()
        for path in sorted(place.iterdir())[: count // 2]:
            os.link(path, half / path.name)
        out = folder / "out"
        cpu, peak, _ = median([ENVSNAP, "fleet", "diff", str(place)], out)
        lines = out.read_text().count("\n")
        less, _, _ = median([ENVSNAP, "fleet", "diff", str(half)], folder / "rest")
        say(f"fleet diff, {count} manifests, {shape}", f"{cpu:.2f} s {peak:.0f} MiB", "40 MiB")
        say("  lines, growth", f"{lines}, {math.log2(cpu / less):.2f}", "60, 1.10")
        if shape == "few":
            found = [name for name, row in DRIFTS.items() if row[3] in out.read_text()]
            say("  planted drifts found", f"{len(found)} of {len(DRIFTS)}", "all")
            all_files = [str(path) for path in sorted(place.iterdir())]
            once, peak, _ = measured([ENVSNAP, "diff", *all_files], folder / "diff")
            say(f"diff of the same {count} files", f"{once:.2f} s {peak:.0f} MiB", "")


def stored(folder: Path, base: dict[str, object], count: int, shapes: Sequence[str]) -> None:
    """A store: adding, size, and what a query costs."""
    for shape in shapes:
        costs = []
        for hosts in (count // 2, count):
            place = str(folder / f"store-{shape}-{hosts}")
            making = Making()
            before = time.process_time()
            with store.opened(place, create=True) as opened:
                adding.add_answers(opened, _answers(base, shape, hosts, making))
            ingest = time.process_time() - before - making.seconds
            size = os.path.getsize(os.path.join(place, store.INDEX)) / 1e6
            query = median([ENVSNAP, "fleet", "diff", place], folder / "out")
            costs.append((ingest, query[0], size))
            say(
                f"store, {hosts} hosts of {making.bytes / 1e6:.0f} MB, {shape}: add, size",
                f"{ingest:.1f} s {size:.1f} MB",
            )
            say("  fleet diff STORE", f"{query[0]:.2f} s {query[1]:.0f} MiB", "1 s, 50 MiB")
        growth = [math.log2(costs[1][part] / costs[0][part]) for part in range(3)]
        say("  growth: add, query, size", " ".join(f"{item:.2f}" for item in growth), "1.10")


class Making:
    """What it cost to make the hosts, which is no part of adding them."""

    def __init__(self) -> None:
        self.seconds, self.bytes = 0.0, 0

    def each(self, hosts: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """The hosts, counted."""
        while True:
            before = time.process_time()
            host = next(hosts, None)
            self.seconds += time.process_time() - before
            if host is None:
                return
            self.bytes += len(host[1])
            yield host


def _answers(
    base: dict[str, object], shape: str, count: int, making: Making
) -> Iterator[tuple[tuple[str, ...], Answer]]:
    reader, taken = Reader(), set[str]()
    for name, data in making.each(Fleet(base, shape).hosts(count)):
        answer = reader.answer(data, name, name)
        yield answers.names(answer, taken), answer
        reader.forget()


def main() -> None:
    """Make the fleets, and measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--hosts", type=int, default=1000)
    options.add_argument("--store-hosts", type=int, default=100_000)
    options.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    chosen = options.parse_args()
    print("{day}: {cpu}, {cores} cores, Python {python}".format_map(machine()), flush=True)
    real = capture(Interpreter(sys.executable), import_frameworks=False)
    base = json.loads(codec.encode(real))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.hosts:
            files(folder, base, chosen.hosts, chosen.shapes)
        if chosen.store_hosts:
            stored(folder, base, chosen.store_hosts, chosen.shapes)


if __name__ == "__main__":
    main()
