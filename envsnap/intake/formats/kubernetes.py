"""Kubernetes: manifests and live objects that run a pod; variables by name, limits, images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import configs, quantities, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

NAME = "kubernetes"
TEMPLATES = (
    ("Pod", ("spec",)),
    ("Deployment", ("spec", "template", "spec")),
    ("StatefulSet", ("spec", "template", "spec")),
    ("DaemonSet", ("spec", "template", "spec")),
    ("ReplicaSet", ("spec", "template", "spec")),
    ("Job", ("spec", "template", "spec")),
    ("CronJob", ("spec", "jobTemplate", "spec", "template", "spec")),
    ("Service", ("spec", "template", "spec")),  # Knative's
    ("InferenceService", ("spec", "predictor")),
)
# What the cluster writes into a live object, and what names this very one.
LIVE = ("status",)
LIVE_METADATA = (
    "uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink",
    "ownerReferences", "generateName", "deletionTimestamp",
)  # fmt: skip
# Of a pod: where it was put, and what its name is among its like.
PLACED = ("nodeName", "hostname")
COPIES = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name")
TOKENS = "kube-api-access-"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def recognise(source: Source) -> bool:
    """An apiVersion and a kind that runs containers, as YAML or JSON."""
    if "apiVersion" not in source.text or "containers" not in source.text:
        return False
    return any(True for _ in _workloads(source))


def _documents(source: Source) -> Iterator[dict[str, Any]]:
    found = [source.json] if isinstance(source.json, dict) else list(source.yaml)
    for item in found:
        if isinstance(item, dict) and str(item.get("kind", "")).endswith("List"):
            yield from trees.records(item, "items")
        elif isinstance(item, dict):
            yield item


def _workloads(source: Source) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each document that runs a pod, with the pod's own specification."""
    for document in _documents(source):
        if not isinstance(document.get("apiVersion"), str):
            continue
        for kind, place in TEMPLATES:
            spec = trees.mapping(document, *place)
            if document.get("kind") == kind and isinstance(spec.get("containers"), list):
                yield document, spec


def read(source: Source) -> Draft:
    """One workload: its containers by name, variables, limits; the rest as a config."""
    found = list(_workloads(source))
    if len(found) > 1:
        told = ", ".join(
            f"{item['kind']} {trees.text(item, 'metadata', 'name') or ''}".strip()
            for item, _ in found[:4]
        )
        raise RefusedError(
            f"{source.name}: holds {len(found)} workloads ({told}); put the one that you mean into a file of its own"
        )
    document, spec = found[0]
    draft = Draft(f"a Kubernetes {document['kind']}", "stated")
    others = sum(1 for _ in _documents(source)) - 1
    if others:
        draft.leave("objects that run no pod", others)
    containers = list(trees.records(spec, "containers"))
    if len(containers) == 1:
        _only(draft, containers[0])
    configs.add_tree(draft, NAME, _tree(draft, document, len(containers)), "yaml")
    if source.cut and not isinstance(source.json, dict):
        draft.leave("a last line without an end, which may be cut")
    return draft


def _only(draft: Draft, container: dict[str, Any]) -> None:
    """The one container's variables and limits are the environment's."""
    entries = {
        name: entry
        for entry in trees.records(container, "env")
        if isinstance(name := trees.text(entry, "name"), str)
    }  # of one that is named twice the last counts
    for name, entry in entries.items():
        value = entry.get("value")
        known = value is not None and not isinstance(value, dict | list) and "$(" not in str(value)
        if known:
            draft.variable(name, str(value))
        elif value is not None or "valueFrom" in entry:
            draft.variable_name(name)
    limits = trees.mapping(container, "resources", "limits")
    draft.add(
        System(
            complete=False,
            container="kubernetes",
            cgroup_memory_limit=quantities.memory(limits["memory"])
            if "memory" in limits
            else UNSET,
            cgroup_cpu_limit=quantities.processors(limits["cpu"]) if "cpu" in limits else UNSET,
        )
    )


def _tree(draft: Draft, document: dict[str, Any], containers: int) -> dict[str, Any]:
    """The object without what the cluster wrote, and without what stands elsewhere already."""
    tree = {key: value for key, value in document.items() if key not in LIVE}
    if len(tree) != len(document):
        draft.leave("the state of the live object")
    metadata = trees.mapping(tree, "metadata")
    annotations = {
        key: value
        for key, value in trees.mapping(metadata, "annotations").items()
        if key != APPLIED
    }
    tree["metadata"] = {key: value for key, value in metadata.items() if key not in LIVE_METADATA}
    if annotations:
        tree["metadata"]["annotations"] = annotations
    else:
        tree["metadata"].pop("annotations", None)
    if document["kind"] == "Pod":
        tree["metadata"].pop("name", None)
    labels = trees.mapping(tree, "metadata", "labels")
    tree["metadata"]["labels"] = {key: value for key, value in labels.items() if key not in COPIES}
    tree = _unplaced(tree)
    found = _without_env(tree) if containers == 1 else tree
    assert isinstance(found, dict)
    return found


def _unplaced(tree: Any) -> Any:
    """A tree without the node it runs on and the volume of its own token."""
    if isinstance(tree, dict):
        return {key: _unplaced(value) for key, value in tree.items() if key not in PLACED}
    if isinstance(tree, list):
        return [
            _unplaced(item)
            for item in tree
            if not (isinstance(item, dict) and str(item.get("name", "")).startswith(TOKENS))
        ]
    return tree


def _without_env(tree: Any) -> Any:
    if isinstance(tree, dict):
        found = {key: _without_env(value) for key, value in tree.items()}
        if "image" in found and isinstance(found.get("env"), list):
            del found["env"]
        if "image" in found:
            for limit in ("memory", "cpu"):
                trees.mapping(found, "resources", "limits").pop(limit, None)
        return found
    return [_without_env(item) for item in tree] if isinstance(tree, list) else tree
