"""Pods through the real kubectl and a stand-in for the API server (FAKE, see api_server.py)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.fleet import engines
from tests.fleet.api_server import Cluster, failure, pod, serving

DEADLINE = 12.0
IMAGE = "registry.internal/train@sha256:" + "1b" * 32
OTHER_IMAGE = "registry.internal/train@sha256:" + "2c" * 32
FORBIDDEN = failure(
    403, "Forbidden",
    'pods "train-4" is forbidden: User "ci" cannot create resource "pods/exec" in the namespace "ml"',
)  # fmt: skip
NO_KUBELET = failure(
    500, "InternalError",
    "error dialing backend: dial tcp 10.0.0.7:10250: connect: connection refused",
)  # fmt: skip
GONE = failure(404, "NotFound", 'pods "train-6" not found')


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """Eight pods, and the environment in which kubectl finds their server."""
    engines.program("kubectl", "kubernetes-client")
    pods = [pod(f"train-{i}", OTHER_IMAGE if i == 2 else IMAGE) for i in range(7)]
    waiting = {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pods.append(pod("train-7", IMAGE, {"phase": "Pending", "containerStatuses": [waiting]}))
    pods.append(pod("serve-0", IMAGE))
    pods[-1]["metadata"]["labels"] = {"app": "serve"}
    found = Cluster(pods)
    with serving(found) as address:
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": address}}],
            "users": [{"name": "ci", "user": {}}],
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": "ci", "namespace": "ml"}}
            ],
        }  # fmt: skip
        (tmp_path / "config").write_text(json.dumps(config))
        yield found, {"KUBECONFIG": str(tmp_path / "config"), "HOME": str(tmp_path)}


def test_every_pod_is_named_in_its_state(
    cluster: tuple[Cluster, dict[str, str]], envsnap: Run, tmp_path: Path
) -> None:
    pods, env = cluster
    pods.variables["train-2"] = {"NCCL_ALGO": "Ring"}
    pods.hung.add("train-3")
    pods.failures.update({"train-4": FORBIDDEN, "train-5": NO_KUBELET, "train-6": GONE})
    done, took = engines.captured(
        envsnap, "--kubernetes", "app=train", "--inventory", "train-[0-8]",
        "--python", sys.executable, deadline=DEADLINE, env=env,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert took < DEADLINE + engines.WITHIN
    assert engines.states(envsnap) == {
        "train-0": "same",
        "train-1": "same",
        "train-2": "drifted",
        "train-3": "unknown (timeout)",
        "train-4": "unknown (denied)",
        "train-5": "unknown (refused)",
        "train-6": "unknown (unreachable)",
        "train-7": "unknown (refused)",
        "train-8": "missing",
    }
    record = json.loads((tmp_path / "out" / "fleet.json").read_text())
    assert "ImagePullBackOff" in record["silent"]["train-7"]
    assert sorted(pods.asked) == [f"train-{i}" for i in range(4)]  # each once, and no other pod
    manifest = json.loads((tmp_path / "out" / "train-2.json").read_text())
    assert manifest["target"] == {"kind": "pod", "name": f"train-2 of {OTHER_IMAGE}"}


def test_a_selector_that_finds_nothing(
    cluster: tuple[Cluster, dict[str, str]], envsnap: Run
) -> None:
    _, env = cluster
    done, _ = engines.captured(envsnap, "--kubernetes", "app=nothing", deadline=DEADLINE, env=env)
    assert done.returncode == 2
    assert "no pod has these labels" in done.stderr


def test_no_server(envsnap: Run, tmp_path: Path) -> None:
    engines.program("kubectl", "kubernetes-client")
    done, _ = engines.captured(
        envsnap, "--kubernetes", "app=train", deadline=DEADLINE,
        env={"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 3
    assert "kubectl cannot list pods" in done.stderr
