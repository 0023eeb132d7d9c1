"""What somebody says of the trouble, and variables that a text names, come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap.knowledge.versions import Distance, distance
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from tests import examples
from tests.conftest import Run


def host(variables: dict[str, str], power: int = 400_000, **versions: str) -> Manifest:
    return examples.manifest(
        {
            "packages": examples.packages(**versions),
            "env_vars": {"entries": variables},
            "gpus": {"entries": {"0": {"name": "NVIDIA A100", "power_limit_mw": power}}},
        }
    )


def first(
    here: Manifest, there: Manifest, symptom: str | None = None, error_text: str = ""
) -> tuple[str, Severity]:
    found = engine.compare(here, there, symptom=symptom, error_text=error_text).findings[0]
    return spelled(found.path), found.severity


@pytest.mark.parametrize(
    ("symptom", "here", "there", "path"),
    [
        ("slower", host({}), host({}, power=200_000), "gpus[0].power_limit_mw"),
        ("slower", host({}), host({"CUDA_LAUNCH_BLOCKING": "1"}), "env_vars.CUDA_LAUNCH_BLOCKING"),
        ("wrong", host({"PYTHONHASHSEED": "0"}), host({}), "env_vars.PYTHONHASHSEED"),
        ("wrong", host({}), host({"TZ": "America/New_York"}), "env_vars.TZ"),
    ],
)
def test_a_fact_that_makes_such_trouble_counts(
    symptom: str, here: Manifest, there: Manifest, path: str
) -> None:
    assert first(here, there, symptom=symptom) == (path, Severity.WARNING)
    assert first(here, there)[1] is Severity.INFO


def test_a_variable_that_the_text_names() -> None:
    here, there = host({}, gunicorn="22.0.0"), host({"BNB_CUDA_VERSION": "117"}, gunicorn="23.0.0")
    log = "BNB_CUDA_VERSION=117 environment variable detected; loading libbitsandbytes_cuda117.so."
    assert first(here, there, error_text=log) == ("env_vars.BNB_CUDA_VERSION", Severity.WARNING)
    assert first(here, there, error_text="no such file")[0] == "packages.gunicorn.version"


@pytest.mark.parametrize(
    ("one", "two", "far"),
    [
        ("23.2.0", "24.3.0", Distance.MINOR),
        ("2023.1", "2024.6", Distance.MINOR),
        ("23.10.1", "24.2.0", Distance.MINOR),
        ("22.0.0", "23.0.0", Distance.MAJOR),  # gunicorn, pyarrow: no months
        ("14.0.2", "15.1.0", Distance.MAJOR),
        ("2.3.1", "3.1.0", Distance.MAJOR),
    ],
)
def test_steps_of_a_calendar_are_no_major_ones(one: str, two: str, far: Distance) -> None:
    assert distance(one, two) is far


@pytest.mark.parametrize(("name", "version"), [("vllm", "0.11.0"), ("peft", "0.17.1")])
def test_the_package_whose_code_failed_is_told_of(name: str, version: str) -> None:
    here = host({}, vllm="0.11.0", peft="0.17.1", transformers="4.57.1")
    there = host({}, vllm="0.11.0", peft="0.17.1", transformers="5.0.0")
    log = (
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\n'
        f'  File "/opt/lib/python3.11/site-packages/{name}/utils.py", line 49, in <module>\n'
        "    from transformers import HybridCache\n"
        "ImportError: cannot import name 'HybridCache' from 'transformers'\n"
    )
    found = engine.compare(here, there, error_text=log).findings[0]
    assert found.message.startswith(f"{name} {version} wants transformers")


def test_a_large_step_beside_a_text_is_not_called_its_cause(tmp_path: Path, envsnap: Run) -> None:
    for name, version in (("dev", "22.0.0"), ("prod", "23.0.0")):
        (tmp_path / f"{name}.json").write_bytes(codec.encode(host({}, gunicorn=version)))
    (tmp_path / "log").write_text("KeyError: 'user_id'\n")
    told = envsnap("diff", "dev.json", "prod.json", "--error-text", "log").stdout
    assert "Nothing here explains the text." in told
    assert "The largest difference: gunicorn 22.0.0 -> 23.0.0" in told
    plain = envsnap("diff", "dev.json", "prod.json").stdout
    assert "Likeliest cause: gunicorn" in plain


def test_a_variable_that_acts_comes_before_one_that_does_not() -> None:
    here = host({"PYTHONHASHSEED": "0"})
    there = host({"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/opt/bin"})
    assert first(here, there) == ("env_vars.PYTHONHASHSEED", Severity.INFO)
