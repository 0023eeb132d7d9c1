"""Ray's runtime environments, in YAML or JSON: what workers install and with which variables."""

from __future__ import annotations

from typing import Any

from envsnap.intake.formats import trees, wanted_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted

# RuntimeEnv.known_fields of Ray.
FIELDS = frozenset(
    ("conda", "config", "container", "env_vars", "excludes", "image_uri", "java_jars", "pip",
     "py_executable", "py_modules", "uv", "worker_process_setup_hook", "working_dir", "nsight")
)  # fmt: skip
INSTALLS = ("pip", "uv")
NOT_READ = ("conda", "container", "image_uri", "py_modules")


def recognise(source: Source) -> bool:
    """A mapping of Ray's fields alone, with packages or variables, and two of them."""
    if not any(word in source.text for word in (*INSTALLS, "env_vars")):
        return False
    tree = _tree(source)
    if not tree or not set(tree) <= FIELDS:
        return False
    listed = any(_listed(tree.get(key)) is not None for key in INSTALLS)
    told = trees.mapping(tree, "env_vars")
    plain = bool(told) and all(isinstance(value, str) for value in told.values())
    return (listed or plain) and len(tree) > 1


def _tree(source: Source) -> dict[str, Any]:
    tree = source.json if isinstance(source.json, dict) else source.mapping
    inner = tree.get("runtime_env")
    return inner if isinstance(inner, dict) and len(tree) == 1 else tree


def _listed(value: Any) -> list[str] | None:
    """The packages of a list, or of a mapping that has it; None for a file or nothing."""
    if isinstance(value, dict):
        value = value.get("packages")
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return value if texts else None


def read(source: Source) -> Draft:
    """The packages and the variables that it asks for."""
    draft = Draft("a runtime environment of Ray", "wanted")
    tree = _tree(source)
    draft.add(Wanted(complete=False, entries={}))
    for key in INSTALLS:
        value = tree.get(key)
        wanted_lines.add(draft, _listed(value))
        file = value if isinstance(value, str) else trees.text(value, "packages")
        if isinstance(file, str):
            wanted_lines.add_file(draft, source, file)
    for name, text in trees.mapping(tree, "env_vars").items():
        draft.variable(name, str(text))
    for key in NOT_READ:
        if tree.get(key):
            draft.leave(key)
    return draft
