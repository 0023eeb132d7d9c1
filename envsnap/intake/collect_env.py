"""Reads the text that PyTorch's and vLLM's collect_env print, of every age.

The text says what its author's tool found, not everything there is: every section is partial.
"No CUDA" and "Could not collect" mean unknown, "None" and "N/A" after a build question mean none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from envsnap.intake import package_lists
from envsnap.model.paths import text as path_text
from envsnap.redact import decision

Sections = dict[str, dict[str, Any]]

KEY = re.compile(r"^([A-Za-z][A-Za-z0-9 ()/._-]{0,60}?)\s*:\s*(.*)$")
PIP = re.compile(r"^\[pip3?\]\s+(\S+?)(?:==|\s+\()([^\s)]+)\)?\s*$")
CONDA = re.compile(r"^\[conda\]\s+(\S+)\s+(\d\S*)(?:\s+(\S+))?(?:\s+\S+)?\s*$")
GPU = re.compile(r"^(?:GPU\s+(\d+)|Device\s+(\d+)):\s+(.+?)(?:\s+\(UUID: [^)]*\))?\s*$")
VARIABLE = re.compile(r"^([A-Z][A-Z0-9_]{1,80})=(.*)$")
CUDNN = re.compile(r"libcudnn\.so\.(\d+)(?:\.\d+)*")
KERNEL = re.compile(r"^Linux-(.+?)-(?:x86_64|aarch64|ppc64le)(?:-|$)")
UNKNOWN = ("could not collect", "no cuda", "n/a", "")
RECOGNISED = re.compile(r"^(?:PyTorch version|vLLM Version)\s*:", re.MULTILINE)


def is_report(text: str) -> bool:
    """Tell whether a text is such a report."""
    return RECOGNISED.search(text) is not None and "Is debug build" in text


def parse(text: str) -> Sections:
    """Return the report's facts as sections, with gaps for what it says it could not tell."""
    report = _Report()
    for line in text.splitlines():
        report.line(line.rstrip())
    return report.sections()


