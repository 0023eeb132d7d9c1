"""What a secret is, for the collectors: the room `redact` decides, here as in the target.

In the script that a target runs, that room is packed beside this file. It is loaded where a text
is judged: most children of the probe judge none.
"""

import os

REDACTED = "<redacted by envsnap>"
_KEY = []  # the redaction key of this run, if it has one


def use_key(key: str) -> None:
    """Let the gaps of this run carry digests made with a key, given in hexadecimal."""
    _KEY[:] = [bytes(bytearray.fromhex(key))] if key else []


def _decision():
    if __name__.startswith("envsnap_probe."):
        from .redact import decision
    else:
        from ..redact import decision
    return decision


def reason(why: str, lost: str) -> str:
    """The reason of the gap that a value leaves."""
    if __name__.startswith("envsnap_probe."):
        from .redact import digests
    else:
        from ..redact import digests
    return digests.reason(why, lost, _KEY[0] if _KEY else b"")


def is_secret_key(key: str) -> bool:
    """Tell whether values under this name are left out unless they are settings."""
    return _decision().is_secret_key(key)


def is_listed(name: str) -> bool:
    """Tell whether the value of a variable is captured without being asked for."""
    if __name__.startswith("envsnap_probe."):
        from .redact import variables
    else:
        from ..redact import variables
    return variables.is_listed(name)


def judge(name: str, value: str) -> tuple:
    """Judge a variable: what may be shown (None: nothing), and why something was left out."""
    return _decision().value(name, value, variable=True)


def clean_value(text: str) -> str:
    """Return a text without secrets in it, or None where it has to be left out."""
    return _decision().value("", text)[0]


def clean_url(text: str) -> str:
    """Return an address, or a text with addresses, without the secrets in it."""
    return _decision().part(text)[0]


def clean_message(text: str) -> str:
    """Take secrets out of an error message that somebody else wrote, keeping the rest."""
    return _decision().message(text, os.environ)


def sweep(tree: dict, note) -> None:
    """Take what has the shape of a secret out of all texts of a tree; `note` is told of each."""
    _decision().sweep(tree, note)
