"""Every shape of a token that detect-secrets knows is left out here, too.

That library is an oracle and no dependency: its plugins find what issuers mark, and on our
documents that is a fifth of the secrets, all of which `redact` finds by itself.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from re import _parser as parser  # type: ignore[attr-defined]  # how `re` reads a pattern
from typing import Any

import pytest

from envsnap.redact import decision

# Plugins whose patterns are names or addresses around a token, which are judged by rules of their
# own, and Artifactory's: any word of 13 letters that begins with AKC or AP.
AROUND = (
    "ArtifactoryDetector", "CloudantDetector", "SoftlayerDetector", "PrivateKeyDetector", "BasicAuthDetector",
    "IbmCloudIamDetector", "IbmCosHmacDetector", "IPPublicDetector",
)  # fmt: skip
LETTERS = string.ascii_letters + string.digits


def shapes() -> Iterator[tuple[str, str]]:
    """The patterns of its plugins that describe a token itself."""
    plugins = pytest.importorskip("detect_secrets.core.plugins.util")
    for plugin in plugins.get_mapping_from_secret_type_to_class().values():
        for pattern in getattr(plugin, "denylist", ()):
            if plugin.__name__ not in AROUND and not pattern.flags & re.IGNORECASE:
                yield plugin.__name__, pattern.pattern


def made(tree: Any, rng: random.Random) -> str:
    """A random text of a parsed pattern; what it looks ahead for is left out."""
    return "".join(_part(str(kind), value, rng) for kind, value in tree)


def _part(kind: str, value: Any, rng: random.Random) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "IN":
        return rng.choice([letter for letter in LETTERS + "-_" if _is_in(value, ord(letter))])
    if kind == "ANY":
        return rng.choice(LETTERS)
    if kind == "BRANCH":
        return made(rng.choice(value[1]), rng)
    if kind == "SUBPATTERN":
        return made(value[3], rng)
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = value
        if kind == "MIN_REPEAT":
            most = least
        elif most == parser.MAXREPEAT:  # as many as a token of today has
            least, most = max(least, 20), max(least, 40)
        return "".join(made(inner, rng) for _ in range(rng.randint(least, most)))
    assert kind in ("AT", "ASSERT", "ASSERT_NOT"), kind
    return ""


def _is_in(choices: Any, letter: int) -> bool:
    for kind, value in choices:
        if str(kind) == "RANGE" and value[0] <= letter <= value[1]:
            return True
        if str(kind) == "LITERAL" and value == letter:
            return True
        if str(kind) == "CATEGORY" and chr(letter) in string.digits:
            return True
    return False


def test_what_another_tool_calls_a_token_is_left_out() -> None:
    known = list(shapes())
    assert len(known) >= 12
    rng = random.Random(11)
    count = 0
    for name, pattern in known:
        for _ in range(40):
            token = made(parser.parse(pattern), rng)
            # Shorter ones are words: what follows `xoxb-` may be one digit there.
            if len(token) < 24 or re.search(r"[A-Za-z0-9]{8}", token) is None:
                continue
            count += 1
            shown = decision.message(f"401: {token} was refused", {})
            assert token not in shown, f"{name}: {pattern}: {token}"
    assert count > 400
