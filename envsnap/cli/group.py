"""The list of commands; each command's module is loaded when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from envsnap._version import __version__
from envsnap.cli import declared
from envsnap.cli.contents import COMMANDS


class PipeClosedError(Exception):
    """Whoever read our output went away."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and help, and loads one when it is called."""

    table = COMMANDS
    room = "envsnap.cli"

    def invoke(self, ctx: click.Context) -> object:
        """Keep a closed pipe from click, which would end with the exit code of findings."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise PipeClosedError from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the list."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command's module."""
        if cmd_name not in self.table:
            return None
        command = import_module(f"{self.room}.{cmd_name}").command
        if isinstance(command, declared.Command):
            command = command.built()
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing found, 1 findings, 2 bad input, 3 target not captured, 4 "
    "build failed, 5 not proven, 6 undecided, 70 bug.",
)
@click.version_option(__version__, prog_name="envsnap", message="%(prog)s %(version)s")
def commands() -> None:
    """Find out why a model works here and not there.

    Capture both environments, compare them, and rebuild one as a pinned container.
    """
