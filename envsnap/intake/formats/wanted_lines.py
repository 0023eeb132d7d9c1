"""What several kinds of files ask for in the same way: requirements in lists, a Python by its number."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from envsnap.intake.formats import requirement_lines, requirements_txt
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

PYTHON = re.compile(r"\d\.\d{1,2}(?P<patch>\.\d{1,2})?")


def add(draft: Draft, texts: object, groups: tuple[str, ...] | UnsetType = UNSET) -> None:
    """Add a list of requirements as pip spells them; what is none is counted, and so is no list."""
    if not isinstance(texts, list):
        if texts:
            draft.leave("requirements that are no list")
        return
    for text in texts:
        line = requirement_lines.line(str(text))
        if line.name and line.kind in ("requirement", "address", "editable"):
            draft.want(line.name, replace(line.choice, groups=groups))
        elif line.kind == "option":
            draft.leave("options of pip", beside=True)
        elif line.kind in ("path", "editable"):
            draft.leave("local projects")
        elif line.kind == "address":
            draft.leave("addresses without a name")
        elif line.kind == "junk":
            draft.leave("requirements that could not be read")


def add_file(draft: Draft, source: Source, name: str) -> None:
    """Add the requirements file that a file names, where it lies beside it."""
    found = source.beside(name)
    if found is None:
        draft.leave("the requirements file that it names")
    else:
        requirements_txt.add(draft, found)


def python(draft: Draft, version: object) -> None:
    """Add the Python that is asked for by a number: 3.11 is any 3.11."""
    found = PYTHON.fullmatch(str(version).strip())
    if found is not None:
        bound = f"=={found[0]}" if found["patch"] else f"=={found[0]}.*"
        draft.add(Wanted(complete=False, requires_python=bound))
