"""A lock file (PEP 751): each distribution by the file that it was installed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envsnap.errors import InputError
from envsnap.export.distributions import Source, Unlisted, installed, sources
from envsnap.export.form import Artifact, Subject
from envsnap.model import lock_text, reading
from envsnap.model.lock_text import text
from envsnap.wording import few

MOST_NAMED = 6


def render(subject: Subject) -> str:
    """Write pylock.toml; raises InputError where a distribution has no file with a known hash."""
    found = list(sources(installed(subject.manifest, subject.name)))
    artifacts = subject.artifacts or {}
    listed = [item for item in found if isinstance(item, Source)]
    _require_hashes(subject.name, listed, artifacts)
    parts = ['lock-version = "1.0"', 'created-by = "envsnap"']
    python = reading.stated(subject.manifest, "python", "version")
    if isinstance(python, str) and python.count(".") > 1:
        parts.append(f"requires-python = {text('==' + python.rpartition('.')[0] + '.*')}")
    for item in listed:
        parts += ["", *_package(item, artifacts)]
    for left in found:
        if isinstance(left, Unlisted):
            parts += ["", f"# {left.name} {left.version}: {left.reason}"]
    return "\n".join(parts) + "\n"


def needs(subject: Subject) -> tuple[str, ...]:
    """Name the distributions whose file only an index can tell."""
    found = sources(installed(subject.manifest, subject.name))
    return tuple(
        item.name
        for item in found
        if isinstance(item, Source) and not item.commit and not item.sha256
    )


def _require_hashes(name: str, listed: list[Source], artifacts: Mapping[str, Artifact]) -> None:
    without = [
        item.name
        for item in listed
        if not item.commit and not item.sha256 and item.name not in artifacts
    ]
    if without:
        shown = few(without, MOST_NAMED)
        raise InputError(f"{name}: pylock.toml has no place for what has no hash: {shown}")


def _package(item: Source, artifacts: Mapping[str, Artifact]) -> Iterator[str]:
    yield "[[packages]]"
    yield f"name = {text(item.name)}"
    yield f"version = {text(item.version)}"
    if item.commit:
        yield lock_text.repository(item.vcs or "", item.url or "", item.commit, item.folder)
    elif item.sha256:
        inside = lock_text.subdirectory(item.folder)
        yield f"archive = {{ url = {text(item.url or '')}, {lock_text.hashes(item.sha256)}{inside} }}"
    else:
        found = artifacts[item.name]
        yield lock_text.artifact(
            found.file, found.sha256, url=found.url, size=found.size, is_wheel=found.is_wheel
        )
