"""Writes what several commands give: a file or standard output, reports, exit codes."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from envsnap.cli import declared
from envsnap.errors import InputError
from envsnap.report.formats import IN_FILES, NAMES

if TYPE_CHECKING:
    from envsnap.model.manifest import Manifest
    from envsnap.report.document import Judged, Report
    from envsnap.rules.engine import Result

Command = TypeVar("Command", bound=Callable[..., object])
UNKNOWN = 6
# In step with `trouble.SYMPTOMS`, which no command line has to load.
SYMPTOMS = ("crash", "wrong", "slower", "hang", "memory")
LEVELS = ("error", "warning", "info", "never")


def write(data: bytes, output: str, mode: int) -> None:
    """Write to a file atomically, or to standard output for `-`."""
    if output == "-":
        left = memoryview(data)
        while left:  # with PYTHONUNBUFFERED a write may take a part, and say nothing of the rest
            left = left[sys.stdout.buffer.write(left) :]
        sys.stdout.buffer.flush()
        return
    from envsnap.model.storage import write_atomically

    write_atomically(output, data, mode)


def mode_of(*sources: str | None) -> int:
    """The mode of a file that is made from these: closed to whoever cannot read all of them.

    A pipe has no mode, so what is made from one is closed.
    """
    mode = 0o644
    for named in sources:
        for path in _files(named) if named is not None else ():
            with contextlib.suppress(OSError):
                status = os.fstat(0) if path == "-" else os.stat(path)
                mode &= 0o600 | (status.st_mode if stat.S_ISREG(status.st_mode) else 0)
    return mode


def opened(output: str, *sources: str | None) -> bool:
    """Whether a folder's files can be read by others, and not all of what it was made from."""
    closed = mode_of(*sources) & 0o077 == 0
    return closed and any(os.stat(path).st_mode & 0o077 for path in _files(output))


def _files(named: str) -> list[str]:
    """A file, or the files of a folder of answers."""
    if named == "-" or not os.path.isdir(named):
        return [named]
    with contextlib.suppress(OSError), os.scandir(named) as entries:
        return [entry.path for entry in entries if entry.is_file()]
    return []


policy_option = declared.option(
    "--policy",
    metavar="FILE",
    help="Policy: what to ignore, allow, or give another severity (default: envsnap.toml, or "
    "[tool.envsnap] in pyproject.toml, in the working folder).",
)
REPORT_OPTIONS = (
    declared.option(
        "-o", "--output", default="-", help="Write the report here; - is standard output."
    ),
    declared.option(
        "--color",
        type=declared.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours in the terminal format.",
    ),
    declared.option(
        "--error-text",
        metavar="FILE",
        help="A message, a traceback or a log of the failure (-: standard input). Findings that "
        "explain it come first.",
    ),
    declared.option(
        "--symptom",
        type=declared.Choice(SYMPTOMS),
        help="The kind of failure, if you have no text of it. Findings that can cause it come "
        "first.",
    ),
    policy_option,
    declared.option(
        "--fail-on",
        type=declared.Choice(LEVELS),
        default="warning",
        show_default=True,
        help="Exit with 1 if a finding is at least this severe.",
    ),
    declared.option(
        "--fail-on-unknown",
        is_flag=True,
        help="Exit with 6 if a fact is unknown on a side, or on both, and could not be compared.",
    ),
    declared.option(
        "--format",
        "style",
        type=declared.Choice(NAMES),
        default="terminal",
        show_default=True,
        help="Format of the report; fix is a script that makes OTHER like REFERENCE.",
    ),
)


def report_options(command: Command) -> Command:
    """Add the options of every command that ends in a report."""
    for option in REPORT_OPTIONS:
        command = option(command)
    return command


def require_files(style: str, names: tuple[str, ...]) -> None:
    """Refuse standard input for a format that points at lines of a file."""
    if style == "sarif" and "-" in names:
        raise InputError(
            "--format sarif points at lines of a file: name one instead of standard input (-)"
        )


def judged(name: str, manifest: Manifest, result: Result, style: str) -> Judged:
    """Name a result for a report; formats that point into the manifest's file get its text."""
    from envsnap.report.document import Judged, side

    text = None
    if style in IN_FILES and name != "-":
        from envsnap.intake import contents

        text = contents.contents(name, name)
    return Judged(side=side(name, manifest), result=result, text=text)


def finish(
    report: Report,
    style: str,
    output: str,
    color: str,
    fail_on: str,
    *,
    fail_on_unknown: bool = False,
) -> int:
    """Write a report and return the exit code it asks for: 1 before 6, what is certain first."""
    from envsnap.cli import exit_styles

    as_plugin = exit_styles.is_nagios()
    if not as_plugin or output != "-":
        _write_report(report, style, output, color)
    if style == "github":
        _append_job_summary(report)
    code = _code(report, fail_on, fail_on_unknown=fail_on_unknown)
    return exit_styles.of_report(report, code) if as_plugin else code


def _write_report(report: Report, style: str, output: str, color: str) -> None:
    from envsnap.report import formats

    to_terminal = output == "-" and sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if to_terminal else None
    # An HTML file names its encoding itself.
    encoding = (sys.stdout.encoding if output == "-" and style != "html" else None) or "utf-8"
    text = formats.render(
        report,
        style,
        color=wants_color(color, to_terminal),
        width=width,
        ascii_only=not can_show(encoding),
    )
    sides = [report.reference, *(item.side for item in report.judged)]
    mode = mode_of(*(side.name for side in sides if side is not None))
    write(text.encode(encoding, "backslashreplace"), output, mode)


def _code(report: Report, fail_on: str, *, fail_on_unknown: bool) -> int:
    worst = report.worst()
    counts = LEVELS.index(fail_on) if fail_on != "never" else -1
    if worst is not None and LEVELS.index(worst.value) <= counts:
        return 1
    strict = fail_on_unknown or (report.policy is not None and report.policy.fail_on_unknown)
    return UNKNOWN if report.is_unknown(strict=strict) else 0


def _append_job_summary(report: Report) -> None:
    """Add the report to the summary of the job that GitHub Actions runs, if it runs one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from envsnap.report import github

    try:
        with open(path, "ab") as stream:
            room = github.LARGEST_SUMMARY - stream.tell()
            stream.write(github.job_summary(report, room).encode())
    except OSError as error:
        raise InputError(f"{path}: the job's summary cannot be written: {error.strerror}") from None


def wants_color(choice: str, to_terminal: bool) -> bool:
    """--color, then NO_COLOR, then FORCE_COLOR, then TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return to_terminal and os.environ.get("TERM") != "dumb"


def can_show(encoding: str, symbols: str = "─…") -> bool:
    """Whether an encoding has these symbols."""
    try:
        symbols.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
