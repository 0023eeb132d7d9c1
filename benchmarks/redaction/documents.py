"""Whole documents with planted secrets, each read as capture reads it: both errors at once.

A set is a folder. `docs.txt` and `settings.txt` hold files of settings, each behind a line
`=== FORMAT TITLE`; `texts.txt` lines of logs, `envs.txt` variables, `issuers.txt` tokens that are
put in five places; `rows.txt` secrets and settings (`setting | PLACES | KEY | VALUE`), each put in
every place that it names. A secret stands as `<<KIND:SHAPE>>`; every other value has to be shown.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.redaction.places import PLACES
from benchmarks.redaction.shapes import made
from envsnap.intake import config_trees, messages
from envsnap.probe import secrets

SETS = Path(__file__).parent / "sets"
MARK = re.compile(r"<<(\w+):(.*?)>>", re.DOTALL)
TREES: dict[str, Callable[[str], Any]] = {
    "neutral": lambda text: {"a": {"backend": text}},
    "list": lambda text: {"args": ["--x", text, "y"]},
    "prose": lambda text: {"note": f"use {text} here"},
    "value": lambda text: {"env": [{"name": "X", "value": text}]},
}


@dataclass
class Score:
    """What was asked and what went wrong, by kind, with a line for each."""

    secrets: Counter[str] = field(default_factory=Counter)
    through: Counter[str] = field(default_factory=Counter)
    settings: Counter[str] = field(default_factory=Counter)
    altered: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def secret(self, kind: str, *, hidden: bool, told: str) -> None:
        """Count a planted secret."""
        self.secrets[kind] += 1
        if not hidden:
            self.through[kind] += 1
            self.lines.append(f"through: {kind}: {told[:160]}")

    def setting(self, kind: str, *, shown: bool, told: str) -> None:
        """Count an ordinary value."""
        self.settings[kind] += 1
        if not shown:
            self.altered[kind] += 1
            self.lines.append(f"altered: {kind}: {told[:160]}")


def score(name: str, seed: int) -> Score:
    """Run a set through the paths of capture."""
    folder, rng, found = SETS / name, random.Random(seed), Score()
    for file in ("docs.txt", "settings.txt"):
        for kind, title, body in _blocks(folder / file):
            _document(found, kind, title, _planted(body, rng))
    for line in _lines(folder / "texts.txt"):
        _text(found, _planted(line, rng))
    for line in _lines(folder / "envs.txt"):
        _variable(found, _planted(line, rng))
    for line in _lines(folder / "issuers.txt"):
        _token(found, line, rng)
    for line in _lines(folder / "rows.txt"):
        _row(found, line, rng)
    return found


def _blocks(path: Path) -> Iterator[tuple[str, str, str]]:
    text = path.read_text() if path.exists() else ""
    for block in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, body = block.split("\n", 1)
        kind, title = head.split()
        yield kind, title, body


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line] if path.exists() else []


def _planted(text: str, rng: random.Random) -> tuple[str, list[tuple[str, str]]]:
    """A text with its secrets in it, and each secret with its kind."""
    filled = made(text, rng)
    return MARK.sub(r"\2", filled), MARK.findall(filled)


def _document(found: Score, kind: str, title: str, planted: tuple[str, Any]) -> None:
    text, hidden = planted
    tree = config_trees.parse(text, kind, quotes=True)
    gaps: dict[str, str] = {}
    kept = config_trees.redact(tree, ("app",), gaps)
    dump = json.dumps(kept, ensure_ascii=False) + json.dumps(gaps)
    for what, secret in hidden:
        seen = any(spelled in dump for spelled in _spellings(secret))
        found.secret(what, hidden=not seen, told=f"{title}: {secret}")
    after = dict(_leaves(kept))
    secrets_of = [spelled for _, secret in hidden for spelled in _spellings(secret)]
    for path, value in _leaves(tree):
        if not any(secret in str(value) for secret in secrets_of):
            found.setting(
                "document", shown=after.get(path, found) == value, told=f"{title}: {path}"
            )


def _spellings(secret: str) -> set[str]:
    """A secret as it stands in JSON, in JSON inside of JSON, and with its escapes read."""
    short = secret.strip()
    once = json.dumps(short)[1:-1]
    read = short.replace("\\n", "\n").strip()
    return {short, once, json.dumps(once)[1:-1], read, json.dumps(read)[1:-1]}


def _leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _leaves(value, (*path, index))
    else:
        yield path, tree


def _text(found: Score, planted: tuple[str, Any]) -> None:
    text, hidden = planted
    kept = messages.clean_message(text)
    for what, secret in hidden:
        found.secret(f"text {what}", hidden=secret not in kept, told=text)
    if not hidden:
        found.setting("text", shown=kept == text, told=text)


def _variable(found: Score, planted: tuple[str, Any]) -> None:
    text, hidden = planted
    name, value = text.split("=", 1)
    kept, _ = secrets.judge(name, value)
    for what, secret in hidden:
        found.secret(f"env {what}", hidden=secret not in str(kept), told=text)
    if not hidden:
        found.setting("env", shown=kept == value, told=text)


def _token(found: Score, shape: str, rng: random.Random) -> None:
    """A token in five places where no name helps."""
    for place, around in TREES.items():
        token = made(shape, rng)
        kept = json.dumps(config_trees.redact(around(token), ("app",), {}))
        found.secret(f"token {place}", hidden=token not in kept, told=token)
    token = made(shape, rng)
    kept = messages.clean_message(f"Error 401: {token} was refused")
    found.secret("token message", hidden=token not in kept, told=token)


def _row(found: Score, line: str, rng: random.Random) -> None:
    """A value in each of its places: `KIND | PLACES | KEY | VALUE`, where only secrets have marks."""
    kind, places, key, template = line.split(" | ", 3)
    for place in places.split(","):
        text = made(template, rng).replace("\\n", "\n")
        hidden = re.findall(r"<<(.*?)>>", text, re.DOTALL)
        kept = PLACES[place](key, re.sub(r"<<(.*?)>>", r"\1", text, flags=re.DOTALL))
        told = f"{place}: {key} = {text}"
        if kind == "setting":
            found.setting(place, shown=kept.same and not kept.gaps, told=told)
        for secret in hidden:
            seen = any(spelled in kept.text for spelled in _spellings(secret))
            found.secret(kind, hidden=bool(kept.gaps) and not seen, told=told)
