"""Elements of XML, and pairs of their attributes, that a name says are secrets."""

import re

from . import keys
from .weighing import hides

_NAME = r"[A-Za-z_][\w.-]{0,80}"
# Elements of XML, one in the other, and pairs of attributes.
_ELEMENT = (
    r"<(?:[\w-]{1,20}:)?("
    + _NAME
    + r")(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?([^<>\]]{1,4096}|[^<>]{1,4096})(?:\]\]>)?</"
)
_NESTED = (
    r"<(?:[\w-]{1,20}:)?("
    + _NAME
    + r")(?:\s[^<>]{0,200})?>\s{0,40}<(?i:value|string|text|plaintext|val)>([^<>]{1,4096})</"
)
_ATTRIBUTES = (
    r"\b(?:key|name)=[\"']("
    + _NAME
    + r")[\"']\s{1,8}(?:value|content)=[\"']([^\"'<>]{1,4096})[\"']"
)


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets between tags, and in attributes."""
    if "<" not in text:
        return []
    return [
        (*match.span(2), "value of a name that tells a secret")
        for shape in (_ELEMENT, _NESTED, _ATTRIBUTES)
        for match in re.finditer(shape, text)
        if hides(match.group(2), keys.weigh(match.group(1)))
    ]
