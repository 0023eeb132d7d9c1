"""What a cluster adds to a pod by itself: two objects that run the same one do not differ by it.

The values are those of the API's reference ("Defaults to …"), and of the admission of service
accounts and tolerations. A key that says what the cluster would say anyway is left out on both sides.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import quantities
from envsnap.knowledge.cluster_defaults import DEFAULTS

ROLLING = ("strategy", "updateStrategy")
ROLLED = {"maxSurge": ("25%", "0"), "maxUnavailable": ("25%", "1"), "partition": ("0",)}
TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
# Maps whose keys are the user's own.
OWN = ("labels", "annotations", "matchLabels", "nodeSelector", "limits", "requests", "data")
OWN_LISTS = ("env", "envFrom", "args", "command")


def without(tree: Any) -> Any:
    """A tree without what the cluster would have said anyway."""
    if isinstance(tree, list):
        return [without(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    tree = _requested(tree)
    found = {}
    for key, value in tree.items():
        if value is None or _is_default(key, value, tree):
            continue
        if key in OWN or key in OWN_LISTS:
            if value not in ({}, []):
                found[key] = _variables(value) if key == "env" else value
            continue
        kept = _tolerations(value) if key == "tolerations" else without(value)
        if kept not in ({}, []) or key == "emptyDir":
            found[key] = kept
    return found


def _variables(value: Any) -> Any:
    """Variables without the version that a reference to a field of the pod has by default."""
    return [
        {**item, "valueFrom": {"fieldRef": {"fieldPath": field["fieldPath"]}}}
        if isinstance(item, dict)
        and isinstance(source := item.get("valueFrom"), dict)
        and isinstance(field := source.get("fieldRef"), dict)
        and field == {"apiVersion": "v1", "fieldPath": field.get("fieldPath")}
        else item
        for item in (value if isinstance(value, list) else ())
    ]


def _is_default(key: str, value: object, tree: dict[str, Any]) -> bool:
    if isinstance(value, dict | list):
        return key in ROLLING and _is_rolling(value)
    spelled = _spelled(value)
    if spelled == "null" or spelled in map(_spelled, DEFAULTS.get(key, ())):
        return True
    return key == "imagePullPolicy" and spelled == _pulled(str(tree.get("image", "")))


def _spelled(value: object) -> str:
    """YAML's scalars are text here, JSON's are not."""
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _pulled(image: str) -> str:
    """The policy of an image whose object names none: by its tag."""
    name = image.rpartition("/")[2]
    is_latest = "@" not in image and (":" not in name or name.endswith(":latest"))
    return "Always" if is_latest else "IfNotPresent"


def _is_rolling(value: object) -> bool:
    if not isinstance(value, dict) or value.get("type", "RollingUpdate") != "RollingUpdate":
        return False
    rolled = value.get("rollingUpdate")
    stated = rolled.items() if isinstance(rolled, dict) else ()
    return all(_spelled(how) in ROLLED.get(key, ()) for key, how in stated)


def _requested(tree: dict[str, Any]) -> dict[str, Any]:
    """Resources as numbers, without a request that is the limit: so much is requested anyway."""
    told = {key: _amounts(part) for key, part in tree.items() if key in ("limits", "requests")}
    tree = {**tree, **told}
    limits, requests = tree.get("limits"), tree.get("requests")
    if not isinstance(limits, dict) or not isinstance(requests, dict):
        return tree
    kept = {key: value for key, value in requests.items() if limits.get(key) != value}
    rest = {key: value for key, value in tree.items() if key != "requests"}
    return {**rest, "requests": kept} if kept else rest


def _amounts(part: object) -> object:
    if not isinstance(part, dict):
        return part
    return {key: _amount(key, value) for key, value in part.items()}


def _amount(name: str, value: object) -> object:
    """A quantity as a number: `500m` processors are half a one; what is no quantity stays."""
    if name == "cpu":
        found = quantities.processors(value)
    elif name in ("memory", "ephemeral-storage") or name.startswith("hugepages-"):
        found = quantities.memory(value)
    else:
        return value
    return value if found is UNSET else found


def _tolerations(value: Any) -> list[Any]:
    """Without those that admission and daemon sets add to each pod, and without what is none."""
    return [
        item
        for item in (value if isinstance(value, list) else ())
        if isinstance(item, dict)
        and ("key" in item or item.get("operator") == "Exists")
        and not (
            item.get("key") in TOLERATED and _spelled(item.get("tolerationSeconds", "300")) == "300"
        )
    ]
