"""The lists of collect_env: what pip and conda say of the packages that matter.

Both lists can tell of one package, and of different ones: pip's may belong to another Python
than the one that ran. PyTorch's own version says which list is this Python's.
"""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import conda_names
from envsnap.intake.formats.draft import Draft
from envsnap.knowledge.names import canonical
from envsnap.model.python import Conda, Package, Shadowed

PIP = re.compile(r"^\[pip\d?\]\s+([A-Za-z0-9][A-Za-z0-9._-]*)(?:==|\s+\()([^\s()]+)\)?$")
CONDA = re.compile(
    r"^\[conda\]\s+([A-Za-z0-9_][A-Za-z0-9._-]*)\s+(\d\S*)(?:\s+(\S+))?(?:\s+(\S+))?$"
)
ANY = re.compile(r"^\[(?:pip\d?|conda)\]")
OF_PIP = ("<pip>", "pypi_0", "<develop>")


class Lists:
    """Gathers both lists, then says what they agree on."""

    def __init__(self, draft: Draft) -> None:
        """Begin with empty lists."""
        self._draft = draft
        self._pip: dict[str, str] = {}
        self._conda: dict[str, list[tuple[str, str, str]]] = {}
        self._doubted: set[str] = set()

    def read(self, lines: list[str], start: int) -> int:
        """Read the lists that begin at a line; returns the place behind them."""
        place = start
        while place < len(lines) and (
            ANY.match(lines[place])
            or (not lines[place] and place == start)
            or set(lines[place]) == {"="}
        ):
            self._line(lines[place])
            place += 1
        return place

    def _line(self, line: str) -> None:
        pip, conda = PIP.match(line), CONDA.match(line)
        if pip is not None:
            self._pip.setdefault(canonical(pip[1]), pip[2])
        elif conda is not None:
            found = conda[2], conda[3] or "", conda[4] or ""
            self._conda.setdefault(conda[1], []).append(found)

    def close(self) -> None:
        """Add the packages."""
        conda = self._versions_of_conda()
        running = self._draft.entries("frameworks").get("torch", {}).get("version")
        foreign = self._is_foreign(running)
        for key, version in self._pip.items():
            other = conda.get(key)
            if other is None or _same(version, other):
                self._draft.package(key, Package(version=version))
            elif key == "torch" and foreign:
                shadowed = (Shadowed(version=version),)
                self._draft.package(key, Package(version=other, shadowed=shadowed))
            elif foreign:
                self._draft.package(key)
                reason = f"not stated: pip says {version}, conda says {other}"
                self._draft.gap("packages", (key, "version"), reason)
                self._doubted.add(key)
            else:
                self._draft.package(key, Package(version=version))
        self._add_conda()

    def _versions_of_conda(self) -> dict[str, str]:
        """What conda says, by the distribution's name; several versions of one are none."""
        found: dict[str, str] = {}
        for name, rows in self._conda.items():
            key = conda_names.distribution(name)
            if key is not None and len({row[0] for row in rows}) == 1:
                found.setdefault(key, rows[0][0])
        return found

    def _is_foreign(self, running: object) -> bool:
        """Whether pip's torch is not the one that ran, and conda's is."""
        pip, conda = self._pip.get("torch"), self._versions_of_conda().get("torch")
        if not isinstance(running, str) or pip is None or conda is None:
            return False
        return not _same(pip, running) and _same(conda, running)

    def _add_conda(self) -> None:
        for name, rows in self._conda.items():
            if len({row[0] for row in rows}) > 1:
                continue
            version, build, channel = rows[0]
            if build in OF_PIP:
                self._draft.package(canonical(name), Package(version=version))
            else:
                conda = Conda(version=version, build=build or UNSET, channel=channel or UNSET)
                doubted = conda_names.key(name) in self._doubted
                conda_names.add(self._draft, name, conda, doubted=doubted)


def _same(one: str, other: str) -> bool:
    """Whether two versions are one, but for a label that metadata leave out."""
    return one.partition("+")[0] == other.partition("+")[0]
