"""Which page helps with a frequent error: a part of its message, and the section of docs/errors.md."""

from __future__ import annotations

PAGE = "docs/errors.md"
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
            return f" (see {PAGE}#{section})"
    return ""
