"""`nvcc --version`."""

from __future__ import annotations

import re

from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Cuda

RELEASE = re.compile(
    r"^[ \t>]*Cuda compilation tools, release (\d{1,3}\.\d{1,3}), (?:V(\d{1,3}\.\d{1,3}\.\d{1,5})\b)?",
    re.MULTILINE,
)


def recognise(source: Source) -> bool:
    """The line with the release."""
    return RELEASE.search(source.text) is not None


def read(source: Source) -> Draft:
    """The toolkit's version."""
    found = {match[2] for match in RELEASE.finditer(source.whole + source.cut) if match[2]}
    if len(found) > 1:
        raise RefusedError(
            f"{source.name}: names {len(found)} releases of nvcc ({', '.join(sorted(found))}); keep the one that you mean"
        )
    draft = Draft("the output of nvcc --version", "stated")
    if found and not source.cut.endswith(tuple(found)):
        draft.add(Cuda(complete=False, toolkit=found.pop()))
    else:
        draft.gap("cuda", ("toolkit",), "not stated: its line has no end and may be cut")
    return draft
