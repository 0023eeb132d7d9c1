"""What decides a failure beside what the text is about: settings of containers, variables, the world."""

from __future__ import annotations

import pytest

from envsnap.knowledge.variables import only_tells
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Confidence, Finding, Severity
from tests import examples
from tests.rules.test_what_failed_code_reads import host, raised

NO_DRIVER = (
    "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
)
READ_ONLY = "OSError: [Errno 30] Read-only file system: '/models/hub/.locks'"
UNHEALTHY = (
    "Warning Unhealthy kubelet Liveness probe failed: dial tcp 10.4.1.7:8000: connection refused"
)


def pod(tree: dict[str, object]) -> Manifest:
    config = {"tree": tree, "sha256": "0" * 64, "format": "yaml"}
    return examples.manifest({"configs": {"entries": {"pod": config}}})


def first(here: Manifest, there: Manifest, text: str) -> Finding:
    return engine.compare(here, there, error_text=text).findings[0]


@pytest.mark.parametrize(
    ("here", "there", "error", "place"),
    [
        ({"runtime": "nvidia", "replicas": 1}, {"runtime": "runc", "replicas": 3}, NO_DRIVER, "configs.pod.runtime"),
        ({"limits": {"nvidia.com/gpu": 1}}, {"limits": {}}, NO_DRIVER, 'configs.pod.limits["nvidia.com/gpu"]'),
        ({"mount": {"readOnly": False}}, {"mount": {"readOnly": True}}, READ_ONLY, "configs.pod.mount.readOnly"),
        ({"pids_limit": 0}, {"pids_limit": 100}, "pthread_create failed: Resource temporarily unavailable", "configs.pod.pids_limit"),
        ({"mountPath": "/models"}, {"mountPath": "/mnt/models"}, "FileNotFoundError: [Errno 2] No such file or directory: '/models/a/config.json'", "configs.pod.mountPath"),
        ({"livenessProbe": {"initialDelaySeconds": 600}}, {"livenessProbe": {"initialDelaySeconds": 15}}, UNHEALTHY, "configs.pod.livenessProbe.initialDelaySeconds"),
    ],
)  # fmt: skip
def test_settings_of_a_container_come_before_what_is_the_same(
    here: dict[str, object], there: dict[str, object], error: str, place: str
) -> None:
    text = f'Traceback (most recent call last):\n  File "/app/serve.py", line 3, in f\n    g()\n{error}\n'
    found = first(pod(here), pod(there), text)
    assert spelled(found.path) == place
    assert found.severity is Severity.WARNING


def test_settings_that_are_no_part_of_it_stay_behind() -> None:
    found = engine.compare(
        pod({"network": "a", "replicas": 1}), pod({"network": "b", "replicas": 2}), error_text=NO_DRIVER
    ).findings  # fmt: skip
    assert all("It decides what the text tells" not in item.why for item in found)


@pytest.mark.parametrize(
    "name",
    ["VLLM_LOGGING_LEVEL", "RAY_DEDUP_LOGS", "X_VERBOSITY", "HF_HUB_DISABLE_TELEMETRY", "Y_SILENT"],
)
def test_what_a_program_says_of_itself_is_no_cause(name: str) -> None:
    assert only_tells(name)
    here, there = host(vllm="1.0"), host({name: "1"}, vllm="1.0")
    found = engine.compare(here, there, error_text=raised("vllm/a.py", error="ValueError: odd"))
    assert all(item.severity is Severity.INFO for item in found.findings)


@pytest.mark.parametrize(
    "name", ["LOG_DIR", "CATALOG", "MLFLOW_TRACKING_URI", "WANDB_MODE", "LOGIN_URL"]
)
def test_where_to_and_what_else_may_be_one(name: str) -> None:
    assert not only_tells(name)


def test_a_variable_whose_value_the_text_quotes_comes_first() -> None:
    here, there = (
        host({"CUDA_VISIBLE_DEVICES": value}, vllm="1.0") for value in ("0", "MIG-7b8fb1a4")
    )
    error = "ValueError: invalid literal for int() with base 10: 'MIG-7b8fb1a4'"
    found = first(here, there, raised("vllm/platforms/cuda.py", error=error))
    assert spelled(found.path) == "env_vars.CUDA_VISIBLE_DEVICES"


