"""A Kubernetes Deployment whose pods compare themselves with the manifest before they start.

The comparison is `envsnap probe --verify`, in a ConfigMap of its own.
"""

from __future__ import annotations

from typing import Any

from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile
from envsnap.image.writing.forms import shared

FILE = "kubernetes.yaml"
VERIFY = "envsnap-verify"
SCRIPT = "check.py"


def render(plan: Plan, image: str) -> str:
    """Write a Deployment for an image of this name."""
    import yaml

    labels = {"app": shared.NAME}
    pod = {
        "securityContext": _pod_security(plan),
        "initContainers": [_verify(image)],
        "containers": [_container(plan, image)],
        "volumes": [{"name": VERIFY, "configMap": {"name": VERIFY}}],
    }
    tree = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": shared.NAME, "labels": dict(labels)},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"io.envsnap/fingerprint": plan.fingerprint},
                },
                "spec": pod,
            },
        },
    }
    head = (
        "# Written by envsnap from dockerfile.json. The script that the pods run first:\n"
        f"#   envsnap probe --verify manifest.json --plan dockerfile.json -o {SCRIPT}\n"
        f"#   kubectl create configmap {VERIFY} --from-file={SCRIPT}\n"
    )
    return head + yaml.safe_dump(tree, sort_keys=False)


def _pod_security(plan: Plan) -> dict[str, Any]:
    group = dockerfile.group(plan)
    return {
        "runAsNonRoot": True,
        "runAsUser": dockerfile.UID,
        "runAsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _security() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def _verify(image: str) -> dict[str, Any]:
    return {
        "name": "verify",
        "image": image,
        "command": ["python", f"/verify/{SCRIPT}"],
        "securityContext": _security(),
        "volumeMounts": [{"name": VERIFY, "mountPath": "/verify", "readOnly": True}],
    }


def _container(plan: Plan, image: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": shared.NAME,
        "image": image,
        "args": shared.command(plan),
        "securityContext": _security(),
    }
    if plan.ports:
        found["ports"] = [{"containerPort": port} for port in plan.ports]
    if plan.healthcheck:
        found["livenessProbe"] = {"exec": {"command": list(plan.healthcheck)}}
    if shared.wants_gpu(plan):
        found["resources"] = {"limits": {"nvidia.com/gpu": 1}}
    return found
