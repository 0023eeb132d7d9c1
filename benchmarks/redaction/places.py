"""The places where texts from outside enter, each as the product reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from envsnap.intake import config_trees, messages
from envsnap.probe import secrets


class Kept(NamedTuple):
    """What came out: as text, whether it is what went in, and the gaps."""

    text: str
    same: bool
    gaps: dict[str, str]


def parsed(text: str, kind: str) -> Kept:
    """A config file."""
    gaps: dict[str, str] = {}
    tree = config_trees.parse(text, kind, quotes=True)
    kept = config_trees.redact(tree, ("app",), gaps)
    return Kept(json.dumps(kept) + json.dumps(gaps), kept == tree, gaps)


def tree(found: Any) -> Kept:
    """A config file of JSON."""
    return parsed(json.dumps(found), "json")


def value_of(text: str) -> Any:
    """A value as JSON, or as text."""
    if re.match(r"[\[{](?!\{|%)", text) or text in ("true", "false", "null", '""'):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return int(text) if re.fullmatch(r"\d{1,9}", text) else text


def yaml(key: str, text: str) -> Kept:
    """A line of a YAML file."""
    import yaml as library

    value = value_of(text)
    return parsed(library.safe_dump({"app": {key: value, "other": 1}}), "yaml")


def env(key: str, text: str) -> Kept:
    """A variable of the environment that is recorded."""
    shown, why = secrets.judge(key, text)
    return Kept(str(shown), shown == text, {key: why} if why else {})


def message(_key: str, text: str) -> Kept:
    """A message of another program, or of a log."""
    shown = messages.clean_message(text)
    return Kept(shown, shown == text, {"text": "cut"} if shown != text else {})


def fact(key: str, text: str) -> Kept:
    """A fact of a target, which no name protects: a version, an address, a label."""
    held, gaps = {key: text}, {}
    secrets.sweep(held, lambda path, why, lost: gaps.update({".".join(path): why}))
    return Kept(str(held[key]), held[key] == text, gaps)


def two_documents(text: str, kind: str = "config.yaml") -> dict[str, Any]:
    """A ConfigMap that holds a file."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {kind: text},
    }


def _secret(key: str, value: str, under: str) -> Kept:
    found = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, under: {key: value}}
    return tree(found)


PLACES: dict[str, Callable[[str, str], Kept]] = {
    "yaml": yaml,
    "json": lambda key, text: tree({"a": [{key: value_of(text)}]}),
    "toml": lambda key, text: parsed(f"[a]\n{key} = {json.dumps(text)}\nlr = 1\n", "toml"),
    "ini": lambda key, text: parsed(f"[a]\n{key} = {text}\nlr = 1\n", "ini"),
    "dotenv": lambda key, text: parsed(f"export {key}='{text}'\nLR=1\n", "env"),
    "env": env,
    "fact": fact,
    "text": message,
    "list": lambda key, text: tree({key: text.split()}),
    "pair": lambda key, text: tree({"env": [{"name": "A", "value": "1"}, {"name": key, "value": text}]}),
    "two": lambda key, text: tree({"headers": [[key, text]]}),
    "envmap": lambda key, text: tree({"services": {"a": {"environment": {key: value_of(text)}}}}),
    "stringdata": lambda key, text: _secret(key, text, "stringData"),
    "secretdata": lambda key, text: _secret(key, text, "data"),
    "configmap": lambda key, text: tree(two_documents(f"model:\n  lr: 1\n  {key}: {text}\n")),
    "configmapenv": lambda key, text: tree(two_documents(f"A=1\n{key}={text}\n", ".env")),
    "configmapjson": lambda key, text: tree(two_documents(json.dumps({"a": {key: text}}), "c.json")),
    "nested": lambda key, text: tree(
        two_documents(f"outer: |\n  inner: |\n    {key}: {text}\n    lr: 1\n")
    ),
    "secretslist": lambda key, text: tree({"secrets": ["one", text]}),
    "secretsmap": lambda key, text: tree({"secrets": {key: {"a": text}}}),
    "comment": lambda key, text: tree({"run": f"#!/bin/sh\n# {key}: {text}\npython t.py\n"}),
    "pem": lambda key, text: tree({key: text}),
    "pemb64": lambda key, text: tree({key: text}),
    "jwk": lambda key, text: tree({"keys": [{"kty": "EC", "crv": "P-256", key: text}]}),
    "dockerauth": lambda key, text: tree({"auths": {"reg.example": {key: text}}}),
    "key": lambda key, text: tree({"limits": {text: 1}}),
}  # fmt: skip
