"""An MLflow model's folder: MLmodel, with the requirements beside it."""

from __future__ import annotations

from msgspec import UNSET

from envsnap.intake.formats import mlflow_model, requirements_txt
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.folder import Folder
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

LARGEST = 1 << 20


def recognise(folder: Folder) -> bool:
    """An MLmodel that is one."""
    data = folder.bytes("MLmodel", LARGEST)
    return data is not None and mlflow_model.recognise(Source(data, "MLmodel", "MLmodel"))


def read(folder: Folder) -> Draft:
    """The requirements first: they say more exactly what MLmodel says again."""
    data = folder.bytes("MLmodel", LARGEST)
    assert data is not None
    draft = Draft("an MLflow model", "wanted")
    listed = folder.bytes("requirements.txt", LARGEST)
    if listed is not None:
        listed = _with_its_end(listed, folder.bytes("conda.yaml", LARGEST) or b"")
        requirements_txt.add(draft, Source(listed, "requirements.txt", "requirements.txt"))
    asked = set(draft.entries("wanted"))
    alone = Draft("an MLflow model", "wanted")
    mlflow_model.add(alone, Source(data, "MLmodel", "MLmodel"))
    for name, choices in alone.entries("wanted").items():
        for choice in choices if name not in asked else ():
            draft.want(name, choice)
    draft.merge(alone, without=("wanted",))
    python = alone.sections().wanted
    if python is not UNSET and python.requires_python is not UNSET:
        bounds = python.requires_python
        draft.add(Wanted(complete=False, entries={}, requires_python=bounds))
    others = len(folder.sizes) - 1 - (listed is not None)
    if others:
        draft.leave("other files", others, beside=True)
    return draft


def _with_its_end(listed: bytes, conda: bytes) -> bytes:
    """MLflow ends no last line; where its conda.yaml lists the same one, it was not cut."""
    last = listed.rpartition(b"\n")[2].strip()
    whole = {line.strip() for line in conda.splitlines(keepends=True) if line.endswith(b"\n")}
    return listed + b"\n" if last and b"- " + last in whole else listed
