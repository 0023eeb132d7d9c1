"""Whether a line speaks of an environment variable: by its value, or by words of its name.

A program seldom says which variable it was told something by. It says what it was told: a folder, a
provider, a limit. A value that stands in any text is no sign; nor is one that both sides have. One
word of a name stands in many lines; a value beside it, or two words that few names have, do not.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from envsnap.knowledge.variables import is_service_link, only_tells

# What stands in any log: who runs, where, and as which of several.
OF_PLACES = re.compile(
    r"(?:HOST(?:NAME)?|USER(?:NAME)?|LOGNAME|HOME|O?L?D?PWD|SHELL|TERM|LANG|LC_\w+|TZ|PATH|PORT|MAIL|SHLVL|_|REPLICAS"
    r"|\w*(?:LOG_?LEVEL|HOSTNAME|NODE_?NAME|POD_?(?:NAME|IP)|NAMESPACE|REGION|STAGE|_ENV|ENVIRONMENT|VERSION|DEBUG))"
)
PARTS = re.compile(r"[:;,=\s|]+")
WORD = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][\w.+-]{2,60}")
NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
FOLDER = re.compile(r"/[\w.+@-]{1,80}(?:/[\w.+@-]{1,80}){1,12}/?")
# What stands in any line.
PLAIN = frozenset((
    "admin", "all", "any", "auto", "base", "client", "cpu", "cuda", "data", "debug", "default",
    "dev", "error", "false", "file", "fork", "gpu", "http", "https", "info", "json", "local",
    "localhost", "main", "model", "new", "none", "off", "offline", "old", "on", "online", "prod",
    "production", "python", "root", "server", "spawn", "staging", "tcp", "test", "text", "true",
    "warn", "warning", "yes",
))  # fmt: skip
MADE = re.compile(r"\w[._-]\w|[A-Za-z]\d|\d[A-Za-z]")  # no word of a sentence
LEAST = 4  # letters of a word of a name that says something
OF_ANY = frozenset((
    "file", "path", "name", "home", "size", "mode", "type", "level", "list", "value", "enable", "disable",
    "disabled", "enabled",
))  # fmt: skip
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
PATHS = re.compile(r"['\"`( ](/[\w.+/-]{2,200})(?=['\"`):, ]|$)")
OF_A_PATH = re.compile(
    r"No such file|not found|not find|does not exist|doesn't exist|[Pp]ermission denied|[Rr]ead-only|not a directory"
    r"|cannot (?:access|create|open|be preloaded)|not writable|failed to map segment|Operation not permitted"
)
OF_CACHE = re.compile(r"CACHE|TMP|TEMP|EXTENSIONS_DIR|SCRATCH|WORK_?DIR")
# What a folder of programs has.
INNER = ("bin", "lib", "lib64", "include", "share", "nvvm", "targets")
SMALL = re.compile(r"[a-z]{3,40}")
STEM = 4
# A path of two parts, or a word with a digit or a mark in it.
QUOTED_VALUE = re.compile(
    r"/[\w.+-]{1,80}(?:/[\w.+-]{1,80}){1,12}|(?=\S*[.:+-])(?=\S*[A-Za-z])[\w.:+-]{3,60}"
)
ADDRESS = re.compile(
    r"[a-z]{2,12}://(?:[^/@\s]{1,80}@)?([A-Za-z0-9-]{1,60}(?:\.[A-Za-z0-9-]{1,60}){1,6})(?=[:/]|\Z)"
)
LONGEST_SHOWN = 600  # letters of a value that a line may show


def speaks_of(name: str, value: object, against: object, line: str) -> bool:
    """Whether a line speaks of a variable with this value; `against` is its value where all is well."""
    if OF_PLACES.fullmatch(name) or only_tells(name) or is_service_link(name):
        return False
    if _is_spelled(name, line):
        return True
    if not isinstance(value, str):
        return False
    known = set(PARTS.split(against)) if isinstance(against, str) else set()
    words = _words_of(name, line)
    return any(
        _is_there(part, line, words) for part in PARTS.split(value) if part and part not in known
    )


def _is_spelled(name: str, line: str) -> bool:
    """Whether a line has a name in small letters: max_input_length, --max-input-length, `sharded`."""
    parts = [part for part in name.lower().split("_") if part]
    if len("".join(parts)) < LEAST + 2:
        return False
    spelled = "[_-]".join(map(re.escape, parts))
    if len(parts) > 1:
        return re.search(rf"(?<![A-Za-z0-9]){spelled}(?![A-Za-z0-9_])", line) is not None
    return re.search(rf"`{spelled}`|'{spelled}'|\"{spelled}\"|--{spelled}\b", line) is not None


def _words_of(name: str, line: str) -> int:
    """How many words of a name a line has, also inside of others."""
    low = line.lower()
    parts = {part for part in name.lower().split("_") if len(part) >= LEAST or part == "dns"}
    return sum(part in low for part in parts - OF_ANY)


def _is_there(part: str, line: str, words: int) -> bool:
    """Whether a part of a value stands in a line, and not by chance."""
    if FOLDER.fullmatch(part):
        return (
            re.search(rf"(?<![\w.-]){re.escape(part.rstrip('/'))}(?=[/\s'\"`:,)\]>]|\Z)", line)
            is not None
        )
    if NUMBER.fullmatch(part):
        return (
            words > 1
            and re.search(rf"(?<![\w.-]){re.escape(part)}(?![\w-]|\.\d)", line) is not None
        )
    if WORD.fullmatch(part) is None or part.lower() in PLAIN:
        return False
    found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(part)}(?![A-Za-z0-9])", line)
    return found is not None and (words > 0 or MADE.search(part) is not None)


def complains_of(name: str, value: str, line: str, around: str) -> bool:
    """Whether a complaint is about a variable: by two rare words, by its path, or by its value.

    `around` is where the innermost frame of the traceback is that the line ends.
    """
    plain = line.lower()
    told = set(map(_stem, SMALL.findall(f"{plain} {around.lower()}")))
    paths = PATHS.findall(line) if OF_A_PATH.search(line) else []
    words = _words(name)
    rare = sum(_stem(word) in told for word in words if word not in COMMON)
    return (
        (rare > 1 and not is_service_link(name))
        or _is_of_path(value, paths, of_cache=OF_CACHE.search(name) is not None)
        or _is_shown(value, line, words, plain)
    )


def is_named_in(name: str, value: object, line: str) -> bool:
    """Whether a line names a variable by what it holds, or by the last words of its name."""
    return (
        _is_quoted(value, line)
        or _is_host_of(value, line)
        or (not only_tells(name) and _is_worded(name, spaced(line)))
        or speaks_of(name, value, None, line)
    )


def _is_worded(name: str, plain: str) -> bool:
    """Whether a line has the last two words of a variable's name: HIGH_WATERMARK_RATIO."""
    words = [word for word in name.lower().split("_") if word]
    long = [word for word in words[-2:] if len(word) > 3]
    return len(words) > 2 and len(long) == 2 and f" {' '.join(long)} " in f" {plain} "


