"""Options of `envsnap bisect`, its question, and what it shows while it works."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from envsnap.cli import declared, outputs
from envsnap.cli.echo import echo
from envsnap.errors import InputError
from envsnap.report import bisection_formats

if TYPE_CHECKING:
    from envsnap.bisection.result import Bisection, Plan
    from envsnap.bisection.session import Options, Progress

Command = TypeVar("Command", bound=Callable[..., object])
AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([a-z]*)", re.IGNORECASE)
TIMES = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SIZES = {
    "": 1.0,
    "m": float(1 << 20),
    "mib": float(1 << 20),
    "g": float(1 << 30),
    "gib": float(1 << 30),
}
SHOWN_EVERY = 0.2
OPEN = (
    "the command runs many times, each time with its own home, temporary folders and {where}. "
    "Databases, queues, the network and other files are not isolated."
)


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """A number with a unit."""

    def __init__(self, name: str, units: dict[str, float], examples: str) -> None:
        self.name, self._units, self._examples = name, units, examples

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number in the smallest unit."""
        match = AMOUNT.fullmatch(str(value))
        factor = self._units.get(match.group(2).lower()) if match else None
        if match is None or factor is None or float(match.group(1)) <= 0:
            self.fail(f"{value!r}: write {self._examples}", param, ctx)
        return float(match.group(1)) * factor


TIME = Amount("time", TIMES, "90, 90s, 30m or 2h")
SIZE = Amount("size", SIZES, "500m or 10g")


