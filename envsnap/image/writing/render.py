"""Instructions to text. All quoting is done here, and only here.

A value that has come this far was checked by its type; what could still end a line is refused
once more, because no quoting holds it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable

from envsnap.errors import EnvsnapError
from envsnap.image.writing import instructions as ins

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BARE_WORD = re.compile(r"[A-Za-z0-9_./:@=+,-]+")
INDENT = "    "
LONGEST_LINE = 8000


def dockerfile(parts: Iterable[ins.Instruction]) -> str:
    """Render a Dockerfile; stages are set apart by an empty line."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, ins.From) and lines:
            lines.append("")
        lines.append(_line(part))
    return "\n".join(lines) + "\n"


def _line(part: ins.Instruction) -> str:
    match part:
        case ins.Comment(text):
            return f"# {_plain(text)}"
        case ins.From(image, name):
            return f"FROM {_bare(image)}" + (f" AS {_bare(name)}" if name else "")
        case ins.Env(pairs):
            return "ENV " + _pairs(pairs)
        case ins.PrependPath(folder):
            return f'ENV PATH="{_bare(folder)}:$PATH"'
        case ins.Label(pairs):
            return "LABEL " + _pairs(pairs)
        case ins.Copy() | ins.Unpack() | ins.Fetch():
            return _copy(part)
        case ins.Run(steps):
            return _run(steps)
        case ins.Workdir() | ins.User() | ins.Cmd() | ins.Healthcheck() | ins.Expose():
            return _setting(part)


def _setting(part: ins.Setting) -> str:
    match part:
        case ins.Workdir(folder):
            return f"WORKDIR {_bare(folder)}"
        case ins.User(uid, gid):
            return f"USER {uid:d}:{gid:d}"
        case ins.Cmd(words):
            return "CMD " + _words(words)
        case ins.Expose(port):
            return f"EXPOSE {port:d}"
        case ins.Healthcheck(words):
            return "HEALTHCHECK CMD " + _words(words)


def _words(words: tuple[str, ...]) -> str:
    return json.dumps([_plain(word) for word in words])


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    """Render NAME="value" pairs, one a line."""
    return f" \\\n{INDENT}".join(f"{_bare(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(value: str) -> str:
    """Quote a value of ENV or LABEL so that the container sees it letter by letter."""
    text = _plain(value).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{text}"'


def _copy(part: ins.Files) -> str:
    if isinstance(part, ins.Fetch):
        return f"ADD {_bare(part.address)} {_bare(part.target)}"
    if isinstance(part, ins.Unpack):
        return f"ADD {_bare(part.archive)} {_bare(part.target)}"
    stage = f"--from={_bare(part.stage)} " if part.stage else ""
    return f"COPY {stage}" + _wrapped([_pattern(word) for word in (*part.sources, part.target)])


def _run(steps: tuple[ins.Step, ...]) -> str:
    """Render a RUN that stops at the first command that fails."""
    return f"; \\\n{INDENT}".join(["RUN set -eu", *map(step, steps)])


def step(words: ins.Step) -> str:
    """Render one command as a shell reads it."""
    if isinstance(words, ins.Constant):
        return _plain(words.text)
    return _wrapped([shlex.quote(_plain(word)) for word in words])


def _wrapped(words: list[str]) -> str:
    """Join words; a builder reads no line of more than 65,535 characters, so many are spread."""
    lines, length = [""], 0
    for word in words:
        if length > LONGEST_LINE:
            lines.append("")
            length = 0
        lines[-1] += f"{word} "
        length += len(word) + 1
    return f" \\\n{INDENT * 2}".join(line.rstrip() for line in lines)


def _bare(word: str) -> str:
    """Pass a word that needs no quotes anywhere; there is no other way to write these places."""
    if not BARE_WORD.fullmatch(word):
        raise EnvsnapError(f"cannot be written to a Dockerfile: {word[:60]!a}")
    return word


def _pattern(word: str) -> str:
    """Pass a file name for COPY, in which an asterisk stands for any."""
    _bare(word.replace("*", "x"))
    return word


def _plain(text: str) -> str:
    if CONTROL.search(text):
        raise EnvsnapError(f"cannot be written to a Dockerfile: {text[:60]!a}")
    return text
