"""Config files as trees: what differs between two, and a file in which only a part differs.

A mixed file has lines of both where those say what it should, and is written from the tree where
they do not; it is read again before it is used. A file that cannot be written is varied as a whole.
"""

from __future__ import annotations

import configparser
import copy
import datetime as dt
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from envsnap.bisection.lines import Lines, Path

MOST_DIFFERENCES = 200


class _Absent:
    """What a file does not say."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
# What of a file is no value, and what a program may read all the same: one difference more.
REST: Path = ("comments, order and spacing",)
OF_SIDES = ("as in the good file", "as in the bad file")
KINDS = {
    ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".ini": "ini",
    ".cfg": "ini", ".conf": "ini",
}  # fmt: skip


def kind_of(path: str) -> str | None:
    """Which parser a file's name asks for; None for no config file."""
    name = os.path.basename(path)
    if name == ".env" or name.endswith(".env"):
        return "env"
    return KINDS.get(os.path.splitext(name)[1].lower())


class Mixed:
    """Two versions of a config file, and any mixture of them.

    `values` are what differs, in the order of the good file; `REST` where the bytes differ in more.
    """

    def __init__(self, kind: str, good: bytes, bad: bytes) -> None:
        self._kind, self._good, self._bad = kind, good, bad
        self._trees = _read(kind, good), _read(kind, bad)
        self.values = dict(_differences(*self._trees))
        if not self.values or len(self.values) > MOST_DIFFERENCES:
            raise ValueError("no differences that can be varied one by one")
        for tree in self._trees:
            if not _same(_read(kind, _write(kind, tree)), tree):
                raise ValueError("cannot be written as it was read")
        self._paths = frozenset(self.values)
        self._lines: dict[bool, Lines] = {}
        self._made: dict[bytes, bool] = {good: False, bad: True}
        if self._contents(set(self._paths), of_bad=False) != bad:
            self.values[REST] = OF_SIDES

    def contents(self, bad: Iterable[Path]) -> bytes:
        """The file with these differences as on the bad side, and the others as on the good."""
        chosen = set(bad)
        if not chosen:
            return self._good
        if chosen == set(self.values):
            return self._bad
        of_bad = REST in chosen
        made = self._contents(chosen - {REST}, of_bad=of_bad)
        self._made.setdefault(made, of_bad)
        return made

    def _contents(self, chosen: set[Path], *, of_bad: bool) -> bytes:
        """The lines of one side's file, with the values of both; `of_bad` says whose file it is."""
        tree = copy.deepcopy(self._trees[0])
        for path in self._paths & chosen:
            tree = _with(tree, path, value_at(self._trees[1], path))
        if of_bad not in self._lines:
            texts = [self._good.decode(), self._bad.decode()]
            mine, other = reversed(texts) if of_bad else texts
            self._lines[of_bad] = Lines(mine, other, partial(self._changed, of_bad=of_bad))
        text = self._lines[of_bad].text(set(self._paths - chosen if of_bad else chosen))
        return text.encode() if self._says(text, tree) else _write(self._kind, tree)

    def _changed(self, text: str, *, of_bad: bool) -> frozenset[Path]:
        """The values of a text that are as on the other side; ValueError for one with others."""
        tree = self._tree(text)
        changed = dict(_differences(self._trees[of_bad], tree))
        other = int(not of_bad)
        if any(
            path not in self._paths or not _same(value, self.values[path][other])
            for path, (_, value) in changed.items()
        ):
            raise ValueError("other values than either side has")
        return frozenset(changed)

    def _says(self, text: str, tree: Any) -> bool:
        try:
            return _same(self._tree(text), tree)
        except ValueError:
            return False

    def _tree(self, text: str) -> Any:
        """What a text says; ValueError where no parser takes it."""
        try:
            return _READERS[self._kind](text)
        except Exception as error:  # each parser has errors of its own
            raise ValueError("cannot be read") from error

    @property
    def trees(self) -> tuple[Any, Any]:
        """What the good and the bad file say."""
        return self._trees

    def at(self, data: bytes, path: Path) -> Any:
        """The value at a path of such a file, ABSENT where it has none."""
        if path == REST:
            return OF_SIDES[self._made.get(data, False)]
        return value_at(_read(self._kind, data), path)


