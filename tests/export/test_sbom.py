"""CycloneDX, judged by the schema check of cyclonedx-python-lib."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from envsnap import api
from envsnap.intake.formats import cyclonedx as reader
from envsnap.intake.formats.source import Source
from envsnap.model.manifest import Manifest
from tests.export.conftest import COMMIT, SHA256, TEXTS, foreign, hostile, mixed, of_conda
from tests.golden import hosts


def document(manifest: Manifest) -> str:
    foreign("cyclonedx.output")
    return api.exported(manifest, "cyclonedx")[0].decode()


def check(text: str) -> None:
    """The library's own strict check against the published schema of 1.6."""
    foreign("fqdn")  # the formats of the schema are checked where json-validation is installed
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize(
    "manifest", [hosts.dev(), mixed(), of_conda()], ids=["dev", "mixed", "conda"]
)
def test_documents_satisfy_the_published_schema(manifest: Manifest) -> None:
    check(document(manifest))


def test_the_schema_check_can_fail() -> None:
    with pytest.raises(AssertionError):
        check(document(mixed()).replace('"device-driver"', '"driver"'))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_hostile_texts_satisfy_it_too() -> None:
    for text in TEXTS:
        check(document(hostile(text)))


def test_a_fingerprint_that_somebody_made_long_is_cut() -> None:
    """CycloneDX allows 1,024 characters of a version; a manifest may be forged."""
    forged = structs.replace(mixed(), fingerprint="sha256:" + "9" * 5000)
    check(document(forged))


def test_what_is_in_it() -> None:
    found = {item["bom-ref"]: item for item in json.loads(document(mixed()))["components"]}
    model = found["weights:model.pt"]
    assert model["type"] == "machine-learning-model"
    assert model["hashes"] == [{"alg": "SHA-256", "content": SHA256}]
    assert found["python:numpy"]["purl"] == "pkg:pypi/numpy@1.26.4"
    assert "hashes" not in found["python:numpy"]  # none is known, and none is invented
    assert found["python:from-archive"]["hashes"][0]["content"] == SHA256
    assert COMMIT in found["python:from-git"]["purl"]
    assert found["system:libgomp1:amd64"]["purl"].startswith("pkg:deb/debian/libgomp1@12.2.0-14?")
    assert found["system"]["type"] == "operating-system"
    assert found["driver"]["type"] == "device-driver"


def test_packages_of_conda_have_conda_s_names() -> None:
    found = {item["bom-ref"]: item for item in json.loads(document(of_conda()))["components"]}
    assert found["python:torch"]["purl"].startswith("pkg:conda/pytorch@2.3.1?")
    assert found["python:torch"]["hashes"] == [{"alg": "MD5", "content": SHA256[:32]}]
    assert found["python:einops"]["purl"] == "pkg:pypi/einops@0.8.0"


def test_what_requires_what() -> None:
    tree = json.loads(document(mixed()))
    edges = {item["ref"]: item.get("dependsOn", []) for item in tree["dependencies"]}
    assert edges["python:torch"] == ["python:numpy"]
    assert edges["python:numpy"] == ["python:six-pack"]
    assert "python:torch" in edges["environment"]
    assert "python:numpy" not in edges["environment"]


def test_equal_manifests_give_equal_text() -> None:
    assert document(mixed()) == document(mixed())


def test_our_own_reader_finds_the_packages_again() -> None:
    manifest = mixed()
    found = reader.read(Source(document(manifest).encode(), "sbom.json")).sections()
    assert found.packages.entries["torch"].version == "2.3.1+cu121"
    assert found.packages.entries["numpy"].version == "1.26.4"


def test_a_missing_library_is_an_error_with_a_way_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from envsnap.errors import InputError

    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    monkeypatch.setitem(sys.modules, "cyclonedx.output", None)
    with pytest.raises(InputError, match="extra `export`"):
        api.exported(mixed(), "cyclonedx")
