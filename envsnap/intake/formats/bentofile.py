"""`bentofile.yaml`: what BentoML packs a service with."""

from __future__ import annotations

from typing import Any

from envsnap.intake.formats import trees, wanted_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

KEYS = frozenset(
    ("service", "name", "description", "labels", "include", "exclude", "models", "python", "docker",
     "conda", "envs", "args", "bento_version")
)  # fmt: skip
NOT_READ = ("cuda_version", "system_packages", "setup_script", "base_image", "dockerfile_template")
OF_PYTHON = ("index_url", "extra_index_url")


def recognise(source: Source) -> bool:
    """A mapping that names a service and how its image is made."""
    if "service:" not in source.text:
        return False
    tree = source.mapping
    told = any(isinstance(tree.get(key), dict) for key in ("python", "docker", "conda"))
    return isinstance(tree.get("service"), str) and told and set(tree) <= KEYS


def read(source: Source) -> Draft:
    """The Python, the packages and the variables that it asks for."""
    draft = Draft("bentofile.yaml", "wanted")
    tree = source.mapping
    python, docker = trees.mapping(tree, "python"), trees.mapping(tree, "docker")
    draft.add(Wanted(complete=False, entries={}))
    wanted_lines.python(draft, docker.get("python_version", ""))
    wanted_lines.add(draft, python.get("packages"))
    file = trees.text(python, "requirements_txt")
    if isinstance(file, str):
        wanted_lines.add_file(draft, source, file)
    _variables(draft, docker.get("env"))
    _variables(draft, tree.get("envs"))
    for part, keys in ((docker, NOT_READ), (python, OF_PYTHON)):
        for key in keys:
            if part.get(key):
                draft.leave(key)
    if tree.get("conda"):
        draft.leave("conda")
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _variables(draft: Draft, told: Any) -> None:
    """Variables as a mapping, as NAME=value, or as records; another file of them is not read."""
    if isinstance(told, str):
        draft.leave("the file of variables that it names")
    pairs = told.items() if isinstance(told, dict) else ()
    for name, value in pairs:
        draft.variable(str(name), str(value))
    for item in told if isinstance(told, list) else ():
        if isinstance(item, str) and "=" in item:
            draft.variable(item.partition("=")[0].strip(), item.partition("=")[2])
        elif isinstance(item, dict) and item.get("name") and item.get("value") is not None:
            draft.variable(str(item["name"]), str(item["value"]))
