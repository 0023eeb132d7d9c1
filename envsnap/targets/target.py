"""What a place to run the probe has to say of itself. Each place is one small file."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envsnap.model.manifest import Target


class Started(Protocol):
    """A Python that was started: a process of ours, or a program in a container."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code; raises subprocess.TimeoutExpired."""

    def end(self) -> None:
        """End it, if it still runs, and leave nothing behind."""


class Place(Protocol):
    """Somewhere a Python can be started that reads the probe from its standard input."""

    def command(self) -> list[str]:
        """The program and its arguments. Raises TargetError."""

    def environment(self) -> dict[str, str] | None:
        """The environment to start it with; None for ours."""

    def folder(self) -> str | None:
        """The folder to start it in; None for ours."""

    def options(self) -> dict[str, object]:
        """What the probe must be told about this place."""

    def identity(self) -> tuple[int, int, list[int]] | None:
        """The user, group and further groups to run as; None for ours."""

    def start(self) -> Started:
        """Start the Python. Raises TargetError."""

    def describe(self) -> Target:
        """What the manifest says about where the probe ran."""

    def shares_files(self) -> bool:
        """Whether its paths name our files, so that known weights need not be read again."""
