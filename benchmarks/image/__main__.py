"""`python -m benchmarks.image [--repeats N]`: what the change of one small pin costs to build.

Three layouts of one environment (torch for the CPU with a web framework, all wheels at hand, so
that no network counts): as envsnap writes it, in one layer as it once did, and as a
person would write it, with torch in a layer of its own. One pin changes; the three are rebuilt in
turn, each time with another version of it. Times are CPU seconds of the engine and its steps, and
wall seconds, which a busy machine spoils. Bytes are those of layers that are new.

The engine keeps about 20 GB of build cache afterwards (docker builder prune).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.image import engine_cpu, layouts
from envsnap.image.building import build
from tests import engine as engines

ENVSNAP = str(Path(sys.executable).parent / "envsnap")
PACKAGES = (
    "torch==2.13.0+cpu", "filelock==3.16.1", "fsspec==2024.9.0", "jinja2==3.1.4",
    "markupsafe==3.0.1", "mpmath==1.3.0", "networkx==3.4.1", "numpy==1.26.4", "sympy==1.13.3",
    "typing-extensions==4.12.2", "fastapi==0.115.4", "uvicorn==0.32.0", "starlette==0.41.2",
    "pydantic==2.9.2", "pydantic-core==2.23.4", "annotated-types==0.7.0", "anyio==4.6.2",
    "sniffio==1.3.1", "click==8.1.7", "h11==0.14.0",
)  # fmt: skip
CHANGED = ("idna==3.10", "idna==3.9", "idna==3.8", "idna==3.7", "idna==3.6", "idna==3.4")
PYTHON = (
    "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64", "--python-version", "3.11",
)  # fmt: skip
BASE, FRESH = "debian:bookworm", "envsnap-benchmark:base"
SERVER = "import torch\nprint(torch.ones(2))\n"
VENV = "/srv/venv/bin/pip install -q --no-deps --no-index --find-links /srv/wheels"


class Built(Struct, frozen=True, kw_only=True):
    """One build: its image, and what it took."""

    image: str
    wall: float  # seconds
    cpu: float  # seconds; zero where the engine is elsewhere


def wheels(folder: Path, packages: tuple[str, ...]) -> None:
    """Have the wheels of these packages in a folder."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
         *PYTHON, "-d", str(folder), *packages],
        check=True,
    )  # fmt: skip


def fresh(engine: Any, base: str) -> str:
    """Return the base as an image that no earlier run has built on: nothing comes from a cache."""
    files: layouts.Files = {
        "Dockerfile": f"FROM {base}\nCOPY run /srv/run\n".encode(),
        "run": os.urandom(16).hex().encode(),
    }
    engine.images.get(build.build(engine, files, tell=_silent)).tag(FRESH)
    return FRESH


def contexts(engine: Any, base: str, folder: Path, pins: tuple[str, ...]) -> list[Path]:
    """Capture an image for each pin, which somebody made with pip, and write its build context."""
    store = folder / "wheels"
    wheels(store, PACKAGES)
    for pin in pins:
        wheels(store, (pin,))
    (folder / "app").mkdir()
    (folder / "app" / "serve.py").write_text(SERVER)
    listed = " ".join(path.name for path in sorted(store.iterdir()))
    first = [f"FROM {base}", f"COPY {listed} /srv/wheels/",
             f"RUN python3 -m venv /srv/venv && {VENV} {' '.join(PACKAGES)}"]  # fmt: skip
    found = []
    for number, pin in enumerate(pins):
        lines = [*first, f"RUN {VENV} {pin}", 'ENV PATH="/srv/venv/bin:$PATH"']
        files: layouts.Files = {path.name: path for path in store.iterdir()}
        files["Dockerfile"] = "\n".join(lines).encode()
        image = build.build(engine, files, tell=_silent)
        options = (
            "--base-image",
            f"{BASE}={base}",
            "--find-links",
            str(store),
            "--resolve",
            "--app",
            "app",
            "--cmd",
            "python serve.py",
        )
        _envsnap(folder, "capture", "--image", image, "-o", f"{number}.json")
        engine.images.remove(image, force=True)
        _envsnap(folder, "dockerfile", f"{number}.json", "-o", f"context-{number}", *options)
        found.append(folder / f"context-{number}")
    return found


