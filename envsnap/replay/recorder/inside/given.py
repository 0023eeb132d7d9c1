"""What a command was given: its arguments, and the variables that its code names.

Numbers and switches are kept. Of a path only that it is one is known, since files are compared by
what they hold, and of any other word a digest. What a secret's name stands before is left out.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import Any

from . import blocks, piped, places
from .secrets import is_secret
from .settings import digest

MOST = 200
LARGEST_INPUT = 16 << 20
NUMBER = re.compile(
    r"[+-]?(?:\d{1,15}|(?:\d{1,15}\.\d{0,17}|\.\d{1,17}|\d{1,15}(?=[eE]))(?:[eE][+-]?\d{1,3})?)"
)
SWITCHES = {"true": True, "false": False}
PATH = "%path"
NAME = re.compile(r"--?[A-Za-z][\w.-]{0,60}|[A-Za-z_][\w./@-]{0,60}(?==)")
GLUED = re.compile(r"-[A-Za-z](?=.*[A-Z0-9])[^-].*")  # -j8, and -pPASSWORD
TOKEN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{2,63}")
# Where somebody works, not what a program is told.
PLACES = frozenset(
    (
        "HOME", "HOSTNAME", "LANG", "LOGNAME", "OLDPWD", "PATH", "PWD", "PYTHONPATH", "SHELL", "TEMP",
        "TERM", "TMP", "TMPDIR", "USER", "USERNAME", "VIRTUAL_ENV",
    )
)  # fmt: skip


def told(words: list[str] | None, script: str | None, callers: list[str]) -> dict[str, Any]:
    """The code that ran, and what the command of it was given; `words` is None where none was."""
    texts = places.sources(script, callers)
    found = code({**texts, **places.beside(texts)})
    if words is not None:
        found["options"] = {**of_python(), **options(words)}
        found["variables"] = variables(list(texts.values()))
    return found


def code(texts: dict[str, bytes]) -> dict[str, Any]:
    """Lines of texts of code, and what their blocks do, by the names of the files."""
    return {"code": places.code(texts), "blocks": blocks.blocks(texts)}


def of_python() -> dict[str, Any]:
    """What Python was told beside the command: `python -O`, and what its standard input holds."""
    found: dict[str, Any] = {}
    if sys.flags.optimize and not os.environ.get("PYTHONOPTIMIZE"):
        found["python -O"] = sys.flags.optimize
    try:
        state = os.fstat(0)
        if stat.S_ISREG(state.st_mode) and 0 < state.st_size <= LARGEST_INPUT:
            found["standard input"] = digest(os.pread(0, state.st_size, 0).hex())
    except (OSError, ValueError):
        pass  # it is closed
    through = piped.told()
    if through is not None:
        found["standard input"] = digest(through)
    return found


def options(words: list[str]) -> dict[str, Any]:
    """Arguments by name, as `--top-k` or `model.eps`; those that have none by their place, from 1."""
    found: dict[str, list[Any]] = {}
    place, waiting = 0, ""
    for word in words[:MOST]:
        match = NAME.match(word)
        if waiting:
            is_value = match is None or not word.startswith("-")
            _take(found, waiting, word if is_value else None)
            waiting = ""
            if is_value:
                continue
        if match is None or not (match.end() == len(word) or word[match.end()] == "="):
            place += 1
            found[str(place)] = [scalar(word)]
            continue
        name, equals, value = word.partition("=")
        if GLUED.match(name):
            _take(found, word[:2], word[2:])
        elif equals and not value.strip("=") and not word.startswith("-"):
            place += 1
            found[str(place)] = [scalar(word)]  # base64 ends so
        elif equals:
            _take(found, name, value)
        else:
            waiting = name
    if waiting:
        _take(found, waiting, None)
    return {name: _one(values) for name, values in found.items()}


def _take(found: dict[str, list[Any]], name: str, value: str | None) -> None:
    """Note an argument; None: it has no value. A secret is left out."""
    if not is_secret(name, value or ""):
        found.setdefault(name, []).append(True if value is None else scalar(value))


def variables(sources: list[bytes]) -> dict[str, Any]:
    """Environment variables that the code names, whole or by what they begin with (`APP_`)."""
    named: set[str] = set()
    for text in sources:
        named.update(token.decode("ascii") for token in TOKEN.findall(text))
    if "get_terminal_size" in named or "textwrap" in named:
        named.update(("COLUMNS", "LINES"))  # what Python takes for the terminal's size
    begins = tuple(name for name in named if name.endswith("_") and name.isupper())
    told = sorted(
        name
        for name in os.environ
        if (name in named or (begins and name.startswith(begins)))
        and not _is_place(name)
        and not is_secret(name, os.environ[name])
    )
    return {name[:100]: scalar(os.environ[name]) for name in told[:MOST]}


def _is_place(name: str) -> bool:
    """Whether a variable says where somebody works; TEMP=0 is no folder, but a setting."""
    return name in PLACES and not NUMBER.fullmatch(os.environ[name])


def scalar(word: str) -> Any:
    """One word as it is told."""
    if NUMBER.fullmatch(word):
        return float(word) if re.search(r"[.eE]", word) else int(word)
    if word.lower() in SWITCHES:
        return SWITCHES[word.lower()]
    return PATH if os.sep in word or os.path.exists(word) else digest(word)


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else ", ".join(map(str, values))
