"""What can go wrong, one class an exit code. Each message is one line that says what to do."""

from __future__ import annotations


class EnvsnapError(Exception):
    """Something envsnap refuses or could not do; `exit_code` is what the command ends with."""

    exit_code = 70


class InputError(EnvsnapError):
    """A file, an option or a manifest that cannot be used as it is."""

    exit_code = 2


class TargetError(EnvsnapError):
    """The environment to describe cannot be reached, or the probe failed there."""

    exit_code = 3


class BuildError(EnvsnapError):
    """An image that cannot be built: the build failed, or what it needs cannot be had."""

    exit_code = 4
