"""What is left out of foreign files: the same secrets as everywhere, asked for in one place."""

from __future__ import annotations

from envsnap.probe import secrets


def clean_url(text: str) -> str:
    """An address without credentials, query and fragment."""
    return str(secrets.clean_url(text))


def clean_variable(name: str, value: str) -> str | None:
    """A variable's value without secrets; None where it must be left out as a whole."""
    if secrets.is_secret_key(name):
        return None
    clean: str | None = secrets.clean_value(value)
    return clean
