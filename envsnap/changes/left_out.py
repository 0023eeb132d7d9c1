"""Values that were left out because they may be secrets: never equal without a look.

A gap tells of each. Where both captures used one redaction key, the gaps carry digests of the
values, and these are compared; otherwise whether the values differ is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.paths import Path, keys
from envsnap.redact import digests

SAME_KEY_DIFFERS = "(left out)"
ANOTHER = "(left out: another value)"


def compared(
    reference: dict[str, str], other: dict[str, str]
) -> Iterator[tuple[str, Path, bool | None, str]]:
    """Yield (path in text, path, equal or unknown, reason) of each value that a side left out.

    Equality is None where it cannot be told: no digests, digests of two keys, or one side that
    shows its value.
    """
    for text in {**reference, **other}:
        mine, theirs = reference.get(text, ""), other.get(text, "")
        if not (digests.is_cut(mine) or digests.is_cut(theirs)):
            continue
        yield text, keys(text), digests.agree(mine, theirs), mine or theirs
