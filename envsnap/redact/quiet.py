"""Texts of a few short words that nothing finds a secret in, as most values of settings are.

Each way to find one asks for a sign, a long piece or a word; a text without any need not be read by
all of them in turn.
"""

import re
from functools import lru_cache

from . import clauses, commands, keys, languages, sentences

LONGEST = 100
# A word of letters and digits, shorter than any token, or a number with one point.
_SHORT = r"(?:[A-Za-z0-9]{1,11}|[0-9]{1,5}\.[0-9]{1,5})\Z"
# What stands in the words around a secret, beside what these rooms say themselves.
_MARKS = (
    *("alias", "auth", "basic", "bearer", "by", "community", "config", "ctl", "digest", "ecure"),
    *("emonic", "env", "hook", "hrase", "igest", "login", "md5", "nego", "net", "redential", "seed"),
    *("set", "put", "add", "splu", "variable", "wallet", "googleapis", "signature", "user"),
    *(mark.lower() for mark in commands.MARKS),
    *("geheim", *keys.PASSWORDS),
    *(hint.split()[0] for hint in (*sentences.HINTS, *clauses.HINTS)),
    *(name for name in languages.NAMES if " " not in name),  # the others have "pass"
)  # fmt: skip


def is_quiet(text: str) -> bool:
    """Whether a text has nothing that a secret needs around it, nor a piece that could be one."""
    return len(text) <= LONGEST and all(
        (word.isdigit() and len(word) < 12) or _is_quiet(word) for word in text.split(" ")
    )


@lru_cache(maxsize=4096)  # settings say the same words again and again
def _is_quiet(word: str) -> bool:
    low = word.lower()
    return re.match(_SHORT, word) is not None and not any(mark in low for mark in _MARKS)
