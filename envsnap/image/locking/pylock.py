"""A lock as text: pip's requirements with hashes, and pylock.toml (PEP 751)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from envsnap.errors import InputError
from envsnap.image import facts
from envsnap.image.planning import asked, conda, requirements
from envsnap.image.records import Lock, Requirements
from envsnap.model import lock_text
from envsnap.model.lock_text import text
from envsnap.model.manifest import Manifest
from envsnap.model.plain_text import plain
from envsnap.wording import counted

HEADER = "# Written by envsnap; install with pip install --no-deps --require-hashes.\n"


def _sorted(manifest: Manifest, lock: Lock) -> requirements.Sorted:
    return requirements.sort(_facts(manifest, lock), lock)


def _facts(manifest: Manifest, lock: Lock) -> facts.Facts:
    return asked.completed(facts.read(manifest), lock.resolved)


def _requirements_of(groups: tuple[Requirements, ...], lock: Lock) -> Iterator[str]:
    """Yield the lines of all groups; an index of its own stands before its lines."""
    for group in groups:
        if not group.hashed:
            for line in group.lines:
                yield f"# not installed from this file, as it has no hash: pip install --no-deps {line}"
            continue
        if group.index:
            yield f"--extra-index-url {group.index}"
        if group.wheels:
            yield f"# --find-links has to name the folder of: {', '.join(map(plain, group.wheels))}"
        yield from (_line(line, lock) for line in group.lines)


def _line(line: str, lock: Lock) -> str:
    """A requirement; a file that lies elsewhere while an image is built is one of a folder here."""
    name, at, address = line.partition(" @ ")
    artifact = lock.artifacts.get(name)
    if not (at and artifact and address.startswith(f"file://{requirements.STAGING}")):
        return line
    return f"{name}=={artifact.version} --hash=sha256:{artifact.sha256}"


def requirements_text(manifest: Manifest, lock: Lock) -> str:
    """Write a requirements file; what cannot be hashed, or is left out, is a comment."""
    found = _sorted(manifest, lock)
    lines = [*_requirements_of(found.groups, lock), *_left_out(found)]
    return HEADER + "\n".join(lines) + "\n"


def _left_out(found: requirements.Sorted) -> Iterator[str]:
    """A comment for each distribution that no line brings back."""
    for item in found.not_carried:
        yield f"# left out: {item.path}: {plain(item.reason)}"


def render(manifest: Manifest, lock: Lock) -> str:
    """Write pylock.toml; packages without a file of the index or a folder are refused by it."""
    known = _facts(manifest, lock)
    if lock.unhashed:
        names = ", ".join(sorted(lock.unhashed)[:6])
        raise InputError(f"pylock.toml has no place for distributions without a hash: {names}")
    parts = ['lock-version = "1.0"', 'created-by = "envsnap"']
    if known.python:
        release = known.python.rstrip("+")
        parts.append(f"requires-python = {text('==' + facts.major_minor(release) + '.*')}")
    found = _sorted(manifest, lock)
    for name in sorted(lock.artifacts):
        parts += ["", *_package(lock, name)]
    for group in found.groups:
        for line in group.lines if group.needs_git else ():
            parts += ["", *_repository(line, known)]
    told = list(_left_out(found))
    parts += ["", *told] if told else []
    return "\n".join(parts) + "\n"


def _package(lock: Lock, name: str) -> Iterator[str]:
    artifact = lock.artifacts[name]
    yield "[[packages]]"
    yield f"name = {text(name)}"
    yield f"version = {text(artifact.version)}"
    url = lock.urls.get(name)
    yield lock_text.artifact(
        artifact.file,
        artifact.sha256,
        url=_public(url) if url else None,
        size=lock.sizes.get(name),
        is_wheel=artifact.kind == "wheel",
    )


def _repository(line: str, known: facts.Facts) -> Iterator[str]:
    """A distribution of a repository, as `NAME @ git+ADDRESS@COMMIT` has it."""
    name, _, address = line.partition(" @ git+")
    address, _, folder = address.partition("#subdirectory=")
    url, _, commit = address.rpartition("@")
    version = known.packages[name].version if name in known.packages else None
    yield "[[packages]]"
    yield f"name = {text(name)}"
    if isinstance(version, str):
        yield f"version = {text(version)}"
    yield lock_text.repository("git", url, commit, folder)


def _public(url: str) -> str:
    """Take name and password out of an address."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def notes(manifest: Manifest, lock: Lock) -> list[str]:
    """Say what to know of the lock: how sure it is, and what it leaves out."""
    found = _sorted(manifest, lock)
    told = [
        f"{item.subject}: {item.choice} ({item.certainty}): {item.why}"
        for item in found.decisions
        if item.subject.startswith("packages")
        and (item.certainty != "exact" or item.choice.endswith("by hash"))
    ]
    of_conda = conda.sort(facts.read(manifest), lock).stage
    if of_conda is not None:
        told.append(
            f"left out: {counted(len(of_conda.lines), 'package')} of conda, which only a"
            " build context lists (conda.txt, from envsnap dockerfile)"
        )
    return told + [f"left out: {item.path}: {item.reason}" for item in found.not_carried]
