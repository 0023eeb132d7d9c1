"""What a target says, judged here as well: one that lies may leave its secrets in.

The probe judges where it runs, so that secrets do not travel. Whoever answers in its place need
not have done so. What was judged there passes here unchanged.
"""

from __future__ import annotations

from typing import Any

from envsnap.model.paths import text as path_text
from envsnap.redact import decision, digests

LONGEST_REASON = 2000


def clean(tree: dict[str, Any], key: bytes = b"") -> None:
    """Take secrets out of all sections, in place; texts of configs are judged as trees later.

    Each cut leaves a gap, with a digest where there is a redaction key.
    """
    judged: dict[str, Any] = {}
    for name, section in tree.items():
        gaps: dict[str, str] = {}

        def note(path: tuple[str, ...], why: str, lost: str, gaps: dict[str, str] = gaps) -> None:
            inner = path[1:] if path[:1] == ("entries",) else path
            gaps[path_text(inner or path)] = digests.reason(why, lost, key)

        if name == "env_vars":
            _judge(section, note)
        elif name == "configs":
            _keep_texts(section, note, judged)
        else:
            own = section.pop("gaps", {})  # what is found in them has no path of its own
            decision.sweep(section, note, judged=judged)
            section["gaps"] = own
        _reasons(section, gaps)


def _judge(section: dict[str, Any], note: Any) -> None:
    """Variables, each under its name."""
    entries = section.get("entries")
    if not isinstance(entries, dict):
        return
    for name, value in list(entries.items()):
        if isinstance(name, str) and isinstance(value, str):
            shown, why = decision.value(name, value, variable=True)
            if why is not None:
                note((name,), why, value)
                if shown is None:
                    del entries[name]
                else:
                    entries[name] = shown


def _keep_texts(section: dict[str, Any], note: Any, judged: dict[str, Any]) -> None:
    """All of the configs but their texts."""
    entries = section.get("entries")
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict):
            text = entry.pop("text", None)
            decision.sweep(entry, note, ("entries", str(name)), judged)
            if text is not None:
                entry["text"] = text


def _reasons(section: dict[str, Any], found: dict[str, str]) -> None:
    """The reasons of gaps, and those of the cuts that were made here."""
    gaps = section.get("gaps")
    if not isinstance(gaps, dict):
        return
    for path, why in gaps.items():
        if isinstance(why, str) and len(why) > 7:
            gaps[path] = decision.message(why[:LONGEST_REASON], {})
    gaps.update(found)
