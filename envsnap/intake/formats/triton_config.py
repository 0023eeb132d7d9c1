"""Triton's `config.pbtxt`: protobuf's text form as a config."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

NAME = "config.pbtxt"
TOKEN = re.compile(
    r"\s+|#[^\n]*|(?P<token>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_][\w.]*|-?[\d.][\w.+-]*|[:{}\[\],;<>])"
)
MARK = re.compile(r"(?m)^[ \t]*(?:platform|backend|max_batch_size)\s*:")
SHAPE = re.compile(r"(?m)^[ \t]*(?:input|output|instance_group|name)\s*[:\[{]")
DEEPEST = 50
# Fields that are lists however they are written (repeated ones of Triton's model_config.proto).
REPEATED = frozenset({
    "input", "output", "dims", "shape", "instance_group", "gpus", "profile", "secondary_devices",
    "preferred_batch_size", "parameters", "versions", "batch_input", "batch_output", "source_input",
    "target_name", "step", "model_warmup", "control_input", "control", "state", "initial_state",
    "gpu_execution_accelerator", "cpu_execution_accelerator", "op_library_filename", "agents",
})  # fmt: skip


def recognise(source: Source) -> bool:
    """Keys that only Triton's models have together."""
    return (
        len(MARK.findall(source.text)) > 0
        and len(SHAPE.findall(source.text)) > 0
        and _is_quoted(source)
    )


def _is_quoted(source: Source) -> bool:
    """Whether it begins with a key, and names and backends are quoted, as protobuf's text form has them and YAML rarely."""
    first = next((line for line in source.lines if line.strip() and line.strip()[:1] != "#"), "")
    quoted = re.search(r"(?m)^[ \t]*(?:name|platform|backend)\s*:\s*[\"']", source.text)
    return quoted is not None and re.match(r"^\s*\w+\s*[:\[{]", first) is not None


def read(source: Source) -> Draft:
    """The config; one that is cut off is refused."""
    tokens = list(_tokens(source))
    tree, end = _message(source, tokens, 0, 0)
    if end != len(tokens):
        raise _broken(source)
    draft = Draft("a config of Triton's", "stated")
    configs.add_tree(draft, NAME, tree, "env")
    return draft


def _broken(source: Source) -> RefusedError:
    return RefusedError(
        f"{source.name}: looks like Triton's config.pbtxt, but is cut off or damaged; copy it again"
    )


def _tokens(source: Source) -> Iterator[str]:
    place = 0
    while place < len(source.text):
        found = TOKEN.match(source.text, place)
        if found is None:
            raise _broken(source)
        if found["token"]:
            yield found["token"]
        place = found.end()


def _message(
    source: Source, tokens: list[str], place: int, depth: int
) -> tuple[dict[str, Any], int]:
    """Fields until a closing brace; a field that comes again is a list."""
    found: dict[str, Any] = {}
    while place < len(tokens) and tokens[place] not in ("}", ">"):
        key = tokens[place]
        if not re.fullmatch(r"[A-Za-z_][\w.]*", key) or depth > DEEPEST:
            raise _broken(source)
        place += 1
        if place < len(tokens) and tokens[place] == ":":
            place += 1
        value, place = _value(source, tokens, place, depth)
        if key in found:
            known = found[key] if isinstance(found[key], list) else [found[key]]
            found[key] = [*known, *(value if isinstance(value, list) else [value])]
        else:
            alone = key in REPEATED and not isinstance(value, list) and value != {}
            found[key] = [value] if alone else value
        while place < len(tokens) and tokens[place] in (",", ";"):
            place += 1
    return found, place


def _value(source: Source, tokens: list[str], place: int, depth: int) -> tuple[Any, int]:
    if place >= len(tokens):
        raise _broken(source)
    word = tokens[place]
    if word in ("{", "<"):
        inner, place = _message(source, tokens, place + 1, depth + 1)
        if place >= len(tokens):
            raise _broken(source)
        return inner, place + 1
    if word == "[":
        items: list[Any] = []
        place += 1
        while place < len(tokens) and tokens[place] != "]":
            item, place = _value(source, tokens, place, depth + 1)
            items.append(item)
            if place < len(tokens) and tokens[place] == ",":
                place += 1
        if place >= len(tokens):
            raise _broken(source)
        return items, place + 1
    if word in ("}", ">", "]", ",", ";", ":"):
        raise _broken(source)
    return word[1:-1] if word[0] in "\"'" else word, place + 1
