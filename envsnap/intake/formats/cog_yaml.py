"""`cog.yaml`: what Cog builds an image of a model from."""

from __future__ import annotations

import re
from typing import Any

from envsnap.intake.formats import configs, install_commands, privacy, trees, wanted_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

ADDRESS = re.compile(r"(?:git\+|https?://)")
KEYS = frozenset(
    ("build", "image", "predict", "train", "concurrency", "environment", "tests", "run", "weights")
)
OF_COG = frozenset(("python_version", "python_packages", "python_requirements", "gpu", "cuda"))
# What is no package of Python's: kept as it is written.
BESIDE = ("gpu", "cuda", "cudnn", "system_packages", "run", "pre_install")


def recognise(source: Source) -> bool:
    """A mapping with a build of Cog's and what it runs."""
    if "build:" not in source.text:
        return False
    tree = source.mapping
    build = set(trees.mapping(tree, "build"))
    runs = any(isinstance(tree.get(key), str) for key in ("predict", "train", "run", "image"))
    return set(tree) <= KEYS and bool(OF_COG & build) and (runs or len(OF_COG & build) > 1)


def read(source: Source) -> Draft:
    """The Python, the packages and the variables that it asks for."""
    draft = Draft("cog.yaml", "wanted")
    tree = source.mapping
    build = trees.mapping(tree, "build")
    draft.add(Wanted(complete=False, entries={}))
    wanted_lines.python(draft, build.get("python_version", ""))
    wanted_lines.add(draft, build.get("python_packages"))
    file = trees.text(build, "python_requirements")
    if isinstance(file, str):
        wanted_lines.add_file(draft, source, file)
    for pair in trees.texts(tree, "environment") or ():
        name, equals, value = pair.partition("=")
        if equals:
            draft.variable(name.strip(), value)
    _beside(draft, build)
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _beside(draft: Draft, build: dict[str, Any]) -> None:
    """CUDA, packages of the system and commands as a config; what a command installs is wanted, too."""
    told = {key: build[key] for key in BESIDE if build.get(key) not in (None, [], "")}
    for command in trees.texts(build, "run") or ():
        install_commands.add(draft, command)
    unnamed = [text for text in trees.texts(build, "python_packages") or () if ADDRESS.match(text)]
    if unnamed:
        told["addresses"] = [privacy.clean_url(text) for text in unnamed]
    if told:
        configs.add_tree(draft, "cog", told, "yaml")
