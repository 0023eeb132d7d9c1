"""conda's names: which are a distribution of Python's index under another name, and which none.

A package of conda keeps its own name and record, as a capture keeps it. Where its name is not
the distribution's, the distribution is added, because that is what `import` finds.
"""

from __future__ import annotations

from msgspec import UNSET

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.knowledge.names import canonical
from envsnap.knowledge.tables import table
from envsnap.model.python import Conda, Package, Python


def key(name: str) -> str:
    """The key under which a package of conda is kept: its own name where it is no distribution's."""
    return canonical(name) if names.is_name(name) else name.lower()


def distribution(name: str) -> str | None:
    """The distribution that a package of conda brings; None where the table knows that it is none."""
    known = table("conda_names")
    if name in known["distributions"]:
        found: str = known["distributions"][name]
        return found
    if not names.is_name(name) or any(name.startswith(start) for start in known["not_python"]):
        return None
    return canonical(name)


def is_variant(name: str, found: str) -> bool:
    """Whether several packages bring a distribution, of which this one is a CPU's or a GPU's."""
    return name != found and name.endswith(("-cpu", "-gpu"))


def add(draft: Draft, name: str, conda: Conda, *, doubted: bool = False) -> None:
    """Add an installed package of conda, and Python where that is what it is.

    Where another list doubts its version, only what conda says is added, as conda's.
    """
    if doubted:
        draft.package(key(name), Package(format="conda", conda=conda))
        return
    if name == "python" and isinstance(conda.version, str):
        draft.add(Python(complete=False, version=conda.version))
    draft.package(key(name), Package(version=conda.version, format="conda", conda=conda))
    brought = table("conda_names")["distributions"].get(name)
    if brought is not None and brought != key(name):
        draft.package(brought, Package(version=conda.version or UNSET))
