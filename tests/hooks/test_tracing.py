"""From the trace id of a bad request to its environment and to what differs: `docs/tracing.md`."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from envsnap import api
from tests import examples
from tests.conftest import Run
from tests.hooks.conftest import Program, kept, require, require_entry_point

SERVICE = """
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "model"}))
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
with provider.get_tracer("serve").start_as_current_span("predict"):
    pass
"""
DETECTORS = {"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "envsnap"}


@pytest.fixture(autouse=True)
def _sdk() -> None:
    require("opentelemetry.sdk")
    require_entry_point("opentelemetry_resource_detector")


def test_the_way_from_a_trace_id_to_what_differs(
    program: Program, envsnap: Run, tmp_path: Path
) -> None:
    done = program(SERVICE, env={**DETECTORS, "ENVSNAP_LABEL": "canary"})
    span = json.loads(done.stdout)
    assert int(span["context"]["trace_id"], 16)
    attributes = span["resource"]["attributes"]
    assert attributes["service.name"] == "model"
    assert attributes["envsnap.label"] == "canary"
    fingerprint = attributes["envsnap.fingerprint"].removeprefix("sha256:")
    manifest = tmp_path / "manifests" / f"{fingerprint}.json"
    assert api.load(str(manifest)).fingerprint == attributes["envsnap.fingerprint"]
    good = examples.manifest({"python": {"version": "3.8.10"}}, partial=("python",))
    api.save(good, str(tmp_path / "good.json"))
    found = envsnap("diff", "good.json", manifest, "--format", "json")
    assert found.returncode == 1, found.stderr
    told = json.loads(found.stdout)["results"][0]["findings"]
    assert told[0]["path"] == "python.version"


def test_replicas_agree_with_the_command(program: Program, envsnap: Run, tmp_path: Path) -> None:
    """The fingerprint of a trace is that of `envsnap capture --no-import`, so both can be joined."""
    first = json.loads(program(SERVICE, env=DETECTORS).stdout)
    second = json.loads(program("import json, decimal\n" + SERVICE, env=DETECTORS).stdout)
    assert envsnap("capture", "--python", sys.executable, "--no-import", "-o", "it.json",
                   env={"HOME": str(tmp_path), **DETECTORS, "ENVSNAP_MANIFESTS": str(tmp_path / "manifests")}).returncode == 0  # fmt: skip
    fingerprints = {
        item["resource"]["attributes"]["envsnap.fingerprint"] for item in (first, second)
    }
    assert fingerprints == {api.load(str(tmp_path / "it.json")).fingerprint}
    assert len(kept(tmp_path)) == 1


def test_a_manifest_that_is_named_is_believed(program: Program, tmp_path: Path) -> None:
    manifest = examples.manifest({"python": {"version": "3.11.7"}}, label="baked in")
    api.save(manifest, str(tmp_path / "baked.json"))
    env = {**DETECTORS, "ENVSNAP_MANIFEST": str(tmp_path / "baked.json")}
    attributes = json.loads(program(SERVICE, env=env).stdout)["resource"]["attributes"]
    assert attributes["envsnap.fingerprint"] == manifest.fingerprint
    assert attributes["envsnap.label"] == "baked in"


@pytest.mark.parametrize(
    "env",
    [
        {"ENVSNAP_MANIFEST": "/none.json"},
        {"ENVSNAP_MANIFESTS": "/proc/none"},
        {"ENVSNAP_HOOKS": "off"},
    ],
    ids=["no manifest", "no folder", "off"],
)
def test_what_goes_wrong_breaks_no_service(env: dict[str, str], program: Program) -> None:
    done = program(SERVICE, env={**DETECTORS, **env})
    attributes = json.loads(done.stdout)["resource"]["attributes"]
    is_known = "ENVSNAP_MANIFESTS" in env  # what cannot be kept is known all the same
    assert ("envsnap.fingerprint" in attributes) is is_known
    assert attributes["service.name"] == "model"
    assert "Traceback" not in done.stderr


def test_log_lines_carry_it_without_opentelemetry(program: Program, tmp_path: Path) -> None:
    text = """
import logging, logging.config
logging.config.dictConfig({
    "version": 1,
    "filters": {"envsnap": {"()": "envsnap.hooks.log_records.EnvironmentFilter"}},
    "formatters": {"line": {"format": "%(levelname)s %(envsnap_id)s %(envsnap_label)s %(message)s"}},
    "handlers": {"it": {"class": "logging.StreamHandler", "filters": ["envsnap"], "formatter": "line"}},
    "root": {"handlers": ["it"], "level": "INFO"},
})
logging.info("served")
"""
    done = program(text, env={"ENVSNAP_LABEL": "blue"})
    (manifest,) = kept(tmp_path)
    assert done.stderr == f"INFO {manifest.stem[:12]} blue served\n"


def test_a_filter_still_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    from envsnap.hooks.log_records import EnvironmentFilter

    monkeypatch.setenv("ENVSNAP_HOOKS", "off")
    made = EnvironmentFilter("model")
    record = logging.LogRecord("other", logging.INFO, "f", 1, "m", (), None)
    assert not made.filter(record)
    assert record.envsnap_fingerprint == "unknown"
    assert record.envsnap_label == ""
