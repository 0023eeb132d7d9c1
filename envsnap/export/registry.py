"""Every form by its name: one line each."""

from __future__ import annotations

from importlib import import_module

from envsnap.errors import InputError
from envsnap.export.form import Entry, Subject

FORMS = {
    "cyclonedx": Entry(module="cyclonedx", title="SBOM, CycloneDX 1.6 in JSON", mode=0o600),
    "in-toto": Entry(module="in_toto", title="statement, in-toto v1", mode=0o644),
    "requirements": Entry(module="requirements", title="pip's requirements file", mode=0o600),
    "pylock": Entry(module="pylock", title="lock file, PEP 751", mode=0o600, locks=True),
    "environment.yml": Entry(
        module="environment_yml", title="conda's environment file", mode=0o600
    ),
    "prometheus": Entry(
        module="prometheus", title="textfile of the node exporter", mode=0o644, judges=True
    ),
    "otel": Entry(module="otel", title="OTEL_RESOURCE_ATTRIBUTES line", mode=0o644),
    "junit": Entry(module="junit", title="JUnit XML", mode=0o600, judges=True),
    "code-quality": Entry(
        module="code_quality", title="GitLab's Code Quality report", mode=0o600, judges=True
    ),
    "node-features": Entry(
        module="node_features", title="feature file of Kubernetes' NFD", mode=0o644, judges=True
    ),
}


def entry(name: str) -> Entry:
    """A form's entry. Raises InputError, which names the forms there are."""
    if name not in FORMS:
        raise InputError(f"{name}: no form of this name; there are {', '.join(FORMS)}")
    return FORMS[name]


def render(name: str, subject: Subject) -> bytes:
    """Write a subject in a form. Raises InputError for what the form cannot say."""
    module = import_module(f"envsnap.export.{entry(name).module}")
    text = module.render(subject)
    assert isinstance(text, str)
    return text.encode("utf-8")
