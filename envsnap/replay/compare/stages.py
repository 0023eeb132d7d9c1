"""What differs in the stages around models: settings of a generation, chat templates, tokenizers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.replay.compare.changed import changes_of
from envsnap.replay.compare.fact import Fact
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Stage

MOST_LISTED = 4
# Counts and texts that follow from other facts, or say nothing of a result.
FOLLOWS = ("text", "characters", "ids", "texts", "messages")


def compare(golden: Recording, other: Recording) -> Iterator[Fact]:
    """What differs in stages of one kind and name, in the order in which both runs use them."""
    there = _numbered(other)
    told: set[str] = set()
    for number, stage in _numbered(golden).items():
        twin = there.get(number)
        if twin is None or stage.facts == twin.facts:
            continue
        fact = _stage(stage, twin)
        # Of texts the first that differs: the others are mostly made of what the models gave.
        key = "text" if fact is not None and fact.kind == "text" else fact and fact.text
        if fact is not None and key and key not in told:
            told.add(key)
            yield replace(fact, at=stage.at)


def _numbered(recording: Recording) -> dict[tuple[str, str, int], Stage]:
    """Stages by kind, name and number; those of a warm-up, whose results nobody uses, left out."""
    used = {(stage.kind, stage.name) for stage in recording.record.stages if not stage.unused}
    counts: Counter[tuple[str, str]] = Counter()
    found = {}
    for stage in recording.record.stages:
        kind = stage.kind, stage.name
        if stage.unused and kind in used:
            continue
        found[(*kind, counts[kind])] = stage
        counts[kind] += 1
    return found


def _stage(one: Stage, two: Stage) -> Fact | None:
    changes = [
        (key, how) for key, how in changes_of(one.facts, two.facts, both=False) if key != "texts"
    ]
    settings = [f"{key} {how}" for key, how in changes if key not in FOLLOWS]
    if one.kind == "generation" and settings:
        return Fact(
            kind="generation", text=f"generation settings: {', '.join(settings[:MOST_LISTED])}",
            fix="Pass the golden run's settings to generate(), and use its generation_config.json.",
        )  # fmt: skip
    if one.kind == "chat":
        return _chat(changes)
    if one.kind == "tokens":
        return _tokens(changes, settings)
    return None


def _chat(changes: list[tuple[str, str]]) -> Fact | None:
    names = dict(changes)
    if "template" in names:
        return Fact(
            kind="chat", text="the chat template differs",
            fix="Use the golden run's chat template (chat_template.jinja or tokenizer_config.json).",
        )  # fmt: skip
    parts = [f"{key} {how}" for key, how in changes if key != "messages"]
    if parts:
        return Fact(
            kind="chat", text=f"apply_chat_template: {', '.join(parts[:MOST_LISTED])}",
            fix="Call apply_chat_template with the golden run's messages and settings.",
        )  # fmt: skip
    if "messages" in names:
        return Fact(
            kind="chat", text="the messages given to the chat template differ",
            fix="Use the golden run's messages.",
        )  # fmt: skip
    return None


def _tokens(changes: list[tuple[str, str]], settings: list[str]) -> Fact | None:
    names = dict(changes)
    if settings:
        return Fact(
            kind="tokens", text=f"tokenizer settings: {', '.join(settings[:MOST_LISTED])}",
            fix="Call the tokenizer with the golden run's settings and files.",
        )  # fmt: skip
    if "text" in names:
        lengths = names.get("characters")
        told = f" (characters {lengths})" if lengths else ""
        return Fact(
            kind="text", text=f"the text that is tokenised differs{told}",
            fix="Give the tokenizer the golden run's text: prompt, template, system message.",
        )  # fmt: skip
    if "ids" in names:
        return Fact(
            kind="tokens", text="the same text gives other tokens: another tokenizer",
            fix="Use the golden run's tokenizer files and the version of its library.",
        )  # fmt: skip
    return None