def test_a_variable_that_chooses_comes_before_what_it_asks_for() -> None:
    here, there = (host({"KERAS_BACKEND": value}, keras="3.0") for value in ("tensorflow", "jax"))
    error = "ModuleNotFoundError: No module named 'jax'"
    found = first(here, there, raised("keras/src/backend/__init__.py", error=error))
    assert spelled(found.path) == "env_vars.KERAS_BACKEND"


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("grpc/_channel.py", "grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:"),
        ("grpc/a.py", "OSError: When getting information for key 'a': AWS Error NETWORK_CONNECTION: Timeout was reached"),
        ("grpc/a.py", "FileNotFoundError: [Errno 2] Unable to open file: name = 'feats.h5'"),
    ],
)  # fmt: skip
def test_the_world_outside_is_no_release(file: str, error: str) -> None:
    found = engine.compare(
        host(grpcio="1.63.0"), host(grpcio="1.64.1"), error_text=raised(file, error=error)
    ).findings
    assert all(
        item.confidence is Confidence.POSSIBLE and "The text says" not in item.why
        for item in found
        if item.path[0] == "packages" and item.rule != "error-text"
    )


def test_releases_of_a_cluster_count_where_the_text_speaks_of_releases() -> None:
    here, there = host(ray="2.23.0"), host(ray="2.24.0")
    apart = raised(
        "ray/_private/worker.py", error="ray.exceptions.RaySystemError: version mismatch"
    )
    empty = raised("ray/_private/worker.py", error="ray.exceptions.RayTaskError: shard 7 is empty")
    assert first(here, there, apart).rule == "cluster-versions"
    assert all(
        item.severity is Severity.INFO
        for item in engine.compare(here, there, error_text=empty).findings
        if item.rule == "cluster-versions"
    )


def test_a_change_that_names_something_else_is_not_what_the_text_is_about() -> None:
    here, there = host(httpx="0.27.2"), host(httpx="0.28.0")
    told = {
        name: first(here, there, raised("httpx/a.py", error=f"TypeError: Client.__init__() got an unexpected keyword argument '{name}'"))
        for name in ("app", "proxies")
    }  # fmt: skip
    assert told["proxies"].message.endswith("the argument proxies is gone")
    assert told["app"].message == "httpx 0.27.2 -> 0.28.0"
    assert "does not take app" in told["app"].why


def test_a_variable_that_is_set_but_was_not_read_is_told() -> None:
    variables = {"entries": {}, "others": ["TESSDATA_PREFIX"], "complete": True}
    here = there = examples.manifest({"env_vars": variables})
    text = (
        "TesseractError: failed loading, make sure the TESSDATA_PREFIX environment variable is set"
    )
    found = first(here, there, text)
    assert spelled(found.path) == "env_vars.TESSDATA_PREFIX"
    assert found.fix.endswith("--env TESSDATA_PREFIX.")


def test_a_value_that_is_refused_is_shown() -> None:
    there = host({"CUBLAS_WORKSPACE_CONFIG": "4096:8"}, torch="2.3.0")
    text = raised(
        "torch/a.py", error="RuntimeError: CUBLAS_WORKSPACE_CONFIG has an invalid format: 4096:8"
    )
    found = engine.inspect(there, error_text=text).findings[0]
    assert found.message.startswith("CUBLAS_WORKSPACE_CONFIG has a value that is refused: 4096:8")


@pytest.mark.parametrize(
    ("package", "file", "error"),
    [
        ("soundfile", "soundfile.py", "OSError: sndfile library not found"),
        ("python_magic", "magic/loader.py", "ImportError: failed to find libmagic.  Check your installation"),
    ],
)  # fmt: skip
def test_a_library_of_the_system_is_no_release(package: str, file: str, error: str) -> None:
    found = engine.inspect(host(**{package: "0.4"}), error_text=raised(file, error=error)).findings[
        0
    ]
    assert found.message.startswith("a library or a program of the system is missing")


def test_what_the_standard_library_lacks_is_pythons() -> None:
    error = "ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.11/collections/__init__.py)"
    found = engine.inspect(host(attrdict="2.0"), error_text=raised("attrdict/m.py", error=error))
    assert found.findings[0].message.startswith("this Python's collections has no Mapping")
    assert len(found.findings) == 1
