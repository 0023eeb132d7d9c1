"""The pages of docs/ that are generated from the code."""

from __future__ import annotations

import click

from envsnap.cli.explain import pages as rules
from envsnap.cli.group import COMMANDS, commands

WIDTH = 98


def commands_page() -> str:
    """docs/commands.md: what each command's `--help` says."""
    parts = ["# Commands", "Written by `python -m tools.regenerate` from `envsnap COMMAND --help`."]
    for name in COMMANDS:
        context = click.Context(commands, info_name="envsnap")
        found = commands.get_command(context, name)
        assert found is not None
        parts += _command(found, name, context)
    return "\n\n".join(parts) + "\n"


def _command(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    title = f"## `{context.command_path}`"
    parts = [title, f"```text\n{command.get_help(context)}\n```"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            parts += _command(found, inner, context)
    return parts


PAGES = {"docs/commands.md": commands_page, "docs/rules.md": rules}
