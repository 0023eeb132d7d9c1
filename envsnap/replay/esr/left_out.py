"""A record without secrets: names, messages and settings are judged as everywhere else.

What is printed and written to files is judged where it is read (`recorder.texts`), line by line.
"""

from __future__ import annotations

from typing import Any

from envsnap.redact import decision

# Digests and numbers only.
PLAIN = ("tensors", "code", "blocks", "printed", "files", "features")
SETTINGS = ("config", "facts", "parts", "options", "variables")
MOST_TOLD = 3


def clean(tree: dict[str, Any]) -> None:
    """Take secrets out of a record that is about to be written, and say so in its notes."""
    cuts: list[str] = []

    def note(path: tuple[str, ...], _why: str, _lost: str) -> None:
        cuts.append(".".join(path))

    for key in [key for key in tree if key not in PLAIN]:
        value = tree[key] = _lists(tree[key])
        if isinstance(value, str):
            holder = {key: value}
            decision.sweep(holder, note)
            tree[key] = holder[key]
        else:
            decision.sweep(value, note, (key,))
            _settings(value, (key,), note)
    for key in ("code", "blocks", "files"):
        tree[key] = _named(tree.get(key, {}), key, note)
    if cuts:
        told = ", ".join(cuts[:MOST_TOLD]) + (", …" if len(cuts) > MOST_TOLD else "")
        count = f"{len(cuts)} text" + ("s" if len(cuts) > 1 else "")
        tree["notes"] = [
            *tree.get("notes", ()),
            f"{count} left out as secrets, and not compared: {told}",
        ]


def _lists(tree: Any) -> Any:
    """The same tree with lists for tuples, so that texts in it can be replaced."""
    if isinstance(tree, dict):
        return {key: _lists(value) for key, value in tree.items()}
    return [_lists(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _settings(tree: Any, path: tuple[str, ...], note: Any) -> None:
    """Judge settings under their names, wherever a record holds some."""
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree if isinstance(tree, list) else ())
    )
    for key, value in items:
        place = (*path, str(key))
        if (key in SETTINGS or path[-1] in SETTINGS) and isinstance(value, dict):
            _judge(value, place, note)
        if isinstance(value, dict | list):
            _settings(value, place, note)


def _judge(settings: dict[str, Any], path: tuple[str, ...], note: Any) -> None:
    for name, value in settings.items():
        if not isinstance(value, str) or value.startswith("#") or value == decision.REDACTED:
            continue
        shown, why = decision.value(name, value)
        if why is not None:
            settings[name] = shown if shown is not None else decision.REDACTED
            note((*path, name), why, value)


def _named(entries: dict[str, Any], section: str, note: Any) -> dict[str, Any]:
    """The same entries under names without secrets; a number keeps two of them apart."""
    found: dict[str, Any] = {}
    for name, value in entries.items():
        shown, why = decision.part(name)
        if why is not None:
            note((section, str(len(found) + 1)), why, name)
            shown = shown if shown not in found else f"{shown} {len(found) + 1}"
        found[shown] = value
    return found
