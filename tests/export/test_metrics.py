"""prometheus, otel and node-features, judged by their own readers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from envsnap import api
from envsnap.export import node_features, prometheus
from envsnap.model.manifest import Manifest
from tests import examples
from tests.conftest import Run
from tests.export.conftest import TEXTS, foreign, hostile, mixed
from tests.golden import hosts


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What prometheus-client reads."""
    parser = foreign("prometheus_client.parser")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def text_of(manifest: Manifest, form: str, **more: object) -> str:
    return api.exported(manifest, form, **more)[0].decode()  # type: ignore[arg-type]


def test_prometheus_client_reads_what_was_written() -> None:
    found = samples(text_of(hosts.prod(), "prometheus", reference=hosts.dev()))
    names = (("fingerprint", hosts.prod().fingerprint), ("label", "prod"))
    assert found["envsnap_info", names] == 1
    severities = ("error", "warning", "info")
    counts = {s: found["envsnap_findings", (("severity", s),)] for s in severities}
    assert counts == {"error": 1, "warning": 6, "info": 2}
    assert found["envsnap_unknown", ()] == 0
    assert found["envsnap_compared", ()] == 31
    assert found["envsnap_captured_timestamp_seconds", ()] == examples.CREATED


def test_unknown_facts_are_counted() -> None:
    partial = examples.manifest(
        {"python": {"version": "3.9.16"}},
        gaps={"python": {"build": "denied: x", "gil": "error: y"}},
    )
    assert samples(text_of(partial, "prometheus"))["envsnap_unknown", ()] == 2


def test_labels_are_bounded_whatever_a_manifest_holds() -> None:
    for text in TEXTS:
        manifest = hostile(text)
        found = samples(text_of(manifest, "prometheus"))
        labels = dict(next(labels for name, labels in found if name == "envsnap_info"))
        assert set(labels) == {"fingerprint", "label"}
        assert labels["fingerprint"] == manifest.fingerprint
        assert len(labels["label"]) <= prometheus.LONGEST_LABEL
        assert len(found) == 6


def test_the_textfile_is_readable_by_others_and_replaced_as_a_whole(
    envsnap: Run, tmp_path: Path
) -> None:
    api.save(mixed(), str(tmp_path / "it.json"))
    for _ in range(2):
        done = envsnap("export", "it.json", "--format", "prometheus", "-o", "envsnap.prom")
        assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((tmp_path / "envsnap.prom").stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "envsnap.prom", "it.json",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["prod", *TEXTS])
def test_the_sdk_reads_the_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = foreign("opentelemetry.sdk.resources")
    manifest = hostile(text)
    name, _, value = text_of(manifest, "otel").rstrip("\n").partition("=")
    assert name == "OTEL_RESOURCE_ATTRIBUTES"
    monkeypatch.setenv(name, value)
    found = resources.OTELResourceDetector().detect().attributes
    assert set(found) <= {"envsnap.fingerprint", "envsnap.label", "envsnap.captured_at"}
    assert found["envsnap.fingerprint"] == manifest.fingerprint
    if text == "prod":
        assert found["envsnap.label"] == "prod"


@pytest.mark.parametrize("text", TEXTS)
def test_features_are_labels_that_kubernetes_takes(text: str) -> None:
    for line in text_of(hostile(text), "node-features").splitlines():
        name, equals, value = line.partition("=")
        assert equals
        assert name.startswith("envsnap.")
        assert node_features.VALUE.fullmatch(value), line


def test_features_say_what_was_found() -> None:
    told = text_of(hosts.prod(), "node-features", reference=hosts.dev()).splitlines()
    digest = hosts.prod().fingerprint.removeprefix("sha256:")
    assert told == [
        f"envsnap.fingerprint={digest[:12]}", "envsnap.label=prod", "envsnap.worst=error",
        "envsnap.healthy=false",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "healthy"),
    [
        ({"python": {"version": "3.11.7"}, "packages": examples.packages(numpy="1.26.4")}, "true"),
        ({}, "unknown"),
    ],
)
def test_a_node_of_which_nothing_is_known_is_not_healthy(
    there: dict[str, object], healthy: str
) -> None:
    here = {"python": {"version": "3.11.7"}, "packages": examples.packages(numpy="1.26.4")}
    told = text_of(examples.manifest(there), "node-features", reference=examples.manifest(here))
    assert f"envsnap.healthy={healthy}" in told.splitlines()
