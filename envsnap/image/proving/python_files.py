"""Python's own files in an image, beside those of the image that they come from.

A base brings another build of a Python release than the one that was captured, so no captured
digest answers for these files. Where the engine has the base, its files do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from envsnap.changes.change import ChangeKind
from envsnap.errors import TargetError
from envsnap.image.proving import carried_files, held
from envsnap.image.proving.fact import Fact
from envsnap.image.records import Plan
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

PART = "python"
PREFIX, FOLDERS = "/usr/local", ("bin", "lib")  # where the images of Python have it
NOT_THERE = "Python's own files: the engine does not have {}, whose files would tell"
OTHER = "not the file of Python that the base has"
STRANGE = "code among Python's own that the base does not have"
OF_PYTHON = re.compile(
    r"lib/python3\.\d{1,2}/(?!(?:.*/)?__pycache__/|(?:site|dist)-packages/)|lib/libpython3[\w.]*$|bin/python3\.\d{1,2}$",
    re.DOTALL,
)
CODE = re.compile(r".*\.(?:py|pyc|so|pth)", re.DOTALL)


def compare(
    client: DockerClient, image: Any, container: Any, plan: Plan
) -> tuple[list[Fact], list[str]]:
    """Return Python's files that are others than in the base, and what could not be compared."""
    reference = {"image": plan.base.reference, "copy": plan.python.image}.get(plan.python.how)
    if reference is None or plan.base.kind == "custom":
        return [], []
    base = _base(client, reference, plan)
    if base is None:
        return [], [NOT_THERE.format(reference)]
    wanted = _of_image(client, base)
    if not wanted:
        return [], []  # the distribution's own, whose files its packages answer for
    inside = _of_image(client, image) if container is None else _python_of(container)
    return list(_differences(wanted, inside, copied=plan.python.how == "copy")), []


def _base(client: DockerClient, reference: str, plan: Plan) -> Any:
    """The image that Python comes from, if the engine has the one that the plan was made on."""
    import docker

    try:
        found = client.images.get(reference)
    except docker.errors.DockerException:
        return None
    below = list(plan.base.layers)
    is_it = plan.python.how != "image" or not below or held.layers(found) == below
    return found if is_it else None


def _of_image(client: DockerClient, image: Any) -> Mapping[str, str]:
    import docker

    try:
        with held.asleep(client, image) as container:
            return _python_of(container)
    except docker.errors.DockerException as error:
        raise TargetError(f"{image.id}: {engine.reason(error)}") from None


def _python_of(container: Any) -> dict[str, str]:
    """SHA-256 of Python's own files, by their path below /usr/local."""
    return {
        f"{folder}/{name}": digest
        for folder in FOLDERS
        for name, (digest, _) in carried_files.inside(container, f"{PREFIX}/{folder}").items()
        if OF_PYTHON.match(f"{folder}/{name}")
    }


def _differences(
    wanted: Mapping[str, str], inside: Mapping[str, str], *, copied: bool
) -> Iterator[Fact]:
    """What is another, gone, or code that was added; beside a copied Python may stand the base's own."""
    yield from carried_files.others(PART, wanted, inside, OTHER)
    for name in () if copied else sorted(inside.keys() - wanted.keys()):
        if CODE.fullmatch(name):
            yield carried_files.fact(PART, name, ChangeKind.ADDED, None, inside[name], STRANGE)
