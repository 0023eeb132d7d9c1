"""What can go wrong, one class an exit code. Each message is one line that says what to do."""

from __future__ import annotations


class EnvsnapError(Exception):
    """Something envsnap refuses or could not do; `exit_code` is what the command ends with."""

    exit_code = 70


class InputError(EnvsnapError):
    """A file, an option or a manifest that cannot be used as it is."""

    exit_code = 2


class UnrelatedError(InputError):
    """A file that describes no environment: an empty list, or another program's JSON or YAML."""


class TargetError(EnvsnapError):
    """The environment to describe cannot be reached, or the probe failed there."""

    exit_code = 3


class BuildError(EnvsnapError):
    """An image that cannot be built: the build failed, or what it needs cannot be had."""

    exit_code = 4


class CommandError(EnvsnapError):
    """A command that envsnap was to run and that it could not: 125, or 126 and 127 as in a shell."""

    def __init__(self, message: str, exit_code: int = 125) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class SignatureError(EnvsnapError):
    """A signature that is missing, over something else, or of somebody who is not allowed."""

    exit_code = 5
