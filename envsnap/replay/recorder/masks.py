"""Masks for the secrets in what a command prints: a digest of a password could be guessed.

Lines are judged one by one, as they are told apart later. What belongs to a line before it is
remembered: the frame of a private key, and a name whose value stands in the next line.
"""

from __future__ import annotations

import re

from envsnap.redact import answers, commands, decision, keys, languages
from envsnap.replay.recorder import blocks

# What nearly every line with a secret has. Of a long output the first lines are all judged, the
# others where they have this: judging takes time, and only one digest is kept of them.
SUSPECT = re.compile(
    r"(?i)pass|pw|pwd|secret|token|key|cred|auth|login|log in|sign in|account|cookie|bearer|basic|://|@"
    r"|BEGIN|webhook|[a-z0-9_+/=-]{15}|[a-z0-9][!#$^&][a-z0-9!#$^&]"
    r"|psk|identified by|net use|community|phrase|mnemonic|seed|fernet|aes\.new|digest|licen[cs]e|serial"
    r"|eap \"|jwt\.|<<<| -[apuw] ?\S"
)
WORDS = frozenset((*commands.PROGRAMS, *keys.PASSWORDS, "pin", "code", "codes"))
WORD = re.compile(r"[a-z][a-z0-9_.-]+")
FOREIGN = re.compile("|".join((keys.STEMS, *languages.NAMES)))
# Numbers and times between blanks: a number is shown whatever stands around it, so lines that
# differ in them alone are judged alike. Digits in quotes may be a password, and stay.
COUNTED = re.compile(
    r"(?<![^\s=,(\[])(?:[0-9]{1,20}(?:\.[0-9]{1,20})?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?)"
    r"(?=[\s,)\]%]|\Z)"
)
# ... but not behind what announces a code of digits.
CODE = re.compile(r"(?i)\b(?:pin|code|password|passcode)\b")
FRAME = re.compile(
    r"-{4,5} ?(BEGIN|END) ([A-Z0-9 a-z]{1,60}?)-{4,5}|PuTTY-(User)-Key-File|Private-(MAC)"
)
# What a key begins with: base64 to the end of its line, or a header of the frame.
FIRST = re.compile(r"[A-Za-z0-9+/=]{16}[\"',\\nr]*\s*\Z|[A-Z][\w-]{2,20}: ")
PUBLIC = re.compile(r"CERTIFICATE|PUBLIC|CRL|PARAM|PKCS7|CMS|SIGNATURE|SIGNED|MESSAGE")
LONGEST_KEY = 400  # lines
NAMED = re.compile(r"([A-Za-z_][\w.-]{0,60})[\"']?\s{0,2}[:=][ \t]{0,4}[|>]?[-+]?\Z")
MARK = " %secret "


class Masks:
    """The lines of one output, in their order; the first `most` without a secret are remembered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._harmless: set[str] = set()  # their numbers aside
        self._in_key = 0  # lines that may still be of the key that began
        self._above = ""
        self._block = blocks.Above()
        self._seen = 0

    def shown(self, line: str) -> str:
        """The line, with a mark for each secret."""
        if "--" in line or "PuTTY" in line or self._in_key:
            framed = self._framed(line)
            if framed is not None:
                return framed
        above, self._above = self._above, ""
        if line.endswith((":", "=", "|", ">", "-")):
            self._above = self._named(line)
        elif answers.asks(line):
            self._above = "password:"
        if above and line.strip():
            shown = decision.message(f"{above}\n    {line.strip()}", {})
            if decision.REDACTED in shown.partition("\n")[2]:
                return MARK
        self._seen += 1
        spans = self._block.spans(line)
        if spans:
            return decision.message(decision.marked(line, spans), {}).replace(
                decision.REDACTED, MARK
            )
        return self._judged(line)

    def _framed(self, line: str) -> str | None:
        """What is shown of a line of a private key; None: it is none."""
        found = FRAME.search(line)
        if found is None:
            if self._in_key == LONGEST_KEY and line.strip() and FIRST.search(line) is None:
                self._in_key = 0  # somebody spoke of a key
            self._in_key = max(0, self._in_key - 1)
            return MARK if self._in_key and line.strip() else None
        if found[1] == "END" or found[4]:
            inside, self._in_key = self._in_key, 0
            return MARK if inside else None
        rest = line[found.end() :].strip()
        if found[3] or (PUBLIC.search(found[2] or "") is None and _may_be_key(rest)):
            self._in_key = 0 if "-END " in rest else LONGEST_KEY
            return MARK
        return None  # a key, or that somebody speaks of one, in a line of its own

    def _named(self, line: str) -> str:
        """The name of a secret that ends a line, as a line of its own; empty: there is none."""
        found = NAMED.search(line)
        return f"{found[1]}:" if found and keys.weigh(found[1]) >= keys.SECRET else ""

    def _judged(self, line: str) -> str:
        if not line.strip() or (self._seen > self._most and not _is_suspect(line)):
            return line
        counted = line if CODE.search(line) else COUNTED.sub("0", line)
        if counted in self._harmless:
            return line
        shown = decision.message(line, {})
        if shown == line and len(self._harmless) < self._most:
            self._harmless.add(counted)
        return shown.replace(decision.REDACTED, MARK)


def _may_be_key(rest: str) -> bool:
    """Whether what stands behind the head of a key is nothing, or the key itself."""
    return (
        not rest.strip("\"',\\n")
        or re.match(r"[\"'\\n\s]{0,6}[A-Za-z0-9+/=]{16}", rest) is not None
    )


def _is_suspect(line: str) -> bool:
    if SUSPECT.search(line) is not None:
        return True
    low = line.lower()
    return not WORDS.isdisjoint(WORD.findall(low)) or FOREIGN.search(low) is not None
