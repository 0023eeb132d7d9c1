"""The list of commands; each command's module is loaded when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from envsnap._version import __version__

# Command -> what `envsnap --help` says of it.
COMMANDS = {
    "capture": "Describe an environment in a manifest.",
    "diff": "Say what differs between environments, and which difference matters.",
    "check": "Say what is wrong with one environment by itself.",
    "bisect": "Prove by experiment which difference makes a command fail.",
    "run": "Run a command and describe it: its files, its seeds, its environment.",
    "record": "Run a command and record the inputs and results of its model's layers.",
    "compare": "Say whether two runs of a model are the same, and where they first differ.",
    "fleet": "Capture and compare many hosts: which one is the odd one, and why.",
    "dockerfile": "Write a build context that reproduces an environment.",
    "lock": "Name the one file, by hash, that each distribution was installed from.",
    "build": "Build the image of an environment and prove it: capture inside, and compare.",
    "verify": "Say whether a target reproduces every portable fact of a manifest.",
    "export": "Write a manifest, or its differences, as a file of another tool.",
    "sign": "Sign a manifest, a proof or a plan with an SSH key.",
    "probe": "Write the probe as one script, for hosts that nothing can reach.",
    "explain": "Show what a rule looks at, why it matters, and what to do.",
    "schema": "Print the JSON Schema of what envsnap writes.",
}


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
