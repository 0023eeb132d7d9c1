"""What differs and is nobody's cause: other spellings, other names, releases of clusters that nobody speaks of."""

from __future__ import annotations

import pytest

from envsnap.knowledge import config_keys, variables
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from tests import examples

SAME = [
    ("TZ", "Etc/UTC", "UTC"),
    ("TZ", "US/Eastern", "America/New_York"),
    ("OMP_DYNAMIC", "false", "FALSE"),
    ("HF_HUB_OFFLINE", "1", "true"),
    ("PYTORCH_CUDA_ALLOC_CONF", "a:1,b:2", "b:2, a:1"),
    ("NO_PROXY", "localhost,10.0.0.0/8", "10.0.0.0/8,localhost"),
    ("LD_LIBRARY_PATH", "/a/lib:/a/lib/:/b", "/a/lib:/b/"),
]
OTHER = [
    ("TZ", "UTC", "Europe/London"),
    ("CUDA_LAUNCH_BLOCKING", "1", "true"),  # whoever reads it may ask for 1
    ("HF_HUB_OFFLINE", "1", "2"),
    ("LD_LIBRARY_PATH", "/a:/b", "/b:/a"),
    ("LD_LIBRARY_PATH", "/a", "/a:"),  # the folder where one works
]


@pytest.mark.parametrize(("name", "one", "two"), SAME)
def test_they_are_told_and_not_blamed(name: str, one: str, two: str) -> None:
    assert variables.mean_the_same(name, one, two)
    sides = [examples.manifest({"env_vars": {"entries": {name: value}}}) for value in (one, two)]
    for symptom in (None, "wrong", "crash", "slower"):
        found = engine.compare(*sides, symptom=symptom).findings
        assert [item.severity for item in found] == [Severity.INFO]


@pytest.mark.parametrize(("name", "one", "two"), OTHER)
def test_others_are_other(name: str, one: str, two: str) -> None:
    assert not variables.mean_the_same(name, one, two)
    assert not variables.mean_the_same(name, one, None)


def first(one: dict[str, object], two: dict[str, object], text: str) -> str:
    sides = [examples.manifest(side) for side in (one, two)]
    return engine.compare(*sides, error_text=text).findings[0].rule


GONE = "AttributeError: 'T' object has no attribute 'assertEquals'"
NODES = "RuntimeError: Python in worker has different version 3.11 than that in driver 3.12"


@pytest.mark.parametrize(("text", "blamed"), [(GONE, False), (NODES, True)])
def test_a_cluster_is_blamed_where_the_text_speaks_of_one(text: str, *, blamed: bool) -> None:
    sides = [
        {"python": {"version": version}, "packages": examples.packages(pyspark="3.5.1")}
        for version in ("3.11.9", "3.12.3")
    ]
    assert (first(*sides, text) == "cluster-versions") is blamed


def test_a_smaller_card_says_how_much_less_it_holds() -> None:
    sides = [
        examples.manifest({"gpus": {"entries": {"0": {"name": name, "memory_total": size << 30}}}})
        for name, size in (("NVIDIA A100-SXM4-80GB", 80), ("NVIDIA L4", 22))
    ]
    found = next(item for item in engine.compare(*sides).findings if item.rule == "gpu-model")
    assert "It has 22 GiB of memory" in found.why
    assert "size batches" in found.fix


@pytest.mark.parametrize(
    ("raised", "blamed"),
    [("API key verification failed for host https://api.wandb.ai (key expired)", False), ("no route to host", True)],
)  # fmt: skip
def test_who_is_not_let_in_blames_no_project(raised: str, *, blamed: bool) -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/venv/lib/python3.11/site-packages/wandb/sdk/wandb_init.py", line 1, in init\n'
        f"wandb.errors.CommError: {raised}\n"
    )
    sides = [
        examples.manifest({
            "env_vars": {"entries": {"WANDB_PROJECT": value}},
            "packages": examples.packages(wandb="0.17.0"),
        })
        for value in ("a", "b")
    ]  # fmt: skip
    found = engine.compare(*sides, error_text=text).findings
    loud = [item.path for item in found if item.severity is not Severity.INFO]
    assert (("env_vars", "WANDB_PROJECT") in loud) is blamed


@pytest.mark.parametrize(
    ("keys", "about"), [(("service", "name"), "name"), (("model", "name"), None)]
)
def test_the_name_of_a_service_is_a_name(keys: tuple[str, str], about: str | None) -> None:
    assert config_keys.about("app.yaml", keys, "dev", "prod") == about