def _added(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def run_options(command: Command) -> Command:
    """Add the options that say how the command is run and judged."""
    return _added(
        command,
        declared.option(
            "--file", "files", multiple=True, metavar="NAME=GOOD:BAD",
            help="A file that differs: its good and its bad version. Config files are varied "
            "one value at a time.",
        ),
        declared.option(
            "--oracle", metavar="FILE.esr",
            help="Judge by a recording of the good run (`envsnap record`) instead of by the "
            "exit code.",
        ),
        declared.option(
            "--oracle-output", metavar="FILE",
            help="Judge by the exact bytes of a file that the command writes; - is standard "
            "output.",
        ),
        declared.option("--python", metavar="PATH", help="Python to build the environments with."),
        declared.option("--find-links", metavar="FOLDER", help="Folder of wheels that no index has."),
        declared.option("--timeout", type=TIME, help="Time limit of one run. [default: 20 times a run of GOOD, at least 1m]"),
        declared.option(
            "--in", "image", metavar="IMAGE",
            help="Run everything in containers of this image, with its Python and libraries.",
        ),
        declared.option("--in-place", is_flag=True, help="Run in this folder, not in a copy of it."),
        declared.option("--yes", is_flag=True, help="Do not ask before the first run."),
    )  # fmt: skip


def search_options(command: Command) -> Command:
    """Add the options that say how long to search, and what to keep."""
    return _added(
        command,
        declared.option(
            "--repeat", type=declared.Number(1, 100_000, whole=True), metavar="N",
            help="Run GOOD and BAD this many times before the search. [default: until decided]",
        ),
        declared.option("--budget", type=TIME, help="Stop after this time and report the result so far."),
        declared.option("--max-trials", type=declared.Number(1, whole=True), metavar="N", help="Stop after N trials."),
        declared.option(
            "--jobs", type=declared.Number(1, 64, whole=True), default=1, show_default=True, metavar="N",
            help="Run this many at a time. They must not share ports or GPUs.",
        ),
        declared.option("--plan", is_flag=True, help="Show differences, order and estimate; run nothing."),
        declared.option("--resume", is_flag=True, help="Continue an interrupted bisection."),
        declared.option("--log", metavar="FILE", help="Log of the trials. [default: in the cache]"),
        declared.option(
            "--cache-limit", type=SIZE, default="10g", show_default=True,
            help="Empty the download cache first if it is larger than this.",
        ),
        declared.option(
            "--keep-case", metavar="FILE", help="Write what was proven as a case for benchmarks.root_cause."
        ),
    )  # fmt: skip


def report_options(command: Command) -> Command:
    """Add the options of the report."""
    return _added(
        command,
        declared.option(
            "--format", "style", type=declared.Choice(bisection_formats.NAMES), default="terminal",
            show_default=True, help="Format of the report.",
        ),
        declared.option(
            "--color", type=declared.Choice(["auto", "always", "never"]), default="auto",
            help="Colours in the terminal format.",
        ),
        declared.option("-o", "--output", default="-", help="Write the report here; - is standard output."),
    )  # fmt: skip


def read(chosen: dict[str, Any]) -> Options:
    """The options of a bisection, from those of the command line."""
    from envsnap.bisection.session import Options

    if chosen["oracle"] is not None and chosen["oracle_output"] is not None:
        raise InputError("--oracle and --oracle-output exclude each other; use one")
    return Options(
        files=chosen["files"],
        recording=chosen["oracle"],
        output=chosen["oracle_output"],
        repeat=chosen["repeat"],
        budget=chosen["budget"],
        max_trials=chosen["max_trials"],
        jobs=chosen["jobs"],
        python=chosen["python"],
        find_links=None if chosen["find_links"] is None else os.path.abspath(chosen["find_links"]),
        timeout=chosen["timeout"],
        in_place=chosen["in_place"],
        image=chosen["image"],
        log=chosen["log"],
        resume=chosen["resume"],
        cache_limit=int(chosen["cache_limit"]),
    )


def require_consent(*, yes: bool, in_place: bool) -> None:
    """Say what stays open to the command, and ask; without a terminal --yes is the answer."""
    where = "cache, in this folder itself" if in_place else "copy of this folder"
    echo(f"envsnap: {OPEN.format(where=where)}", err=True)
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError("there is no terminal to ask on; add --yes to run it all the same")
    if not click.confirm("envsnap: run it?", err=True):
        raise click.Abort


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Say how to go on after Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        echo("envsnap: interrupted; the same command with --resume goes on from its log", err=True)
        raise


class Display:
    """One line on a terminal: what is done, what is left, and what the command says."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._shown = 0.0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            echo("\r\x1b[K", nl=False, err=True)

    def tell(self, progress: Progress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if not self._on or now - self._shown < SHOWN_EVERY:
            return
        self._shown = now
        from envsnap.report.sanitize import plain

        left = f", about {_time(progress.seconds_left)} left" if progress.seconds_left else ""
        line = (
            f"trial {progress.trials}, run {progress.runs}, {_time(now - self._began)}{left};"
            f" {progress.left} candidates, first {progress.suspect or '(both ends)'}: "
            f"{progress.line}"
        )
        width = shutil.get_terminal_size().columns - 1
        echo(f"\r\x1b[K{plain(line)[:width]}", nl=False, err=True)


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}m{whole % 60:02d}s" if whole >= 60 else f"{whole}s"


def finish_plan(prepared: Plan, style: str, output: str, sides: tuple[str, str]) -> int:
    """Write a plan."""
    text = bisection_formats.plan(prepared, style)
    outputs.write(text.encode("utf-8", "backslashreplace"), output, outputs.mode_of(*sides))
    return 0


def finish(found: Bisection, style: str, output: str, color: str, sides: tuple[str, str]) -> int:
    """Write the report, no more open than the manifests of its sides; return its exit code."""
    to_terminal = output == "-" and sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if to_terminal else None
    encoding = (sys.stdout.encoding if output == "-" and style != "html" else None) or "utf-8"
    text = bisection_formats.render(
        found,
        style,
        color=outputs.wants_color(color, to_terminal),
        width=width,
        ascii_only=not outputs.can_show(encoding, "●▲✕·…"),
    )
    outputs.write(text.encode(encoding, "backslashreplace"), output, outputs.mode_of(*sides))
    return found.exit_code
