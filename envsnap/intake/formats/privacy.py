"""What is left out of foreign files: the same secrets as everywhere, asked for in one place."""

from __future__ import annotations

import re

from envsnap.redact import decision


def clean_url(text: str) -> str:
    """An address without credentials, and without query and fragment: where something is from."""
    shown = str(decision.part(text)[0])
    return re.split(r"[?#;]", shown, maxsplit=1)[0] if "//" in shown else shown


def judged_variable(name: str, value: str) -> tuple[str | None, str | None]:
    """What may be shown of a variable (None: nothing), and why something was left out."""
    shown, why = decision.value(name, value, variable=True)
    return shown, why
