"""What a gap says of a value that was left out: why, and a digest that needs a key to be made.

A plain digest of a short password could be guessed. With a key that both captures used, equal
values have equal digests; the key's short name tells whether it was the same key.
"""

WORD = "redacted"
_SIGN = "; hmac-sha256 "
LEAST_BYTES = 16


def key_name(key: bytes) -> str:
    """The short name of a key, which tells keys apart and nothing else of them."""
    import hashlib

    return hashlib.sha256(b"envsnap redaction key\0" + key).hexdigest()[:8]


def reason(why: str, lost: str, key: bytes = b"") -> str:
    """Spell the reason of a gap: `redacted: WHY` or `redacted: WHY; hmac-sha256 NAME:DIGEST`."""
    if not key:
        return "%s: %s" % (WORD, why)
    import hashlib
    import hmac

    made = hmac.new(key, lost.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()
    return "%s: %s%s%s:%s" % (WORD, why, _SIGN, key_name(key), made[:32])


def is_cut(why: str) -> bool:
    """Tell whether a gap's reason is that a value was left out."""
    return why == WORD or why.startswith(WORD + ":")


def agree(one: str, two: str):
    """Tell of two reasons whether the values were equal; None where that cannot be told."""
    first, second = _parts(one), _parts(two)
    if first is None or second is None or first[0] != second[0]:
        return None
    return first[1] == second[1]


def split(why: str) -> tuple:
    """A reason in words, and what it says after them of a digest; that is empty where it says none."""
    words, sign, made = why.rpartition(_SIGN)
    name, _, digest = made.partition(":")
    is_digest = _is_hex(name, 8) and _is_hex(digest, 32)
    return (words, sign + made) if is_digest and is_cut(why) else (why, "")


def _parts(why: str):
    """The name of the key and the digest of a reason, or None."""
    made = split(why)[1]
    return made[len(_SIGN) :].split(":") if made else None


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and not set(text) - set("0123456789abcdef")
