"""What was seen of a run, laid over the ordinary capture of its process, as one manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from envsnap.intake import facts as intake
from envsnap.model.digests import sha256_of
from envsnap.model.manifest import Manifest, Target
from envsnap.model.paths import text as path_text
from envsnap.observe import classes, seeding
from envsnap.observe.journals import Process
from envsnap.observe.opened import File, Files
from envsnap.targets import opened as reading

MOST_DATA = 200
MOST_CONFIGS = 50
MOST_WEIGHTS = 2000
LARGEST_DATA = 256 << 20
MOST_BYTES = 1 << 30
LARGEST_CODE = 4 << 20
UNLISTED_CODE = (classes.LIBRARY, classes.SYSTEM)
CHANGED = "absent: it was changed during the run"
PARTIAL = ("files", "weights", "configs", "seeds", "process")

Progress = Callable[[int, int], None]


class Run(Struct, frozen=True, kw_only=True):
    """A command that has ended: its code, its processes, its files, and what nobody could see."""

    code: int
    name: str
    processes: tuple[Process, ...]
    files: Files
    gaps: tuple[str, ...]
    began: int = 0
    written: frozenset[str] = frozenset()  # in watched folders, whoever wrote it


def build(run: Run, captured: intake.Messages, label: str | None, progress: Progress) -> Manifest:
    """Lay what was seen over the capture of the process. Raises InputError."""
    sections: dict[str, Any] = captured.facts["sections"]
    whole = not run.gaps
    configs, more = _split(run.files.by_class.get(classes.CONFIG, []), MOST_CONFIGS)
    section = _read_configs(configs)
    sections["configs"] = {**section, "complete": whole and not more}
    weights, data = _hashed(run.files, progress)
    weights["complete"] = whole and weights["complete"]
    sections["files"] = _files(run.files, data, more, whole)
    seeding.add(sections, run.processes, complete=whole)
    _add_process(sections, run)
    for name in PARTIAL:
        for count, gap in enumerate(run.gaps):
            target = weights if name == "weights" else sections[name]
            target["gaps"].setdefault(f"observed[{count}]", f"absent: {gap}")
    messages = intake.Messages(captured.facts, weights=weights, files=captured.files)
    return intake.to_manifest(
        messages, Target(kind="run", name=run.name), label, {}, "the probe's answer"
    )


def _read_configs(configs: Sequence[File]) -> dict[str, Any]:
    """The `configs` section: of a file that is not what was read, that it was changed."""
    same: list[File] = []
    other: list[File] = []
    for file in configs:
        (other if os.path.exists(file.real) and _has_changed(file) else same).append(file)
    section = reading.configs([(file.name, file.path) for file in same])
    for entry in section["facts"]["entries"].values():
        if "path" in entry:
            entry["path"] = classes.shown(entry["path"])
    _add_witnesses(section["facts"]["entries"], same)
    for file in other:
        if file.was is None:
            section["gaps"][path_text((file.name,))] = CHANGED
            continue
        digest, size = file.was
        entry = {"path": classes.shown(file.path), "sha256": digest, "size": size}
        section["facts"]["entries"][file.name] = {**entry, "seen_by": sorted(file.seen_by)}
        section["gaps"][path_text((file.name, "tree"))] = CHANGED
    return section


def _split(files: Sequence[File], most: int) -> tuple[list[File], list[File]]:
    return list(files[:most]), list(files[most:])


def _add_witnesses(entries: dict[str, Any], files: Iterable[File]) -> None:
    for file in files:
        if file.name in entries:
            entries[file.name]["seen_by"] = sorted(file.seen_by)


def _hashed(files: Files, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hash weights and data files in one go: the `weights` section, and entries and gaps of data."""
    weights, beyond = _split(files.by_class.get(classes.WEIGHTS, []), MOST_WEIGHTS)
    data, _ = _split(files.by_class.get(classes.DATA, []), MOST_DATA)
    small, total = [], 0
    for file in data:
        total += _size(file)
        if _size(file) <= LARGEST_DATA and total <= MOST_BYTES:
            small.append(file)
    named = [(f"w {file.name}", file.path) for file in weights]
    named += [(f"d {file.name}", file.path) for file in small]
    found = reading.hashed(named, progress)
    parts: dict[str, dict[str, Any]] = {word: {"entries": {}, "gaps": {}} for word in ("w", "d")}
    for key, entry in found["entries"].items():
        parts[key[0]]["entries"][key[2:]] = entry
    for word, group in (("w", weights), ("d", data)):
        _add_gaps(parts[word], found["gaps"], word, group)
        _add_witnesses(parts[word]["entries"], group)
    return {**parts["w"], "complete": not beyond}, parts["d"]


