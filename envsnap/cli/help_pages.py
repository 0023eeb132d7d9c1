"""Which section of errors.md helps with a frequent error: `envsnap explain SECTION` shows it."""

from __future__ import annotations

import re
from pathlib import Path

MARKS = re.compile(r"[^a-z0-9 -]")
LINK = re.compile(r"\[([^\]]+)\]\(([\w.#-]+)\)")
SECTIONS = {
    "not an envsnap manifest": "not-a-manifest",
    "not a manifest": "not-a-manifest",
    "does not match its digest": "does-not-match-its-digest",
    "is newer than this envsnap reads": "schema-version-is-newer",
    "no such file": "no-such-file",
    "is taken by": "two-files-of-one-name",
    "the probe did not answer in time": "the-target-cannot-be-reached",
    "the engine has no such container": "the-target-cannot-be-reached",
    "no Docker Engine answers": "no-docker-engine-answers",
    "is not the file that was captured": "is-not-what-was-captured",
    "needs uv, which is not on PATH": "uv-is-not-on-path",
    "by version only with --allow-unhashed": "no-known-file-is-the-installed-one",
    "python.version: not stated; ": "the-manifest-does-not-say-enough",
    "packages: a partial list (": "the-manifest-does-not-say-enough",
    "write -- before the command": "no-dashes-before-the-command",
    "may not look into it; run envsnap as its user": "another-users-process",
    "the build failed (": "the-build-failed",
}


def hint(message: str) -> str:
    """Where to read on, as the end of a message; empty for an error without a section."""
    for part, section in SECTIONS.items():
        if part in message:
            return f" (more: `envsnap explain {section}`)"
    return ""


def page() -> str:
    """All sections, as Markdown; docs/errors.md is a copy."""
    return (Path(__file__).parent / "errors.md").read_text(encoding="utf-8")


def section(name: str) -> str | None:
    """One section as a terminal shows it; None for a name that no section has."""
    for part in page().split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        if MARKS.sub("", title.lower()).replace(" ", "-") == name:  # the anchor of a site
            return f"{title}\n\n{LINK.sub(_place, body).strip()}\n"
    return None


def _place(link: re.Match[str]) -> str:
    return f"{link[1]} (docs/{link[2]})"
