"""What is said on standard error while something is captured."""

from __future__ import annotations

import sys

from envsnap.cli.echo import echo


def progress(done: int, total: int) -> None:
    """Draw a bar on stderr while files are hashed, on a terminal only."""
    if not sys.stderr.isatty() or total == 0:
        return
    share = done * 30 // total
    bar = "#" * share + "-" * (30 - share)
    end = "\n" if done >= total else ""
    echo(f"\rhashing files [{bar}] {done * 100 // total:3d} %{end}", err=True, nl=False)


def say(text: str) -> None:
    """Say one line."""
    from envsnap.report.sanitize import plain

    echo(f"envsnap: {plain(text)}", err=True)


def tell_label(asked: str | None, kept: str | None) -> None:
    """Say that a label is not kept as it was given."""
    if asked is not None and asked != kept:
        say(f"the label is kept as {kept}: the rest looks like a secret; give another")
