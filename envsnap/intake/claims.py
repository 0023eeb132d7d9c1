"""What a target says, judged here as well: one that lies may leave its secrets in.

The probe judges where it runs, so that secrets do not travel. Whoever answers in its place need
not have done so. What was judged there passes here unchanged.
"""

from __future__ import annotations

from typing import Any

from envsnap.intake import names
from envsnap.model.paths import text as path_text
from envsnap.redact import decision, digests

LONGEST_REASON = 2000


def clean(tree: dict[str, Any], key: bytes = b"") -> None:
    """Take secrets out of all sections, in place; texts of configs are judged as trees later.

    Each cut leaves a gap, with a digest where there is a redaction key. What are no gaps is dropped.
    """
    judged: dict[str, Any] = {}
    for name, section in tree.items():
        gaps: dict[str, str] = {}

        def note(path: tuple[str, ...], why: str, lost: str, gaps: dict[str, str] = gaps) -> None:
            inner = path[1:] if path[:1] == ("entries",) else path
            gaps[path_text(inner or path)] = digests.reason(why, lost, key)

        reasons = section.pop("gaps", None)  # what is found in them has no path of its own
        _names(section, note, (), judged)
        if name == "env_vars":
            _judge(section, note)
        elif name == "configs":
            _keep_texts(section, note, judged)
        else:
            decision.sweep(section, note, judged=judged)
        stated = reasons if isinstance(reasons, dict) else {}
        section["gaps"] = _cleaned(_joined(stated, gaps), judged)


def _names(tree: Any, note: Any, path: tuple[str, ...], judged: dict[str, Any]) -> None:
    """Names below a section's entries, which `names` judges: no fact is called by a secret."""
    if isinstance(tree, list):
        for place, item in enumerate(tree):
            _names(item, note, (*path, str(place)), judged)
    for name in list(tree) if isinstance(tree, dict) else ():
        shown = name
        if path != ("entries",) and len(name) >= names.SHORTEST:
            shown = _shown(name, judged)
        if shown != name:
            shown = f"{shown} {len(tree)}" if shown in tree else shown
            tree[shown] = tree.pop(name)
            note((*path, shown), "a name that is a secret", name)
        _names(tree[shown], note, (*path, shown), judged)


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


def _joined(stated: dict[str, Any], found: dict[str, str]) -> dict[str, Any]:
    """Gaps that the probe stated, and those found here.

    Of a value that was cut there only the probe had all: its digest stays, whatever is cut of the
    rest.
    """
    kept = {path: why for path, why in stated.items() if digests.split(str(why))[1]}
    return {**stated, **found, **kept}


def _cleaned(gaps: dict[str, Any], judged: dict[str, Any]) -> dict[str, str]:
    """Gaps without secrets in their reasons and paths; a digest that a key was needed for is none."""
    cleaned = {}
    for path, why in gaps.items():
        words, made = digests.split(str(why)[:LONGEST_REASON])
        cleaned[_shown(path, judged)] = _shown(words, judged) + made
    return cleaned


def _shown(text: str, judged: dict[str, Any]) -> str:
    """A text as facts are judged: most have nothing in them that asks for a look."""
    held = [text]
    decision.sweep(held, lambda *_: None, judged=judged)
    return held[0]
