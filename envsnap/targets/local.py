"""Starts a Python on this machine, in a session of its own so that all of it can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from envsnap.errors import TargetError
from envsnap.targets import owned

if TYPE_CHECKING:
    from envsnap.targets.target import Place


class Local(subprocess.Popen[bytes]):
    """A process of ours."""

    def end(self) -> None:
        """End it and what it started; a process that hangs in the kernel is left behind."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(0.2)
        owned.release(f"process {self.pid}")


def start(place: Place) -> Local:
    """Start the Python that a place names. Raises TargetError."""
    user, group, groups = place.identity() or (None, None, None)
    command = place.command()
    with owned.starting():
        try:
            started = Local(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=place.environment(),
                cwd=place.folder(),
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=groups,
            )
        except OSError as error:
            who = f" as user {user}, whose it is" if user is not None else ""
            raise TargetError(
                f"{command[0]} cannot be started{who}: {error.strerror or error}"
            ) from None
        owned.add(f"process {started.pid}", started.end)
    return started
