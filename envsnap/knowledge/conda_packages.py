"""Which packages of conda a list of Python's distributions cannot hold."""

from __future__ import annotations

import re

from envsnap.knowledge.tables import table

# conda writes `py311…`, `pyhd8ed…` or `…_py310_…` into the build of a package for Python.
FOR_PYTHON = re.compile(r"(?:^|_)py(?:\d|h|py)")


def is_named_by_conda_alone(name: str, build: str | None) -> bool:
    """Whether no list of distributions names such a package: it brings none, or one of another name."""
    known = table("conda_names")
    if name == "python" or any(name.startswith(start) for start in known["not_python"]):
        return True
    if known["distributions"].get(name, name) != name:
        return True
    return build is not None and FOR_PYTHON.search(build) is None


def distribution(name: str) -> str:
    """The distribution that a package of conda brings: torch of pytorch; mostly of its own name."""
    return str(table("conda_names")["distributions"].get(name, name))
