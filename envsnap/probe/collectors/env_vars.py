"""Environment variables: values only where the name is on the list, everything else by name."""

import os
import re

from . import locales
from ..record import Record, key_text
from ..secrets import is_listed, judge

# By which the host finds what a capture started.
OURS = "ENVSNAP_STARTED_HERE"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]{0,255}")


def collect(record: Record, asked: list) -> None:
    """Fill the `env_vars` section; `asked` names further variables whose values are wanted."""
    entries = record.facts["entries"] = {}
    others = record.facts["others"] = []
    for name, value in sorted(os.environ.items()):
        if name == OURS or not NAME.fullmatch(name) or (name == "LC_CTYPE" and locales.coerced()):
            continue
        if not is_listed(name) and name not in asked:
            others.append(name)
            continue
        shown, why = judge(name, value)
        if why is not None:
            record.left_out(key_text(name), why, value)
        if shown is not None:
            entries[name] = shown.encode("utf-8", "backslashreplace").decode("utf-8")
