"""Sentences of the C library in other languages, put back into English so that the grammar reads them.

Python's own messages are never translated; those of the loader, of signals and of errors with a
number are, by the locale of the program. Lines keep their numbers.
"""

from __future__ import annotations

import errno
import re
from functools import cache

from envsnap.knowledge.tables import table

NUMBERED = re.compile(r"\[Errno (\d{1,3})\] ([^\n:']{1,120})")
# Numbers are Linux's: elsewhere some differ, and there a text is left as it is.
NUMBERS = {
    errno.ENOENT: "No such file or directory",
    errno.ENOMEM: "Cannot allocate memory",
    errno.EACCES: "Permission denied",
    errno.EMFILE: "Too many open files",
    errno.ENOSPC: "No space left on device",
    errno.ECONNREFUSED: "Connection refused",
}
LONGEST = 160  # of a line in which a shell tells of a signal
LIBRARY = ".so"
NOT_OPENED = re.compile(r"(lib[\w+.-]{1,80}\.so[\w.]{0,20}): [^\n]{2,120}: ([^\n:]{3,80})$")
# What a shell puts before it: the script, the line, the process.
BY_A_SHELL = re.compile(r"[\w./-]{1,80}: [^\n:]{1,30} \d{1,7}: {1,4}\d{1,8} {1,4}|")


def in_english(text: str) -> str:
    """Return a text with the C library's sentences in English; as many lines as before."""
    text = NUMBERED.sub(_numbered, text) if "[Errno " in text else text
    has_plain = _has_ascii_translation(text)
    if text.isascii() and not has_plain:
        return text
    return "\n".join(
        _line(line) if has_plain or LIBRARY in line or not line.isascii() else line
        for line in text.split("\n")
    )


def _numbered(match: re.Match[str]) -> str:
    known = NUMBERS.get(int(match[1]))
    foreign = known is not None and match[2].strip() in _translations("errors")
    return f"[Errno {match[1]}] {known}" if foreign else match[0]


def _line(line: str) -> str:
    if LIBRARY in line:
        for foreign, english in _translations("loader").items():
            if foreign in line:
                return line.replace(foreign, english)
        return _missing(line)
    return _signal(line) if len(line) <= LONGEST else line


def _missing(line: str) -> str:
    """The loader's sentence in the words of another release of the C library, by how it ends."""
    match = NOT_OPENED.search(line)
    if match and _translations("errors").get(match[2]) == NUMBERS[errno.ENOENT]:
        return f"{line[: match.end(1)]}: cannot open shared object file: {NUMBERS[errno.ENOENT]}"
    return line


def _signal(line: str) -> str:
    """What a shell prints of a process that a signal ended, maybe after its line and number."""
    match = BY_A_SHELL.match(line)
    before = match[0] if match else ""
    told = line[len(before) :]
    if not told.startswith(_signals()):
        return line
    for foreign, english in _translations("signals").items():
        if told.startswith(foreign) and told[len(foreign) :][:1] in ("", " ", "\r"):
            rest = told[len(foreign) :].lstrip()
            if rest and not (before or rest.startswith("(")):
                continue  # a sentence that only begins so
            return f"{before}{english}{' (core dumped)' if rest.startswith('(') else ''}"
    return line


def _has_ascii_translation(text: str) -> bool:
    """Whether a plain text may be of another language: few of the sentences need no accents."""
    return any(foreign in text for foreign in _plain())


@cache
def _signals() -> tuple[str, ...]:
    return tuple(_translations("signals"))


@cache
def _plain() -> tuple[str, ...]:
    return tuple(
        foreign
        for kind in ("loader", "signals")
        for foreign in _translations(kind)
        if foreign.isascii()
    )


@cache
def _translations(kind: str) -> dict[str, str]:
    return {
        foreign: english
        for english, known in table("translated_sentences")[kind].items()
        for foreign in known
    }
