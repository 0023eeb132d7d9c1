"""Kubernetes: manifests and live objects that run a pod; variables by name, limits, images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import configs, kubernetes_defaults, quantities, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

NAME = "kubernetes"
OWNER = "workload"
IMAGES = "running_images"
TEMPLATES = (
    ("Pod", ("spec",)),
    ("Deployment", ("spec", "template", "spec")),
    ("StatefulSet", ("spec", "template", "spec")),
    ("DaemonSet", ("spec", "template", "spec")),
    ("ReplicaSet", ("spec", "template", "spec")),
    ("Job", ("spec", "template", "spec")),
    ("CronJob", ("spec", "jobTemplate", "spec", "template", "spec")),
    ("Service", ("spec", "template", "spec")),  # Knative's
    ("Rollout", ("spec", "template", "spec")),  # Argo's
    ("InferenceService", ("spec", "predictor")),
)
KINDS = {kind for kind, _ in TEMPLATES}
DEEPEST = 5  # levels of an operator's object above its templates
# KServe's predictors that name a model; the container that serves it has this name.
PREDICTORS = ("model", "huggingface", "lightgbm", "onnx", "paddle", "pmml", "pytorch", "sklearn",
              "tensorflow", "triton", "xgboost")  # fmt: skip
SERVING = "kserve-container"
# Of a pod: where it was put, and what its name is among its like.
PLACED = ("nodeName", "hostname")
COPIES = re.compile(
    r"pod-template-hash|controller-revision-hash|pod-template-generation"
    r"|(?:batch\.kubernetes\.io/)?(?:controller-uid|job-name|job-completion-index)"
    r"|apps\.kubernetes\.io/pod-index|statefulset\.kubernetes\.io/pod-name"
)
# Written by the network's plugins and by kubectl into each object anew.
NOTED = re.compile(
    r"cni\.projectcalico\.org/.*|k8s\.(?:v1\.cni\.cncf\.io|ovn\.org)/.*|kubectl\.kubernetes\.io/.*"
    r"|deployment\.kubernetes\.io/.*|deprecated\.daemonset\.template\.generation"
    r"|kubernetes\.io/(?:config\.(?:hash|mirror|seen|source)|limit-ranger)"
    r"|batch\.kubernetes\.io/.*"
)
OF_POD = re.compile(r"(?<!\$)\$\((\w+)\)")
TOKENS = re.compile(r"kube-api-access-.*|default-token-[a-z0-9]{5}")
RUNNING = re.compile(r"(?:docker-pullable://)?\S{1,300}?@(sha256:[0-9a-f]{64})")


def recognise(source: Source) -> bool:
    """An apiVersion and a kind that runs containers, as YAML or JSON."""
    text = source.text
    if "apiVersion" not in text or not ("containers" in text or "predictor" in text):
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
    for document in map(_served, _documents(source)):
        if not isinstance(document.get("apiVersion"), str):
            continue
        for kind, place in TEMPLATES:
            spec = trees.mapping(document, *place)
            if document.get("kind") == kind and isinstance(spec.get("containers"), list):
                yield document, spec
        if document.get("kind") not in KINDS:
            for spec in _templates(document.get("spec"), DEEPEST):
                yield document, spec


def _templates(tree: Any, levels: int) -> list[dict[str, Any]]:
    """The different pods that an operator's object makes: of PyTorchJob, JobSet, RayCluster and their kin."""
    found: list[dict[str, Any]] = []
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        spec = trees.mapping(item, "template", "spec") if isinstance(item, dict) else {}
        inner = [spec] if isinstance(spec.get("containers"), list) else []
        if not inner and levels:
            inner = _templates(item, levels - 1)
        found += [one for one in inner if one not in found]
    return found


def _served(document: dict[str, Any]) -> dict[str, Any]:
    """A document whose predictor names a model, with the container that serves it in its place."""
    spec, predictor = trees.mapping(document, "spec"), trees.mapping(document, "spec", "predictor")
    named = [key for key in PREDICTORS if isinstance(predictor.get(key), dict)]
    if document.get("kind") != "InferenceService" or "containers" in predictor or len(named) != 1:
        return document
    rest = {key: value for key, value in predictor.items() if key != named[0]}
    served = {**rest, "containers": [{"name": SERVING, **predictor[named[0]]}]}
    return {**document, "spec": {**spec, "predictor": served}}


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
    containers = list(trees.records(spec, "containers"))
    maps = _config_maps(source)
    used = _only(draft, containers[0], maps) if len(containers) == 1 else set()
    others = sum(1 for _ in _documents(source)) - 1 - len(used)
    if others:
        draft.leave("objects that run no pod", others, beside=True)
    kind = "json" if isinstance(source.json, dict) else "yaml"
    configs.add_tree(draft, NAME, _pod(document, spec, len(containers)), kind)
    owner = _owner(document, spec)
    if owner:
        configs.add_tree(draft, OWNER, owner, kind)
    _state(draft, document)
    if source.cut and not isinstance(source.json, dict):
        draft.leave_end(source.cut)
        configs.gap_end(draft, NAME, source.text)
    return draft


def _config_maps(source: Source) -> dict[str, dict[str, Any]]:
    """What the ConfigMaps of the same text hold, by their names."""
    return {
        str(trees.text(document, "metadata", "name")): trees.mapping(document, "data")
        for document in _documents(source)
        if document.get("kind") == "ConfigMap"
    }


