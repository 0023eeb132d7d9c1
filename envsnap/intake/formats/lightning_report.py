"""Lightning's `collect_env_details.py`: a nested list of CUDA, packages and the system."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.intake.formats import machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Framework
from envsnap.model.host import System

GROUP = re.compile(r"^\s{0,8}\* (CUDA|Lightning|Packages|System):\s*$")
ITEM = re.compile(r"^(?P<indent>\s+)- (?P<key>[^:\n]{1,80}?)(?::(?:\s+(?P<value>.*))?)?$")
PLATFORMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}


def recognise(source: Source) -> bool:
    """The groups CUDA and System, or Lightning's own, with Packages between them."""
    groups = {found[1] for line in source.bare if (found := GROUP.match(line))}
    return {"CUDA", "Packages"} <= groups and bool(groups & {"Lightning", "System"})


def _lines(source: Source) -> list[str]:
    """All lines; a last one without an end may be cut, so it says nothing."""
    return list(source.bare[:-1] if source.cut else source.bare)


def read(source: Source) -> Draft:
    """Each group's items."""
    lines = _lines(source)
    groups = [found[1] for line in lines if (found := GROUP.match(line))]
    if groups.count("CUDA") > 1:
        raise RefusedError(
            f"{source.name}: holds {groups.count('CUDA')} reports of Lightning; put each into a file of its own"
        )
    draft = Draft("the environment that Lightning's script collects", "stated")
    for group, above, key, value in _items(lines):
        if group == "CUDA":
            _cuda(draft, above, key, value)
        elif group in ("Lightning", "Packages"):
            name = {"pyTorch_version": "torch"}.get(key, key)
            if name == "torch":
                machine.torch(draft, value)
            machine.package(draft, name, value)
        elif group == "System" and not above:
            _system(draft, key, value)
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _items(lines: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Group, the key above, key and value of each item."""
    group, above, indent = "", "", 0
    for line in lines:
        head, item = GROUP.match(line), ITEM.match(line)
        if head is not None:
            group, above = head[1], ""
        elif line.strip() == "-":
            continue  # an item that is empty: one of architecture, on macOS
        elif item is None:
            group = group if not line.strip() else ""
        elif group:
            depth = len(item["indent"].expandtabs(8))
            if above and depth <= indent:
                above = ""
            value = (item["value"] or "").strip()
            yield group, above, item["key"].strip(), value
            if not above and line.endswith(":"):
                above, indent = item["key"].strip(), depth


def _cuda(draft: Draft, above: str, key: str, value: str) -> None:
    if above == "GPU" and not machine.says_nothing(key):
        machine.gpu_name(draft, len(draft.entries("gpus")), key)
    elif key == "available" and not above:
        draft.framework("torch", Framework(cuda_available=machine.flag(value)))
    elif key == "version" and not above and re.fullmatch(r"\d{1,2}\.\d{1,2}(?:\.\d+)?", value):
        draft.framework("torch", Framework(cuda=value))
    elif key == "version" and not above and value == "None":
        draft.framework("torch", Framework(cuda=None))


def _system(draft: Draft, key: str, value: str) -> None:
    if key == "python":
        machine.python(draft, value)
    elif key == "OS" and value in PLATFORMS:
        draft.add(System(complete=False, platform=PLATFORMS[value]))
    elif key == "processor" and value in machine.MACHINES:
        draft.add(System(complete=False, architecture=value))
    elif key == "release" and re.match(r"\d+\.\d+", value):
        draft.add(System(complete=False, kernel=value))