def _add_gaps(part: dict[str, Any], gaps: dict[str, str], word: str, files: Sequence[File]) -> None:
    """Say of each file without a digest why: it is gone, too large, or not what was read."""
    for file in files:
        key = path_text((file.name, "sha256"))
        told = path_text((f"{word} {file.name}",))
        entry = part["entries"].setdefault(file.name, {"path": classes.shown(file.path)})
        why = gaps.get(f"{told}.sha256") or gaps.get(told)
        is_there = os.path.exists(file.real)
        if file.was is not None and not (is_there and not _has_changed(file)):
            part["entries"][file.name] = {
                "path": entry["path"], "sha256": file.was[0], "size": file.was[1]
            }  # fmt: skip
        elif not is_there:
            part["gaps"][key] = "absent: it was deleted after it was opened"
        elif _has_changed(file):
            for fact in set(entry) - {"path", "resolved"}:
                del entry[fact]
            part["gaps"][path_text((file.name,))] = CHANGED
        elif why is not None:
            part["gaps"][key] = why
        elif "sha256" not in entry:
            entry["size"] = _size(file)
            part["gaps"][key] = "not asked: larger than 256 MiB, or after the first GiB of data"


def _has_changed(file: File) -> bool:
    """Whether a file is not what it was when it was opened, by its size and time of change."""
    if not file.states:
        return file.unsure
    facts = os.stat(file.real)
    now = f"{facts.st_size}:{facts.st_mtime_ns}:"
    return not any(state.startswith(now) for state in file.states)


def _size(file: File) -> int:
    try:
        return os.stat(file.real).st_size
    except OSError:
        return 0


def _size_read(file: File) -> str:
    """The size that a file had when it was opened, or has now."""
    if len(file.states) == 1:
        (state,) = file.states
        return state.partition(":")[0]
    return str(_size(file))


def _files(
    files: Files, data: dict[str, Any], configs: Sequence[File], whole: bool
) -> dict[str, Any]:
    """The `files` section: data by name, and everything else in groups."""
    groups: dict[str, dict[str, Any]] = {}
    for kind in UNLISTED_CODE:
        found = files.by_class.get(kind)
        if found:
            groups[kind] = _group(found)
    code = files.by_class.get(classes.CODE)
    if code:
        groups["code"] = {**_group(code), "sha256": _digest(code, _content)}
    _, more = _split(files.by_class.get(classes.DATA, []), MOST_DATA)
    more.extend(configs)
    if more:
        groups["data"] = {**_group(more), "sha256": _digest(more, _size_read)}
    if files.made:
        groups["made"] = {"files": files.made}
    section = {"entries": data["entries"], "groups": groups}
    if files.listed:
        section["listed"] = {item.name: _listed(item.names) for item in files.listed}
    return {"facts": section, "gaps": data["gaps"], "complete": whole}


def _listed(names: Sequence[str]) -> dict[str, Any]:
    """The names in a folder: they themselves stay here, as those of `--data` do."""
    told = {"sha256": sorted(names), "order_sha256": names}
    digests = {key: sha256_of(_joined(each)) for key, each in told.items()}
    return {"names": len(names), **digests}


def _joined(names: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)


def _group(files: Sequence[File]) -> dict[str, Any]:
    seen_by = sorted(set().union(*(file.seen_by for file in files)))
    return {"files": len(files), "seen_by": seen_by}


def _digest(files: Sequence[File], fact: Callable[[File], str]) -> str:
    """SHA-256 over sorted lines of a name and a fact of each file."""
    lines = sorted(f"{file.name}\0{fact(file)}\n" for file in files)
    return sha256_of("".join(lines).encode("utf-8"))


def _content(file: File) -> str:
    try:
        with open(file.real, "rb") as stream:
            return sha256_of(stream.read(LARGEST_CODE))
    except OSError:
        return "gone"


def _add_process(sections: dict[str, Any], run: Run) -> None:
    """How the command ended, and whether the process that is described told everything."""
    section = sections.setdefault("process", {"facts": {}, "gaps": {}, "complete": False})
    section["facts"]["exit_code"] = run.code
    section["facts"]["observed"] = len(run.processes)
    if run.gaps:
        section["complete"] = False
