"""Reads a Dockerfile the way a builder does, sharing no code with the renderer.

Written from Docker's reference: parser directives, comments, line continuation with a backslash,
and the quoting rules of ENV and LABEL.
"""

from __future__ import annotations

import re

DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=", re.IGNORECASE)
HEREDOC = re.compile(r"<<-?[\"']?[A-Za-z_]")
KNOWN = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
    "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


def read(text: str) -> list[tuple[str, str]]:
    """Return the instructions: keyword and the rest, continuation lines joined."""
    found: list[tuple[str, str]] = []
    pending = ""
    for line in re.split(r"\r\n|\r|\n", text):
        if DIRECTIVE.match(line):
            raise AssertionError(f"a parser directive: {line}")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.endswith("\\"):
            pending += line[:-1]
            continue
        whole, pending = pending + line, ""
        keyword, _, rest = whole.strip().partition(" ")
        if keyword.upper() not in KNOWN:
            raise AssertionError(f"no instruction: {keyword!r}")
        if keyword.upper() in ("RUN", "COPY", "ADD") and HEREDOC.search(rest):
            raise AssertionError(f"a here-document: {rest}")
        found.append((keyword.upper(), rest))
    if pending:
        raise AssertionError("the last line goes on")
    return found


def pairs(rest: str) -> dict[str, str]:
    """Return NAME="value" pairs as the container gets them; an unquoted $ would be expanded."""
    found: dict[str, str] = {}
    at = 0
    while at < len(rest):
        if rest[at].isspace():
            at += 1
            continue
        name, at = _until(rest, at)
        value, at = _value(rest, at)
        found[name] = value
    return found


def _until(rest: str, at: int) -> tuple[str, int]:
    end = rest.index("=", at)
    return rest[at:end], end + 1


def _value(rest: str, at: int) -> tuple[str, int]:
    assert rest[at] == '"', rest[at:]
    at += 1
    letters: list[str] = []
    while rest[at] != '"':
        if rest[at] == "$":
            letters.append("<expanded>")
        elif rest[at] == "\\" and rest[at + 1] in '"\\$':
            at += 1
            letters.append(rest[at])
        else:
            letters.append(rest[at])
        at += 1
    return "".join(letters), at + 1
