"""Indented ASCII JSON: msgspec writes it, and the standard library where a text is not ASCII."""

import json
from typing import Any

import msgspec


def indented(value: Any) -> str:
    """Write a record, or plain data, as indented JSON in ASCII, without a last newline.

    Both ways give the same bytes; with an indentation the standard library's encoder runs in
    Python, and takes several times as long.
    """
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    except UnicodeEncodeError:  # a lone surrogate
        text = b"\xff"
    if text.isascii():
        return _visible(text.decode("ascii"))
    return _visible(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=True))


def _visible(text: str) -> str:
    """Escape DEL, which a terminal obeys and JSON allows as it is; it can only be in a string."""
    return text.replace("\x7f", "\\u007f")
