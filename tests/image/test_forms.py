"""Other forms of a plan: held against schemas that are not ours where there are any."""

from __future__ import annotations

import json
import re
import shlex

import click
import pytest
import yaml

from envsnap.cli import dockerfile
from envsnap.errors import InputError
from envsnap.image.planning.extras import add
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Plan
from envsnap.image.writing import context
from envsnap.image.writing.forms import registry
from tests.conftest import Run, lacking
from tests.image.image_cases import CASES, EXTRAS
from tests.image.regenerate import GOLDENS

ARTICLE = GOLDENS / "article"
SECTIONS = ("files", "post", "environment", "runscript", "labels")
COMPOSE_KEYS = {
    "image", "build", "init", "cap_drop", "security_opt", "ports", "healthcheck", "deploy",
}  # fmt: skip


def planned(name: str) -> Plan:
    made = CASES[name]()
    return add(make_plan(made), made, EXTRAS[name])[0] if name in EXTRAS else make_plan(made)


def test_the_deployment_is_one_for_kubernetes() -> None:
    try:
        import kubernetes_validate
    except ImportError:
        lacking("kubernetes-validate is not installed (the extra dev has it)")
    tree = yaml.safe_load((ARTICLE / "kubernetes.yaml").read_text())
    kubernetes_validate.validate(tree, "1.30", strict=True)
    pod = tree["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["initContainers"][0]["command"] == ["python", "/verify/check.py"]
    assert pod["containers"][0]["resources"] == {"limits": {"nvidia.com/gpu": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**tree, "spec": {"replicas": "one"}}, "1.30", strict=True)


def test_compose_asks_for_what_the_plan_asks_for() -> None:
    tree = yaml.safe_load((ARTICLE / "compose.yaml").read_text())
    service = tree["services"]["app"]
    assert set(service) <= COMPOSE_KEYS
    assert service["ports"] == ["8000:8000"]
    assert service["healthcheck"]["test"] == ["CMD", "python", "-c", "pass"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    bare = yaml.safe_load(registry.files(planned("cpu-slim"), ["compose"], "x:1")["compose.yaml"])
    assert "deploy" not in bare["services"]["app"]


def test_the_dev_container_is_built_from_the_same_file() -> None:
    tree = json.loads((ARTICLE / "devcontainer.json").read_text())
    assert tree["build"] == {"dockerfile": "Dockerfile", "context": "."}
    assert tree["forwardPorts"] == [8000]
    assert tree["hostRequirements"] == {"gpu": True}


def test_the_apptainer_definition_keeps_to_the_documented_grammar() -> None:
    """Header keywords first, then sections; no Apptainer is here to build it."""
    lines = (ARTICLE / "apptainer.def").read_text().splitlines()
    head = [line for line in lines[: lines.index("%files")] if line and not line.startswith("#")]
    assert [line.partition(": ")[0] for line in head] == ["Bootstrap", "From"]
    assert [line[1:] for line in lines if line.startswith("%")] == list(SECTIONS)
    body = [line for line in lines[lines.index("%files") :] if line and not line.startswith("%")]
    assert all(line.startswith("    ") for line in body)
    post = lines[lines.index("%post") + 1 : lines.index("%environment")]
    for line in post:
        shlex.split(line)
    assert not any("/opt/rest" in line or "newercm" in line for line in post)
    assert any(re.search(r"pip install .*requirements-framework\.txt$", line) for line in post)


def test_a_plan_of_several_images_is_refused_for_apptainer() -> None:
    with pytest.raises(InputError, match="copies from another image"):
        registry.files(planned("system-cuda-copy"), ["apptainer"], "x:1")


def test_the_command_writes_them_beside_the_dockerfile(envsnap: Run, tmp_path) -> None:
    done = envsnap(
        "dockerfile", ARTICLE / "manifest.json", "-o", "context", "--form", "compose", "--form",
        "kubernetes", "--no-compiler",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = {item.name for item in (tmp_path / "context").iterdir()}
    assert {"compose.yaml", "kubernetes.yaml", "Dockerfile"} <= names
    assert "compose.yaml" not in (tmp_path / "context" / ".dockerignore").read_text()


def test_the_command_offers_every_form_and_a_context_may_hold_its_file() -> None:
    option = next(item for item in dockerfile.command.built().params if item.name == "forms")
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(registry.FORMS)
    assert {file for file, _ in registry.FORMS.values()} == context.FORM_FILES
