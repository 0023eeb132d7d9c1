"""The frame of every HTML report: one file that loads nothing and lets only its own parts run."""

from __future__ import annotations

import base64
import hashlib
import os

from envsnap.report.markup import Html, lines, tag


def page(title: str, *body: str, scripted: bool = False, script: str = "page.js") -> str:
    """A whole file; `scripted` adds the script that filters findings, or another one."""
    style = _part("page.css")
    part = _part(script) if scripted else None
    allowed = f"'{_hash(part)}'" if part is not None else "'none'"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {allowed};"
        " base-uri 'none'; form-action 'none'"
    )
    head = lines(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"envsnap: {title}"),
        tag("style", style),
    )
    end = tag("script", part) if part is not None else ""
    made = tag("html", tag("head", head), tag("body", lines(*body, end)), lang="en")
    return f"<!doctype html>\n{made}\n"


def _part(name: str) -> Html:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as stream:
        return Html(stream.read())


def _hash(part: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}"
