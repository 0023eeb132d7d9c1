"""What a file that no format reads looks like, and what to do with it."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.intake.formats.source import Source

LISTED = "`envsnap explain --formats` lists what envsnap reads"
CONFIG = "to compare it as a config file, use `envsnap capture --config {file}`"


class Look(Struct, frozen=True):
    """A kind of file: what shows it, its name, and the way forward."""

    pattern: str
    kind: str
    advice: str


LOOKS = (
    Look(r"\A\x7fELF", "an ELF program or library", "capture the environment that runs it"),
    Look(r"\A(?:PK\x03\x04)", "a ZIP archive", "unpack it and name the file inside"),
    Look(r"\A(?:\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)", "a compressed file", "unpack it and name the file inside"),
    Look(r"\A\x89HDF", "an HDF5 file", "hash it with `envsnap capture --weights {file}`"),
    Look(r"\A\x80[\x02-\x05]", "a pickle", "hash it with `envsnap capture --weights {file}`"),
    Look(r"\A.{8}\{\"", "a safetensors file", "hash it with `envsnap capture --weights {file}`"),
    Look(r"Traceback \(most recent call last\):", "a traceback or a log", "give it to `envsnap check MANIFEST --error-text {file}`"),
    Look(r"(?m)^\[(?:build-system|project|tool\.[\w.-]+)\]\s*$", "a pyproject.toml", "name the lock beside it (uv.lock, poetry.lock, pylock.toml), or a `pip freeze` of the environment"),
    Look(r"(?m)^\[(?:packages|dev-packages)\]\s*$", "a Pipfile", "name the Pipfile.lock beside it"),
    Look(r"(?m)^\s*(?:from\s+setuptools\s+import|setup\()", "a setup.py", "name a `pip freeze` of the environment instead"),
    Look(r"(?i)\A\s*<(?:!doctype html|html|head)", "an HTML page", "save the raw text instead of the page"),
    Look(r"(?m)^#!\s*/", "a script", "capture the environment that it runs in"),
    Look(r"(?m)^(?:import|from)\s+\w[\w.]*(?:\s+import\s.*)?$", "a Python program", "capture the environment that it runs in"),
)  # fmt: skip


def reason(source: Source) -> str:
    """One line: what it looks like and the way forward."""
    if not source.data.strip():
        return "the file is empty"
    head = source.data[:4096].decode("latin-1")
    text = source.text[:200_000]
    for look in LOOKS:
        if re.search(look.pattern, head, re.DOTALL) or (text and re.search(look.pattern, text)):
            advice = look.advice.format(file=source.base or "FILE")
            return f"looks like {look.kind}, which is no description of an environment; {advice}"
    if not text:
        return f"a binary file of no kind that envsnap reads; {LISTED}"
    return _of_tree(source) or (
        f"not a manifest, and no report, lock or list that envsnap reads; {LISTED};"
        f" {CONFIG.format(file=source.base or 'FILE')}"
    )


def _of_tree(source: Source) -> str | None:
    """What a document is that parses, or that was to be one."""
    config = CONFIG.format(file=source.base or "FILE")
    if source.text.lstrip()[:1] in ("{", "["):
        if source.json is None:
            return None  # the codec names the place where it breaks off
        keys = ", ".join(sorted(map(str, source.json))[:3]) if isinstance(source.json, dict) else ""
        what = f"JSON with {keys}" if keys else "JSON"
        return (
            f"{what}: not an envsnap manifest, and nothing that envsnap reads; {LISTED}; {config}"
        )
    if source.mapping and len(source.mapping) > 1:
        keys = ", ".join(sorted(source.mapping)[:3])
        return f"looks like YAML with {keys}: nothing that envsnap reads; {LISTED}; {config}"
    return None
