"""Manifests and findings as files of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envsnap.export.form import Artifact, Subject
    from envsnap.model.manifest import Manifest
    from envsnap.rules.ruling import Policy


def forms() -> dict[str, str]:
    """The names of all forms, and what each is."""
    from envsnap.export.registry import FORMS

    return {name: entry.title for name, entry in FORMS.items()}


def exported(
    manifest: Manifest,
    form: str,
    *,
    name: str = "manifest.json",
    data: bytes | None = None,
    reference: Manifest | None = None,
    reference_name: str = "reference",
    policy: Policy | None = None,
) -> tuple[bytes, int]:
    """Write a manifest in a form of another tool; return its bytes, and the mode of its file.

    `name` and `data` are the manifest's file and its bytes (by default as `save` writes them).
    Findings, for the forms that show them, are those against a `reference`, else those of the
    manifest by itself. `pylock` asks the user's package index, as `lock` does. Raises InputError
    for what a form cannot say.
    """
    from envsnap.errors import InputError
    from envsnap.export import registry
    from envsnap.export.form import Subject
    from envsnap.model import codec

    entry = registry.entry(form)
    if reference is not None and not entry.judges:
        raise InputError(f"{form} describes one environment: name one manifest")
    result = None
    if entry.judges:
        from envsnap.api import environments

        result = (
            environments.check(manifest, policy=policy)
            if reference is None
            else environments.diff(reference, manifest, policy=policy)
        )
    subject = Subject(
        manifest=manifest,
        name=name,
        data=codec.encode(manifest) if data is None else data,
        result=result,
        reference=None if reference is None else reference_name,
    )
    if entry.locks:
        subject = _with_artifacts(subject)
    return registry.render(form, subject), entry.mode


def _with_artifacts(subject: Subject) -> Subject:
    """Ask the index for the file that each distribution was installed from, if one has to be."""
    from msgspec.structs import replace

    from envsnap.export import pylock

    needed = pylock.needs(subject)
    found = _artifacts(subject.manifest) if needed else {}
    return replace(subject, artifacts=found)


def _artifacts(manifest: Manifest) -> Mapping[str, Artifact]:
    from envsnap.api import images
    from envsnap.export.form import Artifact

    lock = images.lock(manifest, allow_unhashed=True)
    return {
        name: Artifact(
            version=item.version,
            file=item.file,
            sha256=item.sha256,
            is_wheel=item.kind == "wheel",
            url=lock.urls.get(name),
            size=lock.sizes.get(name),
        )
        for name, item in lock.artifacts.items()
    }
