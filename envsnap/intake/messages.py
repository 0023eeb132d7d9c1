"""Texts that other programs wrote, without the secrets in them."""

from __future__ import annotations

import re

from envsnap.probe import secrets

ASSIGNED = re.compile(r"\b([\w.-]{1,60})(\s?[=:]\s?)([^\s,;&'\"]{1,200})")


def clean_message(text: str) -> str:
    """Take secrets out of a line of a log: tokens, credentials in addresses, password=..."""
    return ASSIGNED.sub(_hidden, secrets.clean_message(text))


def _hidden(match: re.Match[str]) -> str:
    name, sign, _ = match.groups()
    return f"{name}{sign}{secrets.REDACTED}" if secrets.is_secret_key(name) else match.group()
