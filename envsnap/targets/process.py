"""The environment of a process that is running: a shell beside a service is not the service."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from envsnap.errors import TargetError
from envsnap.probe import packing
from envsnap.targets import local

if TYPE_CHECKING:
    from envsnap.model.manifest import Target
    from envsnap.targets.target import Started

PYTHON_NAME = re.compile(r"python(\d(\.\d+)?)?t?$|pypy(\d(\.\d+)?)?$")
SITE_FOLDER = re.compile(r"^(/.*)/lib(?:64)?/(python3\.\d+)/(?:site|dist)-packages/")
LIBRARY = re.compile(r"^(/.*)/lib(?:64)?/(?:[\w-]+/)?lib(python3\.\d+)\w*\.so")


class Process:
    """A running process: the probe runs with its interpreter, its environment, in its folder."""

    def __init__(self, pid: int, python: str | None) -> None:
        self.pid = pid
        self._root = f"/proc/{pid}"
        self._environment = self._read_environment()
        self._require_our_namespace()
        self.python = python or self._find_python()

    def command(self) -> list[str]:
        """The process's own interpreter."""
        return [self.python, *packing.READ_STDIN]

    def environment(self) -> dict[str, str] | None:
        """The process's environment as it was started with."""
        return self._environment

    def folder(self) -> str | None:
        """The process's current folder, if it is one of ours."""
        try:
            folder = os.readlink(f"{self._root}/cwd")
        except OSError:
            return None
        return folder if os.path.isdir(folder) else None

    def options(self) -> dict[str, object]:
        """The process whose mapped libraries are wanted."""
        return {"process": self.pid}

    def start(self) -> Started:
        """Start it here."""
        return local.start(self)

    def describe(self) -> Target:
        """The process id."""
        from envsnap.model.manifest import Target

        return Target(kind="process", name=str(self.pid))

    def shares_files(self) -> bool:
        """It does."""
        return True

    def _read_environment(self) -> dict[str, str]:
        if not os.path.isdir("/proc/self"):
            raise TargetError("--pid needs /proc, which this system does not have")
        if not os.path.isdir(self._root):
            raise TargetError(f"no process {self.pid}")
        try:
            with open(f"{self._root}/environ", "rb") as stream:
                pairs = stream.read().split(b"\0")
        except PermissionError:
            who = "even root" if os.geteuid() == 0 else "you"
            raise TargetError(
                f"process {self.pid}: {who} may not look into it; run envsnap as its user or as root,"
                " without ptrace restrictions"
            ) from None
        except OSError as error:
            raise TargetError(f"process {self.pid}: {error.strerror}") from None
        split = (pair.partition(b"=") for pair in pairs if b"=" in pair)
        return {os.fsdecode(name): os.fsdecode(value) for name, _, value in split if name}

    def _find_python(self) -> str:
        """Find the interpreter as it was called: the file alone would lose a virtual environment."""
        try:
            executable = os.readlink(f"{self._root}/exe")
            with open(f"{self._root}/cmdline", "rb") as stream:
                called = os.fsdecode(stream.read(65536).split(b"\0")[0])
        except OSError as error:
            raise TargetError(f"process {self.pid}: {error.strerror}") from None
        if executable.endswith(" (deleted)"):
            raise TargetError(
                f"process {self.pid} runs {executable.removesuffix(' (deleted)')}, which was deleted"
                " or replaced since; name an interpreter with --python"
            )
        if not PYTHON_NAME.search(os.path.basename(executable)):
            found = self._from_maps(SITE_FOLDER, LIBRARY)
            why = f"runs {executable} and has no Python in it"
        else:
            found = self._as_called(called, executable) or self._from_maps(SITE_FOLDER)
            why = f"was started as {called or 'nothing'}, which does not lead to {executable} now"
        if found is None:
            # Its executable alone could be the base of any virtual environment.
            raise TargetError(f"process {self.pid} {why}; name its interpreter with --python")
        return found

    def _as_called(self, called: str, executable: str) -> str | None:
        """The path the process was started by, if it leads to its executable."""
        for path in self._candidates(called):
            if os.path.realpath(path) == executable:
                return path
        return None

    def _candidates(self, called: str) -> list[str]:
        """Where the name that the process was started by can lead."""
        known = self._environment
        if os.path.isabs(called):
            found = [called]
        elif os.sep in called:
            folders = [known.get("PWD", ""), os.readlink(f"{self._root}/cwd")]
            found = [os.path.join(folder, called) for folder in folders if folder]
        else:
            found = [shutil.which(called, path=known.get("PATH", "")) or ""] if called else []
        prefix = known.get("VIRTUAL_ENV") or known.get("CONDA_PREFIX")
        if prefix:
            found.append(os.path.join(prefix, "bin", "python"))
        return [path for path in (*found, known.get("_", "")) if os.path.isabs(path)]

    def _from_maps(self, *patterns: re.Pattern[str]) -> str | None:
        """The interpreter of the virtual environment, or of the libpython, that is mapped."""
        try:
            with open(f"{self._root}/maps", "rb") as stream:
                lines = stream.read().split(b"\n")
        except OSError:
            return None
        paths = sorted({os.fsdecode(line[line.find(b"/") :]) for line in lines if b"/" in line})
        for pattern in patterns:
            for path in paths:
                match = pattern.match(path)
                if match is None:
                    continue
                candidate = os.path.join(match.group(1), "bin", match.group(2))
                if os.path.exists(candidate):
                    return candidate
        return None

    def _require_our_namespace(self) -> None:
        """Refuse a process in a container: starting its Python from here would leave the container."""
        try:
            same = os.readlink(f"{self._root}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
        except OSError:
            same = True
        if not same:
            raise TargetError(
                f"process {self.pid} lives in a container (another mount namespace); write the probe"
                " with `envsnap probe`, run it in there, and use its output"
            )

    def identity(self) -> tuple[int, int, list[int]] | None:
        """The process's user and groups: root does not run somebody else's code as root."""
        if os.geteuid() != 0:
            return None
        fields = {}
        with open(f"{self._root}/status", encoding="ascii", errors="replace") as stream:
            for line in stream:
                key, _, value = line.partition(":")
                fields[key] = value.split()
        uid, gid = int(fields["Uid"][1]), int(fields["Gid"][1])
        groups = [int(group) for group in fields.get("Groups", [])]
        return None if uid == 0 else (uid, gid, groups)
