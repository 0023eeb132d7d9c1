"""Reading and writing manifests lose nothing."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.errors import InputError
from envsnap.model import codec, digests, storage
from envsnap.model.fields import BOOKKEEPING, COMPARED, KIND_KEY, Kind, plan
from envsnap.model.manifest import Manifest, Sections, present
from envsnap.model.python import Package, Python
from tests import examples
from tests.golden import hosts


def test_decode_after_encode_is_identity() -> None:
    for manifest in (hosts.dev(), hosts.prod()):
        data = codec.encode(manifest)
        assert codec.decode(data, "x").manifest == manifest
        assert codec.encode(codec.decode(data, "x").manifest) == data


@given(
    names=st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=5),
    version=st.one_of(st.none(), st.text(max_size=20)),
)
def test_any_text_survives_a_round_trip(names: dict[str, str], version: str | None) -> None:
    manifest = examples.manifest(
        {
            "python": {"version": version},
            "packages": {"entries": {name: {"version": text} for name, text in names.items()}},
        }
    )
    assert codec.decode(codec.encode(manifest), "x").manifest == manifest


def test_keys_of_a_newer_revision_survive() -> None:
    tree = json.loads(codec.encode(hosts.dev()))
    tree["schema_revision"] = 7
    tree["sections"]["python"]["jit"] = {"on": True}
    tree["sections"]["packages"]["entries"]["torch"]["provenance"] = "signed"
    tree["sections"]["quantum"] = {"complete": True, "qubits": 3}
    document = codec.decode(json.dumps(tree).encode(), "new.json")
    assert json.loads(codec.encode(document.manifest, document.unknown)) == tree


def test_explicit_null_and_absence_differ() -> None:
    null = examples.manifest({"frameworks": {"entries": {"torch": {"cuda": None}}}})
    tree = json.loads(codec.encode(null))
    assert tree["sections"]["frameworks"]["entries"]["torch"] == {"cuda": None}
    absent = examples.manifest({"frameworks": {"entries": {"torch": {}}}})
    assert null.fingerprint != absent.fingerprint


def test_digests_cover_portable_and_host_facts_only() -> None:
    def digest(**facts: object) -> str:
        section = examples.manifest({"python": {"version": "3.11.7", **facts}}).sections.python
        assert isinstance(section, Python)
        assert isinstance(section.digest, str)
        return section.digest

    assert digest() == digest(prefix="/a", executable="/b", sys_path=["/c"])
    assert digest() != digest(soabi="x")
    assert digest() != digest(build="another day")


def test_the_fingerprint_ignores_time_host_and_place() -> None:
    one = hosts.dev()
    two = msgspec.structs.replace(one, created_at="2030-01-01T00:00:00Z", label="other")
    assert digests.fingerprint(two.sections) == one.fingerprint


def test_every_field_declares_its_kind_and_meaning() -> None:
    def records(record: type[msgspec.Struct], seen: set[type]) -> set[type]:
        if record not in seen:
            seen.add(record)
            for field in plan(record):
                for inner in (field.record, field.items):
                    if inner is not None:
                        records(inner, seen)
        return seen

    for record in records(Sections, set()):
        for info in msgspec.inspect.type_info(record).fields:  # type: ignore[attr-defined]
            if info.name in (*BOOKKEEPING, "entries") or record is Sections:
                continue
            note = info.type
            extra = getattr(note, "extra_json_schema", None) or {}
            assert extra.get(KIND_KEY) in {kind.value for kind in Kind}, (record, info.name)
            assert extra.get("description"), (record, info.name)


def test_identity_is_never_compared() -> None:
    identity = msgspec.structs.fields(Sections)[-1]
    assert identity.name == "identity"
    from envsnap.model.host import Identity

    assert not [field for field in plan(Identity) if field.kind in COMPARED]


def test_sections_are_listed_in_the_order_of_the_model() -> None:
    assert list(present(hosts.dev().sections))[:3] == ["python", "packages", "frameworks"]


def test_package_location_is_not_compared() -> None:
    kinds = {field.name: field.kind for field in plan(Package)}
    assert kinds["folder"] is Kind.LOCATION
    assert kinds["version"] is Kind.PORTABLE


def test_writing_never_follows_a_link(tmp_path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    link = tmp_path / "out.json"
    link.symlink_to(target)
    with pytest.raises(InputError, match="is a link"):
        storage.write_atomically(str(link), b"{}", 0o600)
    assert target.read_text() == "precious"


def test_writing_leaves_nothing_behind_when_it_fails(tmp_path) -> None:
    with pytest.raises(InputError, match="the folder to write into does not exist"):
        storage.write_atomically(str(tmp_path / "missing" / "out.json"), b"{}", 0o600)
    storage.write_atomically(str(tmp_path / "out.json"), b"{}", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600


def test_manifests_of_every_release_load(request: pytest.FixtureRequest) -> None:
    archive = request.config.rootpath / "tests" / "archive"
    found = sorted(archive.glob("*/*.json"))
    assert found
    for path in found:
        manifest = codec.decode(path.read_bytes(), path.name).manifest
        assert isinstance(manifest, Manifest)
