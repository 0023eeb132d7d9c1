"""A host that ssh reaches: the probe goes through standard input, nothing is written there."""

from __future__ import annotations

import re
import shlex
import shutil

from envsnap.errors import InputError, TargetError
from envsnap.probe import packing
from envsnap.targets.through import Through

# A name of ~/.ssh/config, user@host, or ssh://user@host:port; nothing that reads as an option.
DESTINATION = re.compile(r"(?:ssh://)?(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._:%-]*")
LONGEST = 255


class Ssh(Through):
    """A Python on another host, started by the system's ssh with the user's own settings."""

    def __init__(self, host: str, python: str | None = None) -> None:
        if len(host) > LONGEST or not DESTINATION.fullmatch(host):
            raise InputError(f"--ssh {host}: not a host, user@host or ssh://user@host:port")
        if shutil.which("ssh") is None:
            raise TargetError("ssh is not installed here; use `envsnap probe` and copy its output")
        # It is described as it was named, without the user.
        client = ["ssh", "-T", "-o", "BatchMode=yes", "--", host]
        super().__init__("ssh", host.rpartition("@")[2], client, python)
        self.host = host

    def command(self) -> list[str]:
        """Ssh without a terminal and without questions; the far shell gets one quoted line."""
        line = shlex.join([self.python, *packing.READ_STDIN])
        return [*self._client, line]
