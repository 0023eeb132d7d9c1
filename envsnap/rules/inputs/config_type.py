"""A value in a config file is a text in quotes on one side, and a number or a switch on the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.model.inputs import Config
from envsnap.model.paths import keys, text
from envsnap.model.reading import entries, given
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

# Where every value is a text, whether it has quotes or not.
TEXTS_ALONE = re.compile(
    r"(?:env|envs|environment|env_?vars|labels|annotations|data|stringData|matchLabels|tags|args|command|build_args)"
)
SWITCH = re.compile(r"true|false|yes|no|on|off", re.IGNORECASE)
NOTHING = re.compile(r"null|~|", re.IGNORECASE)
# As a number, `1.10` is 1.1, and `007` is 7.
LOSES = re.compile(r"[-+]?(?:\d+\.\d*0|0\d+)")


class ConfigType(Rule):
    """A value is a text in quotes on one side, and a number, a switch or nothing on the other.

    `use_cache: "false"` is a text, and a program that asks whether it is set finds that it is.
    `version: 1.10` is the number 1.1. Other numbers (`"32"` and `32`) are information: many
    programs make a number of both. YAML, JSON and TOML are looked at; variables, labels and
    arguments are texts in any case.

    Fix: write the value as the reference does.
    """

    id = "config-type"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a value that is the same but for its quotes."""
        for change in list(comparison.under("configs")):
            if len(change.path) != 3 or change.path[2] != "sha256":
                continue
            name = change.path[1]
            sides = [
                entries(side, "configs")[name] for side in (comparison.reference, comparison.other)
            ]
            for place, value, is_text_there in _otherwise(*sides):
                yield self._finding(name, place, value, is_text_there, change.path)

    def _finding(
        self,
        name: str,
        place: tuple[str, ...],
        value: str,
        is_text_there: bool,
        file: tuple[str, ...],
    ) -> Finding:
        plain, quoted = value or "nothing", f'"{value}"'
        step = (plain, quoted) if is_text_there else (quoted, plain)
        severity, why = _weigh(value)
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=("configs", name, *place),
            message=f"{text((name, *place))}: {step[0]} -> {step[1]}, of another type",
            why=why,
            fix=f"Write {step[0]}, as the reference does.",
            cites=(("configs", name, "texts", text(place)), file),
        )


def _weigh(value: str) -> tuple[Severity, str]:
    if SWITCH.fullmatch(value):
        return (
            Severity.WARNING,
            "In quotes it is a text, and a text that is not empty counts as true.",
        )
    if NOTHING.fullmatch(value):
        return Severity.WARNING, "In quotes it is a text; without them the key has no value."
    if LOSES.fullmatch(value):
        return Severity.WARNING, "Without quotes it is a number, which is written in another way."
    return Severity.INFO, "In quotes it is a text. Many programs make a number of it; others fail."


def _otherwise(here: Config, there: Config) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """The values of both files that are texts in one of them alone: place, value, whether there."""
    mine, theirs = given(here.texts), given(there.texts)
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return
    for spelled in sorted(mine.keys() ^ theirs.keys()):
        place = keys(spelled)
        value, is_text_there = (theirs if spelled in theirs else mine)[spelled], spelled in theirs
        other = _at(here.tree if is_text_there else there.tree, place)
        is_same = other is not _ABSENT and _spelled(other) in _forms(value)
        if is_same and not any(map(TEXTS_ALONE.fullmatch, place[:-1])):
            yield place, value, is_text_there


_ABSENT = object()


def _at(tree: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdigit() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return _ABSENT
    return tree


def _spelled(value: Any) -> str:
    """A scalar as a text, as YAML and JSON both write it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, str | int | float) else "\0"


def _forms(value: str) -> tuple[str, ...]:
    """What a text is without quotes: itself, or as another format spells it."""
    if NOTHING.fullmatch(value):
        return ("", "null", "~", "Null", "NULL")
    return (value, value.lower()) if SWITCH.fullmatch(value) else (value, _number(value))


def _number(value: str) -> str:
    try:
        return str(float(value)) if re.search(r"[.eE]", value) else str(int(value))
    except ValueError:
        return value
