"""Prints one text at once, as `click.echo` does, without importing click."""

from __future__ import annotations

import contextlib
import sys


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text to standard output, or to standard error; that one is full costs no report."""
    with contextlib.suppress(OSError) if err else contextlib.nullcontext():
        print(text, end="\n" if nl else "", file=sys.stderr if err else sys.stdout, flush=True)