def _only(draft: Draft, container: dict[str, Any], maps: dict[str, dict[str, Any]]) -> set[str]:
    """The one container's variables and limits are the environment's; returns the maps that it reads."""
    used = set()
    given: dict[str, dict[str, Any]] = {}
    for source in trees.records(container, "envFrom"):  # of two that name one the last counts
        name = str(trees.text(source, "configMapRef", "name"))
        prefix = source.get("prefix") or ""
        if name in maps:
            used.add(name)
            given |= {f"{prefix}{key}": {"value": value} for key, value in maps[name].items()}
        elif trees.mapping(source, "configMapRef") or trees.mapping(source, "secretRef"):
            draft.leave("variables of a ConfigMap or a Secret that stands elsewhere")
    for entry in trees.records(container, "env"):
        place = trees.mapping(entry, "valueFrom", "configMapKeyRef")
        key, there = str(place.get("key")), str(place.get("name"))
        told = {"value": maps[there][key]} if key in maps.get(there, {}) else entry
        used.update({there} if told is not entry else ())
        if isinstance(named := trees.text(entry, "name"), str):
            given[named] = told
    _variables(draft, given)
    _limits(draft, container)
    return used


def _variables(draft: Draft, entries: Mapping[str, dict[str, Any]]) -> None:
    told: dict[str, str] = {}
    for name, entry in entries.items():
        value = entry.get("value")
        if value is None or isinstance(value, dict | list):
            if value is not None or "valueFrom" in entry:
                draft.variable_name(name)
            continue
        filled = _filled(str(value), told)
        if OF_POD.search(filled):
            draft.variable_made(name, filled, "the pod")
        else:
            told[name] = filled.replace("$$", "$")
            draft.variable(name, told[name])


def _limits(draft: Draft, container: dict[str, Any]) -> None:
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


def _filled(value: str, told: Mapping[str, str]) -> str:
    """A value with those of variables that stand above it; `$$(NAME)` is no variable."""
    return OF_POD.sub(lambda found: told.get(found[1], found[0]), value)


def _pod(document: dict[str, Any], spec: dict[str, Any], containers: int) -> dict[str, Any]:
    """The pod that runs, in one shape whatever makes it, without what stands elsewhere already."""
    known = kubernetes_defaults.without(_unplaced(spec))
    if containers == 1 and known.get("containers"):
        known = kubernetes_defaults.without(_told_elsewhere(known))
    metadata = _metadata(_metadata_of(document, spec))
    return {"metadata": metadata, "spec": known} if metadata else {"spec": known}


def _metadata_of(document: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """The metadata that stand beside a pod's specification."""
    place: Any = document
    for _ in range(len(TEMPLATES)):
        if not isinstance(place, dict) or place.get("spec") is spec:
            break
        inner = trees.mapping(place, "spec")
        place = inner.get("jobTemplate") or inner.get("template")
    return trees.mapping(place, "metadata")


def _metadata(stated: dict[str, Any]) -> dict[str, Any]:
    """Labels and annotations that people give; a pod's own name says nothing of what it runs."""
    kept = {
        "labels": COPIES,
        "annotations": NOTED,
    }
    found = {
        key: {
            name: value
            for name, value in trees.mapping(stated, key).items()
            if not other.fullmatch(name)
        }
        for key, other in kept.items()
    }
    return {key: value for key, value in found.items() if value}


def _owner(document: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """What makes the pods: copies, strategy, its own name; nothing for a pod alone."""
    if document["kind"] == "Pod":
        return {}
    stated = trees.mapping(document, "metadata")
    found = {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": {**_metadata(stated), "name": stated.get("name")},
        "spec": _around(trees.mapping(document, "spec"), spec),
    }
    rest = kubernetes_defaults.without(_unplaced(found))
    assert isinstance(rest, dict)
    return rest


def _around(tree: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """A specification without the pod in it, and without the selector that names this very one."""
    return {
        key: _around(value, spec) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not spec
        and not (key == "metadata" and tree.get("spec") is spec)
        and not (key == "selector" and "controller-uid" in str(value))
    }


def _state(draft: Draft, document: dict[str, Any]) -> None:
    """Of a live pod's state the digests of the images that run; the rest is counted."""
    if not document.get("status"):
        return
    running = {}
    for status in trees.records(document, "status", "containerStatuses"):
        name, image = trees.text(status, "name"), trees.text(status, "imageID")
        digest = RUNNING.fullmatch(image) if isinstance(image, str) else None
        if isinstance(name, str) and digest is not None:
            running[name] = digest[1]
    if running:
        configs.add_tree(draft, IMAGES, running, "json")
    draft.leave("the state of the live object", beside=True)


def _unplaced(tree: Any) -> Any:
    """A tree without the node it runs on and the volume of its own token."""
    if isinstance(tree, dict):
        return {key: _unplaced(value) for key, value in tree.items() if key not in PLACED}
    if isinstance(tree, list):
        return [
            _unplaced(item) for item in tree if not (isinstance(item, dict) and _is_token(item))
        ]
    return tree


def _is_token(item: dict[str, Any]) -> bool:
    """Whether a volume, or a mount, is that of the pod's own token."""
    is_named = TOKENS.fullmatch(str(item.get("name", ""))) is not None
    return is_named or item.get("mountPath") == "/var/run/secrets/kubernetes.io/serviceaccount"


def _told_elsewhere(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod of one container without its variables, memory and processors: they are facts of their own."""
    container = dict(spec["containers"][0])
    named = [entry for entry in trees.records(container, "env") if "valueFrom" in entry]
    container.pop("env", None)
    if named:  # where a value comes from is not among the variables
        container["env"] = named
    resources = dict(trees.mapping(container, "resources"))
    limits = trees.mapping(resources, "limits")
    resources["limits"] = {
        key: value for key, value in limits.items() if key not in ("memory", "cpu")
    }
    return {**spec, "containers": [{**container, "resources": resources}]}
