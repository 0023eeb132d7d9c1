"""The forms: one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from envsnap.image.records import Plan
from envsnap.image.writing.forms import apptainer, compose, devcontainer, kubernetes

FORMS: dict[str, tuple[str, Callable[[Plan, str], str]]] = {
    "compose": (compose.FILE, compose.render),
    "kubernetes": (kubernetes.FILE, kubernetes.render),
    "devcontainer": (devcontainer.FILE, devcontainer.render),
    "apptainer": (apptainer.FILE, apptainer.render),
}


def files(plan: Plan, names: Iterable[str], image: str) -> dict[str, bytes]:
    """Return the files of the forms that were asked for. Raises InputError."""
    found = {}
    for name in names:
        file, render = FORMS[name]
        found[file] = render(plan, image).encode("utf-8")
    return found
