"""HTML that cannot be broken out of: what is not markup already is sanitised and escaped."""

from __future__ import annotations

import html

from envsnap.report.sanitize import plain

EMPTY = ("meta", "input", "br")


class Html(str):
    """Text that is markup."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Text as markup that shows it."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(plain(text), quote=True))


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """An element; in names of attributes an underscore is a hyphen, at the end nothing.

    An attribute that is None or False is left out, True is one without a value.
    """
    opening = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")  # noqa: PLW2901
        opening += f" {key}" if value is True else f' {key}="{escaped(str(value))}"'
    if name in EMPTY:
        return Html(f"<{opening}>")
    return Html(f"<{opening}>{joined(*children)}</{name}>")


def joined(*parts: str) -> Html:
    """Several pieces, one after the other."""
    return Html("".join(escaped(part) for part in parts))


def lines(*parts: str) -> Html:
    """Several pieces, a line each."""
    return Html("\n".join(escaped(part) for part in parts if part))
