"""Whether a line that complains speaks of an environment variable: by its value, or by its name as programs spell it.

A program seldom says which variable it was told something by. It says what it was told: a folder, a
provider, a limit. A value that stands in any text is no sign; nor is one that both sides have.
"""

from __future__ import annotations

import re

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
PLAIN = frozenset(
    [
        "true",
        "false",
        "none",
        "auto",
        "default",
        "main",
        "yes",
        "off",
        "info",
        "error",
        "debug",
        "warning",
        "warn",
        "all",
        "any",
        "new",
        "old",
        "local",
        "dev",
        "prod",
        "production",
        "test",
        "staging",
        "cpu",
        "gpu",
        "cuda",
        "file",
        "http",
        "https",
        "tcp",
        "json",
        "text",
        "base",
        "model",
        "data",
        "server",
        "client",
        "root",
        "admin",
    ]
)
MADE = re.compile(r"\w[._-]\w|[A-Za-z]\d|\d[A-Za-z]")  # no word of a sentence
LEAST = 4  # letters of a word of a name that says something
OF_ANY = frozenset(
    [
        "file",
        "path",
        "name",
        "home",
        "size",
        "mode",
        "type",
        "level",
        "list",
        "value",
        "enable",
        "disable",
        "disabled",
        "enabled",
    ]
)


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
