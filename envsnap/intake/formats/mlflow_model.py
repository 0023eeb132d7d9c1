"""MLflow's `MLmodel`: the Python and the packages that the model was logged with, and its signature."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import configs, names, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.wanted import Choice, Wanted

NAME = "MLmodel"
# Keys of flavors that are versions of a distribution with another name.
DISTRIBUTIONS = {
    "sklearn_version": "scikit-learn",
    "pytorch_version": "torch",
    "xgb_version": "xgboost",
    "lgb_version": "lightgbm",
    "tf_version": "tensorflow",
    "spacy_version": "spacy",
    "diviner_version": "diviner",
    "cb_version": "catboost",
}
VERSION_KEY = re.compile(r"^([a-z][a-z0-9_]*)_version$")
NO_DISTRIBUTION = ("python_version", "model_version", "schema_version")
VOLATILE = (
    "run_id",
    "model_uuid",
    "model_id",
    "utc_time_created",
    "artifact_path",
    "model_size_bytes",
)


def recognise(source: Source) -> bool:
    """A mapping of flavors, in YAML or in JSON."""
    if re.search(r"\bflavors\"?\s{0,4}:", source.text) is None:
        return False
    flavors = _tree(source).get("flavors")
    return (
        isinstance(flavors, dict)
        and bool(flavors)
        and all(isinstance(item, dict) for item in flavors.values())
    )


def _tree(source: Source) -> dict[str, Any]:
    return source.json if isinstance(source.json, dict) else source.mapping


def read(source: Source) -> Draft:
    """What the model asks for, and how it is called."""
    draft = Draft("an MLflow model", "wanted")
    add(draft, source)
    return draft


def add(draft: Draft, source: Source) -> None:
    """Add what an MLmodel file says."""
    tree = _tree(source)
    flavors = trees.mapping(tree, "flavors")
    python = trees.text(flavors, "python_function", "python_version")
    if isinstance(python, str) and names.is_version(python):
        bounds = f"=={python}" if python.count(".") > 1 else f"=={python}.*"
        draft.add(Wanted(complete=False, entries={}, requires_python=bounds))
    stated = {"mlflow_version": tree.get("mlflow_version")}
    for flavor in flavors.values():
        stated.update(flavor)
    for key, value in stated.items():
        _version(draft, key, value)
    if not draft.has("wanted"):
        draft.add(Wanted(complete=False, entries={}))
    kept = {key: value for key, value in tree.items() if key not in VOLATILE}
    is_json = isinstance(source.json, dict)
    configs.add_tree(draft, NAME, kept, "json" if is_json else "yaml")
    if source.cut and not is_json:
        draft.leave_end(source.cut)


def _version(draft: Draft, key: str, value: Any) -> None:
    found = VERSION_KEY.match(key)
    if (
        found is None
        or key in NO_DISTRIBUTION
        or not isinstance(value, str)
        or not names.is_version(value)
    ):
        return
    draft.want(canonical(DISTRIBUTIONS.get(key, found[1])), Choice(version=value or UNSET))
