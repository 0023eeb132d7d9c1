"""The words that a key is made of: `dbPassword`, `DB_PASSWORD` and `db-password` have the same."""

import re
from functools import lru_cache

LONGEST_KEY = 2000
_WORD = r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+"
# Letters that are no letter with an accent: of Polish, Croatian, Danish, Turkish.
_STROKES = {0x142: "l", 0x111: "d", 0xF8: "o", 0x131: "i"}
# What stands at the end of a name and says nothing about what the value is.
_ENDINGS = frozenset(
    "value values val v prod production dev development stage staging test testing qa live local"
    " old new next current previous primary secondary main backup default string str text raw"
    " plain plaintext b64 base64 encoded env0 a b x y z".split()
)


def split(key: str) -> list:
    """Return the words of a key in lower case, without numbers and endings that say nothing."""
    return list(_split(key))


@lru_cache(maxsize=256)  # one key is asked for in several ways, and then the next
def _split(key: str) -> tuple:
    text = key[:LONGEST_KEY]
    if any(ord(letter) > 127 for letter in text):
        text = _without_accents(text)
    found = [word.lower() for word in re.findall(_WORD, text) if not word.isdigit()]
    while len(found) > 1 and found[-1] in _ENDINGS:
        found.pop()
    return tuple(found)


def _without_accents(text: str) -> str:
    import unicodedata

    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    plain = plain.translate(_STROKES)
    return unicodedata.normalize("NFC", plain)