def _envsnap(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [ENVSNAP, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"envsnap {arguments[0]}: {done.stderr}")


def _silent(step: int, steps: int, text: str) -> None:
    del step, steps, text


def built(engine: Any, files: layouts.Files, pid: int | None) -> Built:
    """Build with whatever the engine has in its cache, and say what it took."""
    before, started = (engine_cpu.seconds(pid) if pid else 0.0), time.perf_counter()
    image = build.build(engine, files, tell=_silent)
    wall = time.perf_counter() - started
    cpu = engine_cpu.seconds(pid) - before if pid else 0.0
    return Built(image=image, wall=wall, cpu=cpu)


def sizes(engine: Any, image: str) -> list[int]:
    """Bytes of an image's layers, the lowest first; empty layers are left out."""
    return [item["Size"] for item in reversed(engine.images.get(image).history()) if item["Size"]]


def new_bytes(engine: Any, before: str, after: str) -> int:
    """Bytes of the layers that the second image does not share with the first."""
    one, two = (engine.images.get(name).attrs["RootFS"]["Layers"] for name in (before, after))
    shared = 0
    while shared < len(one) and one[shared] == two[shared]:
        shared += 1
    return sum(sizes(engine, after)[shared:])


@contextmanager
def folder_of(keep: Path | None) -> Iterator[str]:
    """The folder of the contexts: the one that was named, or one for the time of the run."""
    if keep is None:
        with tempfile.TemporaryDirectory() as place:
            yield place
    else:
        keep.mkdir(parents=True)
        yield str(keep)


def report(engine: Any, runs: dict[str, list[Built]]) -> None:
    """Print each layout's figures, and the ratios that are promised."""
    medians = {}
    print(f"{'layout':22} {'CPU s':>7} {'wall s':>7} {'new MB':>8} {'image MB':>9}")
    for name, found in runs.items():
        changed = [new_bytes(engine, found[0].image, item.image) for item in found[1:]]
        whole = engine.images.get(found[-1].image).attrs["Size"]
        row = (
            statistics.median(item.cpu for item in found[1:]),
            statistics.median(item.wall for item in found[1:]),
            statistics.median(changed),
            whole,
        )
        medians[name] = row
        print(f"{name:22} {row[0]:7.1f} {row[1]:7.1f} {row[2] / 1e6:8.1f} {row[3] / 1e6:9.1f}")
    ours, before = medians["envsnap"], medians["one layer"]
    hand = min(row[3] for name, row in medians.items() if name.startswith("by hand"))
    print(
        f"{'rebuild, CPU / one layer':40} {ours[0] / before[0] if before[0] else 0:6.3f}   at most 0.25"
    )
    print(f"{'rebuild, wall / one layer':40} {ours[1] / before[1]:6.3f}   at most 0.25")
    print(f"{'new bytes / one layer':40} {ours[2] / before[2]:6.3f}   at most 0.2")
    print(f"{'image / the smallest by hand':40} {ours[3] / hand:6.3f}   at most 1")


def main() -> None:
    """Build each layout, then change the pin and build again, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, choices=range(1, len(CHANGED)))
    parser.add_argument("--json", type=Path, help="write every single figure here, too")
    parser.add_argument("--keep", type=Path, help="make the contexts in this folder, and keep them")
    asked = parser.parse_args()
    pid = engine_cpu.process()
    with engines.session() as engine, folder_of(asked.keep) as place:
        base = fresh(engine, engines.debian(engine, BASE))
        pins = CHANGED[: asked.repeats + 1]
        runs: dict[str, list[Built]] = {}
        for folder in contexts(engine, base, Path(place), pins):
            ways = {
                "envsnap": layouts.today(folder),
                "one layer": layouts.one_layer(folder),
                "by hand": layouts.by_hand(folder, base, mounted=False),
                "by hand, BuildKit": layouts.by_hand(folder, base, mounted=True),
            }
            for name, files in ways.items():
                runs.setdefault(name, []).append(built(engine, files, pid))
                print(f"  {folder.name} {name}: {runs[name][-1]}", file=sys.stderr, flush=True)
        load = os.getloadavg()[0]
        print(
            f"{asked.repeats} changes of one pin, median; load {load:.1f} on {os.cpu_count()} cores"
        )
        report(engine, runs)
        for item in (item for found in runs.values() for item in found):
            engine.images.remove(item.image, force=True)
        engine.images.remove(FRESH, force=True)
        if asked.json:
            rows = {name: [(item.cpu, item.wall) for item in found] for name, found in runs.items()}
            asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
