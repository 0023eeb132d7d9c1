"""Starts a Python on this machine, in a session of its own so that all of it can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from envsnap.errors import TargetError
from envsnap.targets import descendants, owned

if TYPE_CHECKING:
    from envsnap.targets.target import Place


class Local(subprocess.Popen[bytes]):
    """A process of ours."""

    mark = ""

    def end(self) -> None:
        """End it and what it started; a process that hangs in the kernel is left behind."""
        if self.returncode is None:  # nobody waited for it, so its number is its own
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(0.2)
        if self.mark:
            descendants.end(self.mark, self.pid)
        owned.release(f"process {self.pid}")


def start(place: Place) -> Local:
    """Start the Python that a place names. Raises TargetError."""
    user, group, groups = place.identity() or (None, None, None)
    command, environment, mark = place.command(), place.environment(), ""
    if place.shares_files():  # a Python of this machine, and no client of another one
        mark = descendants.mark()
        known = os.environ if environment is None else environment
        environment = {**known, descendants.MARK: mark}
    with owned.starting():
        try:
            started = Local(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
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
        started.mark = mark
        owned.add(f"process {started.pid}", started.end)
    return started
