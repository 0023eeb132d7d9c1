"""docs/commands.md: what each command's `--help` says."""

from __future__ import annotations

import click

from envsnap.cli.contents import COMMANDS
from envsnap.cli.group import commands

WIDTH = 80  # what a page shows beside its two columns


def page() -> str:
    """Every command with its options, in the order of `envsnap --help`."""
    parts = ["# Commands", "Written by `python -m tools.regenerate` from `envsnap COMMAND --help`."]
    parts += ["Exit codes have [a page of their own](exit-codes.md)."]
    for context, command in every_command():
        title = f"## `{context.command_path}`"
        parts += [title, f"```text\n{command.get_help(context)}\n```"]
    return "\n\n".join(parts) + "\n"


def every_command() -> list[tuple[click.Context, click.Command]]:
    """Every command and command of a group, each with the context that its help needs."""
    root = click.Context(commands, info_name="envsnap")
    found = []
    for name in COMMANDS:
        command = commands.get_command(root, name)
        assert command is not None
        found += _with_inner(command, name, root)
    return found


def _with_inner(
    command: click.Command, name: str, parent: click.Context
) -> list[tuple[click.Context, click.Command]]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    found = [(context, command)]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            known = command.get_command(context, inner)
            assert known is not None
            found += _with_inner(known, inner, context)
    return found
