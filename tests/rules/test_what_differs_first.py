"""What differs stands before what only the text names; what the text does not name is no likely cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap.intake import foreign
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples
from tests.conftest import Run

RAISED = (
    'Traceback (most recent call last):\n  File "/srv/run.py", line 3, in <module>\n    main()\n'
)
SITE = "/opt/venv/lib/python3.11/site-packages"


def serious(here: Manifest, there: Manifest, error_text: str) -> list[Finding]:
    found = engine.compare(here, there, error_text=error_text).findings
    return [item for item in found if item.severity is not Severity.INFO]


def host(packages: dict[str, str], others: tuple[str, ...] = (), **variables: str) -> Manifest:
    env = {"entries": variables, "others": sorted(others)}
    return examples.manifest({"packages": examples.packages(**packages), "env_vars": env})


def read(text: str, name: str) -> Manifest:
    return foreign.load(text.encode(), name, name).manifest


@pytest.mark.parametrize("name", ["CELERY_APP_NAME", "CELERY_PORT", "CELERY_SERVICE_HOST"])
def test_a_variable_whose_value_nobody_read_explains_nothing(name: str) -> None:
    said = (
        f'{RAISED}  File "{SITE}/celery/app/trace.py", line 9, in run\n    return task(*args)\n'
        '  File "/srv/tasks.py", line 2, in share\n    return total / count\n'
        "ZeroDivisionError: division by zero\n"
    )
    assert serious(host({"celery": "5.4.0"}), host({"celery": "5.4.0"}, (name,)), said) == []


def test_a_variable_that_a_cluster_sets_is_not_what_the_text_is_about() -> None:
    said = f"{RAISED}ValueError: VLLM_PORT 'tcp://10.96.11.2:8000' appears to be a URI (Kubernetes service discovery)\n"
    there = host({"vllm": "0.8.1"}, KUBERNETES_SERVICE_HOST="10.96.0.1", VLLM_PORT="tcp://10.96.11.2:8000")  # fmt: skip
    assert spelled(serious(host({"vllm": "0.8.1"}), there, said)[0].path) == "env_vars.VLLM_PORT"


@pytest.mark.parametrize("name", ["VLLM_HOST_IP", "MASTER_ADDR"])
def test_what_a_launcher_sets_is_told_where_the_text_names_it(name: str) -> None:
    """It is another in each process, and no difference by itself."""
    said = f"{RAISED}ValueError: {name} 10.0.0.1 is not an address of this node\n"
    sides = ["PATH=/usr/bin\nHOME=/root\nSHELL=/bin/sh\nPWD=/srv\nLANG=C.UTF-8\n"] * 2
    here, there = read(sides[0], "dev.env"), read(f"{sides[1]}{name}=10.0.0.1\n", "prod.env")
    assert serious(here, there, "") == []
    assert spelled(serious(here, there, said)[0].path) == f"env_vars.{name}"


def test_a_setting_that_became_a_text_is_named_where_python_complains_of_one(
    tmp_path: Path,
) -> None:
    def side(name: str, rate: object) -> Manifest:
        path = tmp_path / name
        path.write_text(json.dumps({"out": f"/{name}", "lr": rate}))
        return examples.manifest({"configs": {"entries": {"train.json": examples.config(path, "json")}}})  # fmt: skip

    said = (
        'Traceback (most recent call last):\n  File "/srv/run.py", line 3, in <module>\n    opt = AdamW(lr=c.lr)\n'
        "TypeError: '<=' not supported between instances of 'float' and 'str'\n"
    )
    found = serious(side("a.json", 5e-5), side("b.json", "5e-05"), said)
    assert spelled(found[0].path) == 'configs["train.json"].lr'
    assert "The text says" in found[0].why


def test_a_base_of_another_kind_stands_before_what_it_lacks() -> None:
    base = "FROM nvidia/cuda:12.4.1-{}-ubuntu22.04\nRUN pip install torch==2.4.0\n"
    said = f"{RAISED}OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.\n"
    found = serious(read(base.format("devel"), "Dockerfile"), read(base.format("runtime"), "Dockerfile"), said)  # fmt: skip
    assert spelled(found[0].path) == "configs.dockerfile.base"


def test_a_package_that_moved_and_whose_name_stands_in_the_failed_line() -> None:
    said = (
        f'{RAISED}  File "{SITE}/mmengine/config/config.py", line 1468, in pretty_text\n'
        "    text, _ = FormatCode(text, style_config=yapf_style, verify=True)\n"
        "TypeError: FormatCode() got an unexpected keyword argument 'verify'\n"
    )
    packages = {"mmengine": "0.8.4", "yapf": "0.40.1"}
    found = serious(host(packages), host({**packages, "yapf": "0.40.2"}), said)
    assert spelled(found[0].path) == "packages.yapf.version"


@pytest.mark.parametrize(
    ("why", "likely"),
    [
        ("certificate has expired", ""),
        ("Hostname mismatch, certificate is not valid for 'x.example'", ""),
        ("Basic Constraints of CA cert not marked critical", "python.version"),
        ("unable to get local issuer certificate", "packages.certifi.version"),
    ],
)
def test_of_a_certificate_the_reason_decides(why: str, likely: str) -> None:
    said = f"{RAISED}ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why} (_ssl.c:1006)\n"
    sides = [
        examples.manifest({"packages": examples.packages(certifi=release), "python": {"version": python}})
        for release, python in (("2025.4.26", "3.12.9"), ("2025.6.15", "3.13.2"))
    ]  # fmt: skip
    found = [spelled(item.path) for item in serious(*sides, said) if "The text says" in item.why]
    assert found[:1] == ([likely] if likely else [])


def test_a_program_s_own_setting_that_the_text_does_not_name_is_called_no_likely_cause(
    tmp_path: Path, envsnap: Run
) -> None:
    for name, workers in (("dev", 4), ("prod", 8)):
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"num_workers: {workers}\n")
        entries = {"t.yaml": examples.config(path, "yaml")}
        manifest = examples.manifest({"configs": {"entries": entries}})
        (tmp_path / f"{name}.json").write_bytes(codec.encode(manifest))
    (tmp_path / "log").write_text("KeyError: 'user_id'\n")
    told = envsnap("diff", "dev.json", "prod.json", "--error-text", "log").stdout
    assert "Nothing here explains the text." in told
    assert "Likeliest cause" not in told
    assert "Likeliest cause" in envsnap("diff", "dev.json", "prod.json").stdout
