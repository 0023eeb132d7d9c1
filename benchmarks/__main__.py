"""`python -m benchmarks [--quick]`: every promised ratio, in one run on one machine.

Ratios, not seconds: the commands of a ratio run alternately, the CPU time of each one's process
tree is taken, and the medians are compared (the best wall time misled: 0.83 printed, 1.01 by
CPU). Hashing is compared by wall time, since it uses several cores. Nothing is judged here; the
bound is printed beside the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.cpu import medians

HERE = Path(__file__).parent
ENVSNAP = str(Path(sys.executable).parent / "envsnap")
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
WEIGHT_BYTES = 512 << 20


def line(what: str, ratio: float, bound: str) -> None:
    """Print one ratio beside its bound."""
    print(f"{what:58} {ratio:6.2f}   {bound}", flush=True)


def start_up(folder: Path, repeats: int) -> None:
    """--version and diff against an empty Python."""
    bare = [sys.executable, "-c", "pass"]
    base, version = medians([bare, [ENVSNAP, "--version"]], repeats)
    line("envsnap --version / python -c pass", version / base, "at most 2")
    names = [str(folder / "a.json"), str(folder / "b.json")]
    json_out, never = ["--format", "json"], ["--fail-on", "never"]
    base, told, shown, checked = medians(
        [
            bare,
            [ENVSNAP, "diff", *names, *json_out, *never],
            [ENVSNAP, "diff", *names, *never],
            [ENVSNAP, "check", names[0], *json_out, *never],
        ],
        repeats,
    )
    line("envsnap diff, 150-package manifests, JSON / python -c pass", told / base, "at most 8")
    line("envsnap diff, terminal / python -c pass", shown / base, "at most 9")
    line("envsnap check, JSON / python -c pass", checked / base, "at most 9")


def captures(folder: Path, python: str, repeats: int) -> None:
    """Capture without imports against pip list, on an environment of 150 and more packages."""
    capture = [ENVSNAP, "capture", "--no-import", "--python", python, "-o", str(folder / "a.json")]
    pip = [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    ran, listed = medians([capture, pip], repeats)
    count = len(json.loads((folder / "a.json").read_text())["sections"]["packages"]["entries"])
    line(f"envsnap capture --no-import, {count} packages / pip list", ran / listed, "at most 0.35")
    tree = json.loads((folder / "a.json").read_text())
    for index, package in enumerate(tree["sections"]["packages"]["entries"].values()):
        if index % 5 == 0:
            package["version"] = f"9{package['version']}"
    cut = folder / "cut.json"
    cut.write_text(json.dumps(tree))
    seal = [ENVSNAP, "capture", "--seal", str(cut), "-o", str(folder / "b.json")]
    subprocess.run(seal, check=True, capture_output=True)


def with_torch(folder: Path, python: str, repeats: int) -> None:
    """Capture with torch's import against that import alone."""
    if subprocess.run([python, "-c", "import torch"], check=False, capture_output=True).returncode:
        print("no torch here: its ratio is not measured")
        return
    capture = [ENVSNAP, "capture", "--python", python, "-o", str(folder / "torch.json")]
    ran, imported = medians([capture, [python, "-c", "import torch"]], max(3, repeats // 2))
    line("envsnap capture with torch / python -c 'import torch'", ran / imported, "at most 1.15")


def weights(folder: Path) -> None:
    """Hashing against sha256sum; several files; an unchanged file."""
    env = {**ENVIRONMENT, "XDG_CACHE_HOME": str(folder / "cache")}
    files = [folder / f"w{index}.bin" for index in range(4)]
    with files[0].open("wb") as stream:
        for _ in range(WEIGHT_BYTES >> 20):
            stream.write(os.urandom(1 << 20))
    for other in files[1:]:
        shutil.copy(files[0], other)

    def seconds(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    def capture(paths: list[Path], *, known: bool = False) -> float:
        if not known:
            shutil.rmtree(folder / "cache", ignore_errors=True)
        options = [word for path in paths for word in ("--weights", str(path))]
        command = [ENVSNAP, "capture", "--no-import", *options, "-o", str(folder / "w.json")]
        return seconds(
            lambda: subprocess.run(command, env=env, check=True, stderr=subprocess.DEVNULL)
        )

    time.sleep(2.5)  # files younger than two seconds are not cached
    nothing = min(capture([]) for _ in range(3))
    summed = min(
        seconds(lambda: subprocess.run(["sha256sum", files[0]], check=True, capture_output=True))
        for _ in range(3)
    )
    one = min(capture(files[:1]) for _ in range(3)) - nothing
    four = min(capture(files) for _ in range(2)) - nothing
    line("bytes/s of one file / bytes/s of sha256sum", summed / one, "at least 1")
    line(f"bytes/s of four files / of one ({os.cpu_count()} cores)", 4 * one / four, "scales")
    capture(files)
    again = max(0.0, capture(files, known=True) - nothing)
    line("time of four unchanged files / of four new ones", again / four, "near 0: none is read")


def failure_text(folder: Path, size: int) -> None:
    """Reading a log of a gigabyte against counting its lines: CPU, and the largest memory."""
    log = folder / "train.log"
    piece = "".join(
        f"2026-11-27 10:00:00,123 INFO [rank{number % 8}]: step {number} loss 0.{number:06} ok\n"
        for number in range(20_000)
    ).encode()
    with log.open("wb") as stream:
        for _ in range(size // len(piece)):
            stream.write(piece)
        stream.write(b"RuntimeError: CUDA error: no kernel image is available for execution\n")
    check = [ENVSNAP, "check", str(folder / "a.json"), "--fail-on", "never"]
    short = folder / "short.log"
    short.write_bytes(b"x\n")
    counted, read, nothing = medians(
        [
            ["wc", "-l", str(log)],
            [*check, "--error-text", str(log)],
            [*check, "--error-text", str(short)],
        ],
        3,
    )
    what = f"error text of {size >> 20} MiB"
    line(f"{what} / wc -l", read / counted, "at most 20")
    line(f"{what}, less a check with a short text / wc -l", (read - nothing) / counted, "")
    most = largest_memory([*check, "--error-text", str(log)])
    line(f"{what}, MB of memory", most / 1e6, "at most 100")
    log.unlink()


def largest_memory(command: list[str]) -> int:
    """The largest resident set of a command, in bytes."""
    told = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
    )
    told += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", told, *command], check=True, capture_output=True, text=True
    )
    return int(done.stdout) * 1024


def environment(folder: Path) -> Iterator[str]:
    """A virtual environment with 150 and more packages, made anew or named by the caller."""
    named = os.environ.get("ENVSNAP_BENCHMARK_PYTHON")
    if named:
        yield named
        return
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    python = str(folder / "env" / "bin" / "python")
    print("installing the environment of benchmarks/packages.txt …", file=sys.stderr)
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-r", str(HERE / "packages.txt")],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    yield python


def main() -> None:
    """Print all ratios."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller weights")
    parser.add_argument(
        "--torch-python",
        default=os.environ.get("ENVSNAP_TEST_TORCH_PYTHON", sys.executable),
        help="an interpreter that has torch",
    )
    arguments = parser.parse_args()
    repeats = 5 if arguments.quick else 15
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for python in environment(folder):
            captures(folder, python, repeats)
            start_up(folder, repeats)
            with_torch(folder, arguments.torch_python, repeats)
            weights(folder)
            failure_text(folder, (256 if arguments.quick else 1024) << 20)


if __name__ == "__main__":
    main()
