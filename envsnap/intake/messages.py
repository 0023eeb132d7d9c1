"""Texts that other programs wrote, without the secrets in them."""

from __future__ import annotations

import os

from envsnap.redact import decision


def clean_message(text: str) -> str:
    """Take secrets out of a line of a log: tokens, credentials in addresses, password=..."""
    return decision.message(text, dict(os.environ))
