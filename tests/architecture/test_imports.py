"""`import envsnap` costs a program nothing, and what is optional is imported where it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import hosts

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
FOREIGN = (
    "cyclonedx", "packageurl", "opentelemetry", "mlflow", "wandb", "IPython", "pytest", "transformers",
    "lightning", "torch", "numpy", "yaml", "prometheus_client",
)  # fmt: skip


def loaded(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_import_envsnap_loads_nothing() -> None:
    before = loaded("")
    found = loaded("import envsnap") - before
    assert {name for name in found if not name.startswith("envsnap")} <= {"__future__"}
    assert {name for name in found if name.startswith("envsnap")} == {"envsnap"}


@pytest.mark.parametrize("form", ["prometheus", "otel", "in-toto", "requirements", "junit"])
def test_a_form_loads_no_other_program(form: str) -> None:
    program = (
        f"from envsnap import api\napi.exported(api.load({str(GOLDEN / 'dev.json')!r}), {form!r})"
    )
    found = {name.partition(".")[0] for name in loaded(program)}
    assert found.isdisjoint(FOREIGN)
    assert not any(name.startswith("envsnap.hooks") for name in loaded(program))
