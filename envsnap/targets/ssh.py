"""A host that ssh reaches: the probe goes through standard input, nothing is written there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING

from envsnap.errors import InputError, TargetError
from envsnap.probe import packing
from envsnap.targets import local

if TYPE_CHECKING:
    from envsnap.model.manifest import Target
    from envsnap.targets.target import Started

# A name of ~/.ssh/config, user@host, or ssh://user@host:port; nothing that reads as an option.
DESTINATION = re.compile(r"(?:ssh://)?(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._:%-]*")
LONGEST = 255


class Ssh:
    """A Python on another host, started by the system's ssh with the user's own settings."""

    def __init__(self, host: str, python: str | None = None) -> None:
        if len(host) > LONGEST or not DESTINATION.fullmatch(host):
            raise InputError(f"--ssh {host}: not a host, user@host or ssh://user@host:port")
        found = shutil.which("ssh")
        if found is None:
            raise TargetError("ssh is not installed here; use `envsnap probe` and copy its output")
        self._ssh = found
        self.host = host
        self.python = python or "python3"

    def command(self) -> list[str]:
        """Ssh without a terminal and without questions; the far shell gets one quoted line."""
        line = shlex.join([self.python, *packing.READ_STDIN])
        return [self._ssh, "-T", "-o", "BatchMode=yes", "--", self.host, line]

    def environment(self) -> dict[str, str] | None:
        """Ours, which ssh needs for its agent; the far side has its own."""
        return dict(os.environ)

    def folder(self) -> str | None:
        """Ours; the far side begins in the user's home."""
        return None

    def options(self) -> dict[str, object]:
        """Nothing special."""
        return {}

    def identity(self) -> tuple[int, int, list[int]] | None:
        """Ours."""
        return None

    def start(self) -> Started:
        """Start ssh."""
        return local.start(self)

    def describe(self) -> Target:
        """The host as it was named, without the user."""
        from envsnap.model.manifest import Target

        return Target(kind="ssh", name=self.host.rpartition("@")[2])

    def shares_files(self) -> bool:
        """Paths are those of the far host."""
        return False