def _differences(good: Any, bad: Any, path: Path = ()) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    """Paths whose values differ, with both values; lists of different lengths are one value."""
    if isinstance(good, dict) and isinstance(bad, dict):
        for key in {**good, **bad}:
            yield from _differences(good.get(key, ABSENT), bad.get(key, ABSENT), (*path, key))
    elif isinstance(good, list) and isinstance(bad, list) and len(good) == len(bad):
        for index, (mine, theirs) in enumerate(zip(good, bad, strict=True)):
            yield from _differences(mine, theirs, (*path, str(index)))
    elif not _same(good, bad):
        yield path, (good, bad)


def _same(good: Any, bad: Any) -> bool:
    """Equal in value and in type: 1, 1.0 and true are three things to a program."""
    if type(good) is not type(bad):
        return False
    if isinstance(good, dict):
        return good.keys() == bad.keys() and all(_same(good[key], bad[key]) for key in good)
    if isinstance(good, list):
        return len(good) == len(bad) and all(map(_same, good, bad))
    return bool(good == bad) or (good != good and bad != bad)  # noqa: PLR0124 (not a number)


def value_at(tree: Any, path: Path) -> Any:
    """The value at a path of a tree, ABSENT where it has none."""
    for key in path:
        if isinstance(tree, list):
            tree = tree[int(key)]
        elif isinstance(tree, dict) and key in tree:
            tree = tree[key]
        else:
            return ABSENT
    return tree


def _with(tree: Any, path: Path, value: Any) -> Any:
    """A tree with one value replaced, added or taken out."""
    if not path:
        return copy.deepcopy(value)
    parent = value_at(tree, path[:-1])
    if isinstance(parent, list):
        parent[int(path[-1])] = copy.deepcopy(value)
    elif value is ABSENT:
        parent.pop(path[-1], None)
    else:
        parent[path[-1]] = copy.deepcopy(value)
    return tree


def _read(kind: str, data: bytes) -> Any:
    return _READERS[kind](data.decode("utf-8"))


def _write(kind: str, tree: Any) -> bytes:
    return _WRITERS[kind](tree).encode("utf-8")


def _read_yaml(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def _write_yaml(tree: Any) -> str:
    import yaml

    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def _read_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _write_toml(tree: Any) -> str:
    """Everything below the top as inline tables: plain, and read alike."""
    return "".join(f"{json.dumps(key)} = {_toml_value(value)}\n" for key, value in tree.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return repr(value)


def _parser() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keep the case of keys
    return parser


def _read_ini(text: str) -> Any:
    parser = _parser()
    parser.read_string(text)
    tree: dict[str, Any] = {
        name: {key: value for key, value in parser.items(name) if key not in parser.defaults()}
        for name in parser.sections()
    }
    if parser.defaults():
        tree["DEFAULT"] = dict(parser.defaults())
    return tree


def _write_ini(tree: Any) -> str:
    parser = _parser()
    parser.read_dict(tree)
    stream = io.StringIO()
    parser.write(stream)
    return stream.getvalue()


def _read_env(text: str) -> Any:
    tree: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            key, equals, value = stripped.partition("=")
            if not equals:
                raise ValueError("a line is not NAME=value")
            tree[key] = value
    return tree


def _write_env(tree: Any) -> str:
    return "".join(f"{key}={value}\n" for key, value in tree.items())


def _dump_json(tree: Any) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


_READERS: dict[str, Callable[[str], Any]] = {
    "json": json.loads, "yaml": _read_yaml, "toml": _read_toml, "ini": _read_ini, "env": _read_env,
}  # fmt: skip
_WRITERS: dict[str, Callable[[Any], str]] = {
    "json": _dump_json, "yaml": _write_yaml, "toml": _write_toml, "ini": _write_ini,
    "env": _write_env,
}  # fmt: skip
