"""Manifests, and findings, written to files: as they are, or as files of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envsnap.export.form import Artifact, Subject
    from envsnap.model.manifest import Manifest
    from envsnap.rules.ruling import Policy


def forms() -> dict[str, str]:
    """The names of all forms, each with a description."""
    from envsnap.export.registry import FORMS

    return {name: entry.title for name, entry in FORMS.items()}


def save(
    manifest: Manifest,
    path: str,
    *,
    form: str | None = None,
    reference: Manifest | None = None,
    policy: Policy | None = None,
) -> None:
    """Write a manifest, or export it in a `form` of another tool.

    A manifest is readable by its owner only.

    Args:
        manifest: The environment.
        path: The file to write.
        form: A form that `api.forms()` names: cyclonedx, requirements, prometheus, junit …
        reference: For forms that show findings: the environment that counts as right. Without it,
            the manifest is judged by itself.
        policy: What to ignore, allow, or give another severity.

    Raises:
        InputError: If the form cannot express the manifest, or the file cannot be written.

    """
    from envsnap.model import codec, storage

    if form is None:
        if reference is not None or policy is not None:
            raise InputError("a reference or a policy needs a form that shows findings")
        storage.write_atomically(path, codec.encode(manifest), 0o600)
        return
    data, mode = exported(manifest, form, name=path, reference=reference, policy=policy)
    storage.write_atomically(path, data, mode)


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
    """Export a manifest in a form of another tool; returns the bytes, and the mode of the file.

    `name` and `data` are the manifest's file name and bytes (by default as `save` writes them). Forms
    that show findings compare with `reference`; without it, they judge the manifest by itself.
    `pylock` asks the user's package index, as `lock` does. Raises InputError for what a form cannot
    express.
    """
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