class _Report:
    """Gathers facts line by line."""

    def __init__(self) -> None:
        self.found: Sections = {}
        self.gaps: dict[str, dict[str, str]] = {}
        self._torch: dict[str, Any] = {}
        self._expects_gpus = False

    def line(self, line: str) -> None:
        """Read one line."""
        stripped = line.strip()
        for pattern, take in self._patterns():
            match = pattern.match(stripped)
            if match is not None:
                take(match)
                return

    def _patterns(self) -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str]], None]]]:
        yield PIP, self._pip
        yield CONDA, self._conda
        yield GPU, self._gpu
        yield VARIABLE, self._variable
        yield KEY, self._key
        yield CUDNN_FILE, self._cudnn

    def _pip(self, match: re.Match[str]) -> None:
        self._package(match.group(1))["version"] = match.group(2)

    def _conda(self, match: re.Match[str]) -> None:
        entry = self._package(match.group(1))
        entry.setdefault("version", match.group(2))
        if match.group(3) and not match.group(3).startswith("<"):
            entry["conda"] = {"version": match.group(2), "build": match.group(3)}

    def _package(self, name: str) -> dict[str, Any]:
        entries = self._section("packages").setdefault("entries", {})
        found: dict[str, Any] = entries.setdefault(package_lists.canonical(name), {})
        return found

    def _gpu(self, match: re.Match[str]) -> None:
        entries = self._section("gpus").setdefault("entries", {})
        index = match.group(1) or match.group(2)
        entries.setdefault(str(int(index)), {})["name"] = match.group(3)

    def _variable(self, match: re.Match[str]) -> None:
        name, value = match.groups()
        section = self._section("env_vars")
        shown, why = decision.value(name, value, variable=True)
        if why is not None:
            self._gap("env_vars", path_text((name,)), f"redacted: {why}")
        if shown is not None:
            section.setdefault("entries", {})[name] = shown

    def _cudnn(self, match: re.Match[str]) -> None:
        path = match.group(0)
        found = CUDNN.search(path)
        if found is not None:
            version = found.group(0).split(".so.")[1]
            on_disk = self._section("cuda").setdefault("on_disk", {})
            on_disk.setdefault(f"libcudnn.so.{found.group(1)}", {"path": path, "version": version})

    def _key(self, match: re.Match[str]) -> None:
        key, value = match.group(1).lower().strip(), match.group(2).strip()
        if key in _FACTS:
            section, name, spell = _FACTS[key]
            self._fact(section, name, value, spell)
        elif key in _TORCH:
            name, none = _TORCH[key]
            self._torch_fact(name, value, none=none)
        elif key == "vllm version" and value.lower() not in UNKNOWN:
            entries = self._section("frameworks").setdefault("entries", {})
            entries["vllm"] = {"version": value.split()[0]}
        elif key == "gpu models and configuration":
            self._inline_gpus(value)
        elif key == "cudnn version" and (file := CUDNN_FILE.match(value)):
            self._cudnn(file)
        elif key == "python platform" and (kernel := KERNEL.match(value)):
            self._section("system")["kernel"] = kernel.group(1)

    def _fact(self, section: str, name: str, value: str, spell: Callable[[str], Any]) -> None:
        if value.lower() in UNKNOWN:
            self._gap(section, name, f"not stated: the report says {value or 'nothing'}")
            return
        spelled = spell(value)
        if spelled is not None:
            self._section(section).setdefault(name, spelled)
        if section == "system" and name == "os":
            machine = re.search(r"\((x86_64|aarch64|arm64|ppc64le)\)$", value)
            if machine is not None:
                self._section("system")["architecture"] = machine.group(1)

    def _torch_fact(self, name: str, value: str, *, none: bool) -> None:
        low = value.lower()
        if none and low in ("none", "n/a"):
            self._torch[name] = None
        elif low in (*UNKNOWN, "none"):
            self._gap("frameworks", f"torch.{name}", f"not stated: the report says {value}")
        else:
            yes = {"true": True, "yes": True, "false": False, "no": False}
            self._torch[name] = (
                yes.get(low, value) if name in ("debug", "cuda_available") else value
            )

    def _inline_gpus(self, value: str) -> None:
        match = GPU.match(value)
        if match is not None:
            self._gpu(match)
        elif value.lower() in UNKNOWN[:3]:
            self._gap("gpus", "entries", f"not stated: the report says {value}")
        elif value:
            self._section("gpus").setdefault("entries", {}).setdefault("0", {})["name"] = value

    def _section(self, name: str) -> dict[str, Any]:
        return self.found.setdefault(name, {})

    def _gap(self, section: str, path: str, reason: str) -> None:
        self._section(section)
        self.gaps.setdefault(section, {}).setdefault(path, reason)

    def sections(self) -> Sections:
        """What was gathered, as the messages of a probe have it."""
        if self._torch:
            entries = self._section("frameworks").setdefault("entries", {})
            entries["torch"] = self._torch
        return {
            name: {"complete": False, "gaps": self.gaps.get(name, {}), "facts": facts}
            for name, facts in self.found.items()
        }


def _first(value: str) -> str:
    return value.split(maxsplit=1)[0]


def _os(value: str) -> str:
    return re.sub(r"\s+\((?:x86_64|aarch64|arm64|ppc64le)\)$", "", value)


def _libc(value: str) -> str | None:
    return value.removeprefix("glibc-") if value.startswith("glibc-") else None


def _number(value: str) -> int | None:
    return int(value) if value.isdigit() else None


def _flags(value: str) -> list[str]:
    return sorted(set(value.split()))


CUDNN_FILE = re.compile(r"^(?:/|[A-Za-z]:\\).*(?:libcudnn|cudnn64_).*$")
_TORCH = {
    "pytorch version": ("version", False),
    "is debug build": ("debug", False),
    "cuda used to build pytorch": ("cuda", True),
    "rocm used to build pytorch": ("rocm", True),
    "is cuda available": ("cuda_available", False),
}
_FACTS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "os": ("system", "os", _os),
    "libc version": ("system", "glibc", _libc),
    "python version": ("python", "version", _first),
    "cuda runtime version": ("cuda", "toolkit", _first),
    "nvidia driver version": ("driver", "version", _first),
    "architecture": ("system", "architecture", _first),
    "model name": ("system", "cpu", str),
    "vendor id": ("system", "cpu_vendor", str),
    "cpu family": ("system", "cpu_family", str),
    "model": ("system", "cpu_model", str),
    "stepping": ("system", "cpu_stepping", str),
    "cpu(s)": ("system", "cpus", _number),
    "flags": ("system", "cpu_flags", _flags),
}
