"""Whether what a command was given is a secret: the room `redact` decides, here as everywhere.

It is loaded by its place, since envsnap need not be installed here, and only once a name sounds so.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from typing import Any

from .places import OURS
from .settings import SECRET

PACKAGE = "envsnap_redact"
SHORT = 4  # digits, from which on a number may be a code to get in with
NAMES = re.compile(r"\w\s?[:=]")  # a name and what stands behind it
SOUNDS = re.compile(
    r"key|token|secret|pass|pwd|pw(?:$|[^a-z])|auth|cred|cookie|pin(?:$|[^a-z])|sig|salt|hook|dsn|conn",
    re.IGNORECASE,
)


def is_secret(name: str, value: str) -> bool:
    """Whether a value is left out under its name, as `API_KEY` has one; of `SORT_KEY=score` it is not.

    Or by a name in the value itself, as `X-Auth-Token: x` has one.
    """
    if not SOUNDS.search(name) and not (NAMES.search(value) and SOUNDS.search(value)):
        return False
    if value.isdigit() and SECRET.search(name):  # a manifest shows numbers; here few are needed
        return len(value) >= SHORT
    try:
        shown, why = _decision().value(name.lstrip("-"), value, variable=True)
    except Exception:  # nobody knows: then it is one
        return True
    return why is not None or shown != value


def _decision() -> Any:
    if PACKAGE not in sys.modules:
        folder = os.path.join(OURS, "redact")
        spec: Any = importlib.util.spec_from_file_location(
            PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"{PACKAGE}.decision")
