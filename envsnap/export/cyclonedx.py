"""An SBOM: CycloneDX 1.6 in JSON, through cyclonedx-python-lib.

Components are the distributions (with package URLs, and the hashes of their artifacts where the
manifest states them), the system's packages, the operating system, the interpreter, the driver,
the GPUs, the weights (as machine-learning models) and the config files. Digests that are not those
of a whole file (RECORD, a tree of tensors) are properties. Equal manifests give equal text.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from envsnap._version import __version__
from envsnap.errors import InputError
from envsnap.export import components, purls
from envsnap.export.distributions import is_wish
from envsnap.export.form import Subject
from envsnap.model.manifest import Manifest, present
from envsnap.model.plain_text import plain

if TYPE_CHECKING:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component
    from cyclonedx.model.dependency import Dependency

ROOT = "environment"
LONGEST_VERSION = 1024  # the schema's own bound
# Of the serial number: a namespace of our own.
NAMESPACE = uuid.UUID("6f3f9d4e-6f3a-5a52-9a53-0f3f6d6a9b1c")


def render(subject: Subject) -> str:
    """Write the document. Raises InputError where cyclonedx-python-lib is not installed."""
    try:
        import cyclonedx.output as outputs
        from cyclonedx.schema import OutputFormat, SchemaVersion
    except ImportError:
        raise InputError(
            "cyclonedx needs cyclonedx-python-lib: install the extra `export`"
        ) from None
    _require_content(subject)
    writer = outputs.make_outputter(_bom(subject), OutputFormat.JSON, SchemaVersion.V1_6)
    return f"{writer.output_as_string(indent=2)}\n"


def _require_content(subject: Subject) -> None:
    """Refuse what only says what is wanted: an empty list of components reads as a clean one.

    Raises InputError.
    """
    if is_wish(subject.manifest):
        raise InputError(
            f"{subject.name}: says what is wanted, not what is installed: there is no component to list"
        )


def _bom(subject: Subject) -> Bom:
    from cyclonedx.model.bom import Bom

    manifest = subject.manifest
    found = {item.ref: item for item in components.found(manifest)}
    made = {ref: _component(item) for ref, item in found.items()}
    root = _root(subject)
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, manifest.fingerprint),
        components=made.values(),
        metadata=_metadata(manifest, root),
    )
    edges = dict(components.requirements(manifest, found))
    needed = {ref for refs in edges.values() for ref in refs}
    # Not by register_dependency, which looks through all that were registered, for each of them: so
    # does the library's own check, which would register what is missing. Nothing is.
    bom.dependencies = [
        _dependency(root, [made[ref] for ref in made if ref not in needed]),
        *(
            _dependency(component, [made[name] for name in edges.get(ref, ())])
            for ref, component in made.items()
        ),
    ]
    setattr(bom, "register_dependency", _nothing_to_register)  # noqa: B010 -- a method of this one alone
    return bom


def _nothing_to_register(target: object, depends_on: object = None) -> None:
    """Every component has been registered."""


def _dependency(of: Component, wanted: Iterable[Component]) -> Dependency:
    from cyclonedx.model.dependency import Dependency

    return Dependency(ref=of.bom_ref, dependencies=[Dependency(ref=one.bom_ref) for one in wanted])


def _root(subject: Subject) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    manifest = subject.manifest
    return Component(
        name=plain(manifest.label or "environment"),
        type=ComponentType.APPLICATION,
        version=plain(manifest.fingerprint)[:LONGEST_VERSION],
        bom_ref=ROOT,
    )


def _metadata(manifest: Manifest, root: Component) -> BomMetaData:
    from cyclonedx.model.bom import BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    tool = Component(name="envsnap", version=__version__, type=ComponentType.APPLICATION)
    return BomMetaData(
        component=root,
        tools=ToolRepository(components=[tool]),
        timestamp=_time(manifest.created_at),
        properties=list(_properties(dict(_completeness(manifest)))),
    )


def _time(created_at: str | None) -> datetime:
    """When it was captured; where that is not known, a time that nobody takes for one."""
    try:
        when = datetime.fromisoformat(created_at or "")
    except ValueError:
        when = datetime(1970, 1, 1, tzinfo=UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _completeness(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Say of each section whether what is missing is known to be absent."""
    yield "envsnap:fingerprint", manifest.fingerprint
    for name, section in present(manifest.sections).items():
        if name in components.SECTIONS:
            unknown = any(reason.startswith("not stated") for reason in section.gaps.values())
            whole = (section.complete or section.names_complete is True) and not unknown
            yield f"envsnap:{name}:complete", str(whole).lower()


def _properties(pairs: dict[str, str]) -> Iterator[Property]:
    from cyclonedx.model import Property

    for name, value in pairs.items():
        yield Property(name=name, value=plain(value))


def _component(item: components.Found) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    hashes = [
        HashType(alg=HashAlgorithm(algorithm), content=content)
        for algorithm, content in item.hashes.items()
    ]
    return Component(
        name=plain(item.name),
        type=ComponentType(item.kind),
        version=plain(item.version)[:LONGEST_VERSION] if item.version else None,
        description=plain(item.description) if item.description else None,
        bom_ref=item.ref,
        purl=_purl(item.purl),
        hashes=hashes,
        properties=list(_properties(item.properties)),
    )


def _purl(parts: purls.Parts | None) -> Any:
    """A package URL; what the library refuses is left out."""
    from packageurl import PackageURL

    if parts is None:
        return None
    try:
        url = PackageURL(
            type=parts.type,
            namespace=parts.namespace,
            name=plain(parts.name),
            version=parts.version,
            qualifiers=parts.qualifiers or None,
        )
        return PackageURL.from_string(url.to_string())
    except (ValueError, TypeError):  # it refuses some names, and stumbles over others
        return None