def _is_quoted(value: object, line: str) -> bool:
    """Whether a line shows a variable's value in quotation marks or brackets, and by no chance."""
    if not isinstance(value, str) or not QUOTED_VALUE.fullmatch(value) or value not in line:
        return False
    return re.search(rf"[\['\"(`]{re.escape(value)}(?=[\]'\")`,/])", line) is not None


def _is_host_of(value: object, line: str) -> bool:
    """Whether a line names the host of the address that a variable holds."""
    found = ADDRESS.match(value) if isinstance(value, str) else None
    return (
        found is not None
        and re.search(rf"(?<![\w.-]){re.escape(found[1])}(?![\w-]|\.\w)", line) is not None
    )


def spaced(text: str) -> str:
    """The words of a text in small letters, with one blank between two."""
    return " ".join(re.findall(r"[a-z0-9]{1,60}", text.lower()))


def _words(name: str) -> list[str]:
    words = dict.fromkeys(re.split(r"[_0-9]+", name.lower()))  # PIP_..._PIP_VERSION has one pip
    return [word for word in words if len(word) > 2]


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
    if len(value) < 2 or len(value) > LONGEST_SHOWN or value.lower() in PLAIN:
        return False
    if value not in line:
        return False
    shown = re.escape(value)
    if re.search(rf"(?<![\w.-]){shown}(?![\w-]|\.\w)", line):
        near = [word for word in words if word in plain and word not in value.lower()]
        return bool(near) and not (value.isdigit() and all(word in COMMON for word in near))
    return any(f"{word}{value.lower()}" in plain for word in words)
