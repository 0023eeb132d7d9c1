"""A requirements file of what is installed, for pip and uv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envsnap.export.distributions import Source, Unlisted, installed, sources
from envsnap.export.form import Subject
from envsnap.model import reading

HEADER = "# What was installed; install with --no-deps. Hashes: envsnap lock."
PARTIAL = "# The manifest does not list everything that was installed."


def render(subject: Subject) -> str:
    """Write pinned lines; a comment says what no line can bring back, and why."""
    packages = installed(subject.manifest, subject.name)
    lines = [HEADER]
    if not reading.names_all(subject.manifest, "packages"):
        lines.append(PARTIAL)
    lines += lines_of(sources(packages))
    return "".join(f"{line}\n" for line in lines)


def lines_of(found: Iterable[Source | Unlisted]) -> Iterator[str]:
    """Yield further indexes, pinned lines and comments, in this order."""
    told = list(found)
    listed = [item for item in told if isinstance(item, Source)]
    indexes = {item.url for item in listed if item.url and not item.commit and not item.sha256}
    yield from (f"--extra-index-url {index}" for index in sorted(indexes))
    yield from (line(item) for item in listed)
    for item in told:
        if isinstance(item, Unlisted):
            yield f"# {item.name} {item.version}: {item.reason}"


def line(item: Source) -> str:
    """One requirement."""
    if item.commit:
        folder = f"#subdirectory={item.folder}" if item.folder else ""
        return f"{item.name} @ {item.vcs}+{item.url}@{item.commit}{folder}"
    if item.sha256:
        folder = f"&subdirectory={item.folder}" if item.folder else ""
        return f"{item.name} @ {item.url}#sha256={item.sha256}{folder}"
    return f"{item.name}=={item.version}"
