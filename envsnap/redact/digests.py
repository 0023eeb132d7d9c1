"""What a gap says of a value that was left out: why, and a digest that needs a key to be made.

A plain digest of a short password could be guessed. With a key that both captures used, equal
values have equal digests; the key's short name tells whether it was the same key.
"""

WORD = "redacted"
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
    return "%s: %s; hmac-sha256 %s:%s" % (WORD, why, key_name(key), made[:32])


def is_cut(why: str) -> bool:
    """Tell whether a gap's reason is that a value was left out."""
    return why == WORD or why.startswith(WORD + ":")


def agree(one: str, two: str):
    """Tell of two reasons whether the values were equal; None where that cannot be told."""
    first, second = _parts(one), _parts(two)
    if first is None or second is None or first[0] != second[0]:
        return None
    return first[1] == second[1]


def _parts(why: str):
    """The name of the key and the digest of a reason, or None."""
    if not is_cut(why) or "; hmac-sha256 " not in why:
        return None
    name, _, digest = why.rpartition("; hmac-sha256 ")[2].partition(":")
    return (name, digest) if len(name) == 8 and len(digest) == 32 else None
