"""Variables that a complaint is about without their names: by the value that it shows, or by its words.

One word of a name stands in many lines; a value beside it, or two words that few names have, do not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from envsnap.knowledge.variables import is_service_link, only_tells
from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries
from envsnap.rules.symptoms.naming import (
    AS_SET,
    COMPLAINING,
    COMPLAINS,
    LONGEST,
    MOST_LINES,
    NOT_SET,
    REFUSED,
    REFUSES,
    loud_lines,
    of_variable,
)
from envsnap.rules.symptoms.reading import Evidence, Reading

# Words of names that stand in lines about anything.
COMMON = frozenset((
    "allow", "and", "backend", "batch", "block", "buffer", "cache", "capability", "check", "class", "client",
    "code", "collective", "config", "connection", "count", "cpu", "cuda", "data", "debug", "default", "device",
    "devices", "dir", "directory", "disable", "driver", "dump", "enable", "engine", "env", "error", "extra",
    "file", "files", "first", "flags", "for", "force", "format", "gpu", "group", "home", "host", "hub", "id",
    "index", "init", "input", "interface", "interval", "kernel", "key", "lang", "last", "launch", "lc", "lib",
    "library", "limit", "list", "load", "local", "log", "logs", "main", "master", "max", "maximum", "memory",
    "min", "mode", "model", "name", "no", "node", "not", "num", "number", "off", "offline", "on", "only",
    "order", "output", "path", "per", "pid", "platform", "platforms", "plugin", "policy", "pool", "port",
    "prefix", "process", "python", "pytorch", "rank", "read", "root", "run", "seed", "server", "set", "size",
    "skip", "socket", "sync", "temp", "test", "thread", "threads", "time", "timeout", "tmp", "token", "torch",
    "transfer", "type", "url", "use", "user", "value", "version", "visible", "wait", "warn", "warnings", "with",
    "without", "work", "worker", "world", "write",
))  # fmt: skip
PLAIN = ("true", "false", "none", "auto", "default", "main", "yes", "off", "on", "info", "error", "warning", "debug",
    "local", "localhost", "spawn", "fork", "python", "cuda", "cpu", "file", "online", "offline")  # fmt: skip
PATHS = re.compile(r"['\"`( ](/[\w.+/-]{2,200})(?=['\"`):, ]|$)")
OF_A_PATH = re.compile(
    r"No such file|not found|not find|does not exist|doesn't exist|[Pp]ermission denied|[Rr]ead-only|not a directory"
    r"|cannot (?:access|create|open|be preloaded)|not writable|failed to map segment|Operation not permitted"
)
OF_CACHE = re.compile(r"CACHE|TMP|TEMP|EXTENSIONS_DIR|SCRATCH|WORK_?DIR")
# What a folder of programs has.
INNER = ("bin", "lib", "lib64", "include", "share", "nvvm", "targets")
WORD = re.compile(r"[a-z]{3,40}")
STEM = 4


def held(reading: Reading, manifest: Manifest, moved: Collection[str] | None) -> Iterator[Evidence]:
    """The variables; `moved` are the names of those that differ, None where nothing is compared."""
    variables = _candidates(manifest, moved)
    if not variables:
        return
    complaints = [
        (number, line)
        for number, line in loud_lines(reading, reading.lines.with_any(COMPLAINING))
        if COMPLAINS.search(line) or OF_A_PATH.search(line)
    ]
    for number, line in reversed(complaints[-MOST_LINES:]):
        for name in _named(line, _around(reading, number), variables):
            is_refused = bool(variables[name]) and REFUSES.search(line) is not None
            row = REFUSED if is_refused else AS_SET
            row = row if name in entries(manifest, "env_vars") else NOT_SET
            yield of_variable(row, name, line, reading.lines.numbered(number), variables[name])


def _candidates(manifest: Manifest, moved: Collection[str] | None) -> dict[str, str]:
    """Variables that may be meant, with their values; empty for one that is not set here."""
    stated = {
        name: value
        for name, value in entries(manifest, "env_vars").items()
        if isinstance(value, str)
    }
    names = stated if moved is None else moved
    return {name: stated.get(name, "") for name in names if not only_tells(name)}


def _around(reading: Reading, number: int) -> str:
    """Where the innermost frame of the traceback that a line ends is, and what it says."""
    told = reading.lines.numbered(number)
    for item in reading.evidence:
        if item.raised is not None and item.number == told and item.raised.frames:
            last = item.raised.frames[-1]
            # The folders of a library have the words of its variables: mlflow/tracking.
            return f"{last.file.rpartition('/')[2]} {last.source}"
    return ""


def _named(line: str, around: str, variables: Mapping[str, str]) -> Iterator[str]:
    plain = line.lower()
    told = set(map(_stem, WORD.findall(f"{plain} {around.lower()}")))
    paths = PATHS.findall(line) if OF_A_PATH.search(line) else []
    for name, value in variables.items():
        words = _words(name)
        rare = (
            0
            if is_service_link(name)
            else sum(_stem(word) in told for word in words if word not in COMMON)
        )
        if (
            rare > 1
            or _is_of_path(value, paths, of_cache=OF_CACHE.search(name) is not None)
            or _is_shown(value, line, words, plain)
        ):
            yield name


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[_0-9]+", name.lower()) if len(word) > 2]


def _stem(word: str) -> str:
    return word.rstrip("s") if len(word) > STEM else word


def _is_of_path(value: str, paths: Collection[str], *, of_cache: bool) -> bool:
    """Whether a path is the variable's own, one that it lies in, or a part of a folder of programs.

    Of a folder in which programs write (`of_cache`), it is anything below.
    """
    if not re.fullmatch(r"/[\w.+-]+(?:/[\w.+-]+)*/?", value):
        return False
    own = value.rstrip("/")
    return any(
        path.rstrip("/") == own
        or own.startswith(path.rstrip("/") + "/")
        or (
            path.startswith(own + "/")
            and (of_cache or path[len(own) + 1 :].partition("/")[0] in INNER)
        )
        for path in paths
    )


def _is_shown(value: str, line: str, words: Collection[str], plain: str) -> bool:
    """Whether a line shows a value, and has a word of the variable's name beside it."""
    if len(value) < 2 or len(value) > LONGEST or value.lower() in PLAIN:
        return False
    if value not in line:
        return False
    shown = re.escape(value)
    if re.search(rf"(?<![\w.-]){shown}(?![\w-]|\.\w)", line):
        near = [word for word in words if word in plain and word not in value.lower()]
        return bool(near) and not (value.isdigit() and all(word in COMMON for word in near))
    return any(f"{word}{value.lower()}" in plain for word in words)
