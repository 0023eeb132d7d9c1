"""Config texts as trees, without secrets.

Scalars of YAML, INI and .env files stay text, so that `no`, `012` and `22:22` mean what the
file says. A value that could be a secret is taken out of the tree and becomes a gap.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from envsnap.errors import InputError
from envsnap.model import scan
from envsnap.model.paths import text as path_text
from envsnap.redact import decision, digests, kinds, trees

MOST_VALUES = 100_000
LONGEST_WHOLE = 10**300
REPEATED, LONGEST_REPEATED, MOST_REPEATED = 8, 400, 200  # letters of secrets, and how many
MIXED = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])\S+\Z")
FEWEST_DIGITS = 4  # of a password of digits alone
TYPED = ("yaml", "json", "toml")  # where quotes make a text of a number
MOST_READ_OTHERWISE = 5000
# What is a number, a switch or nothing where it stands without quotes. The words are those of YAML 1.1.
READS_OTHERWISE = re.compile(
    r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?|0x[0-9a-fA-F]+|true|false|yes|no|on|off|null|~|",
    re.IGNORECASE,
)
MERGE_TAG = "tag:yaml.org,2002:merge"


class Worded(str):
    """A text that would be read as a number, a switch or nothing without its quotes."""

    __slots__ = ()


class UnparsedError(Exception):
    """A config text that is not what its name says; the message says why."""


def parse(text: str, kind: str, *, quotes: bool = False) -> Any:
    """Parse a config text; raises UnparsedError in one line.

    With `quotes`, digits that stood in quotes are marked (`trees.Quoted`), for `redact` to see, and
    other texts that read otherwise without quotes (`Worded`).
    """
    try:
        tree = _PARSERS[kind](text)
    except RecursionError:
        raise UnparsedError("nested too deeply") from None
    except UnparsedError:
        raise
    except Exception as error:  # four parsers, each with its own exceptions
        # Their messages quote the file, secrets too: only the place is told.
        raise UnparsedError(f"not {kind.upper()}{_place(error)}") from None
    _bound(tree)
    if not quotes:
        return _carried(tree, _text)
    return _carried(tree, _quoted if kind in ("json", "toml") else _kept)


def _place(error: Exception) -> str:
    """Where a parser stopped."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else getattr(error, "lineno", None)
    return f", at line {line}" if isinstance(line, int) else ""


def _carried(tree: Any, spelled: Callable[[str], str]) -> Any:
    """Spell what JSON cannot carry as text: inf, nan, very long numbers, bytes that are no text."""
    if isinstance(tree, dict):
        return {_text(key): _carried(value, spelled) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_carried(value, spelled) for value in tree]
    if isinstance(tree, float) and not math.isfinite(tree):
        return str(tree)
    if isinstance(tree, int) and not isinstance(tree, bool) and abs(tree) >= LONGEST_WHOLE:
        return f"a number of more than {len(str(LONGEST_WHOLE)) - 1} digits"
    return spelled(tree) if isinstance(tree, str) else tree


def _quoted(text: str) -> str:
    """A text in quotes; what others would read as a number or a switch is marked as such."""
    if len(text) >= FEWEST_DIGITS and text.isascii() and text.isdigit():
        return trees.Quoted(text)
    return Worded(text) if READS_OTHERWISE.fullmatch(text) else _text(text)


def _kept(text: str) -> str:
    """A text that its parser has marked, or not."""
    return text if isinstance(text, trees.Quoted | Worded) else _text(text)


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _bound(tree: Any) -> None:
    """Refuse what explodes when it is written out: YAML aliases can make 1 KB into gigabytes."""
    level, count = [tree], 0
    for _ in range(scan.DEEPEST):
        count += len(level)
        if count > MOST_VALUES:
            raise UnparsedError(f"more than {MOST_VALUES:,} values once aliases are expanded")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise UnparsedError("nested too deeply")


def _yaml(text: str) -> Any:
    """Parse with libyaml, in a sixth of the time, and what it refuses with PyYAML's own parser."""
    import yaml

    if yaml.__with_libyaml__:
        try:
            return _documents(text, yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeEncodeError):  # the two disagree about some tabs and marks
            pass
    return _documents(text, yaml.SafeLoader)


def _documents(text: str, kind: Any) -> Any:
    import yaml

    documents = list(yaml.load_all(text, Loader=_text_loader(kind)))
    return documents[0] if len(documents) == 1 else documents


def _text_loader(kind: Any) -> Any:
    """A loader that knows maps, lists and text: no tag can make it build anything else."""
    import yaml

    def build(loader: Any, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return _quoted(node.value) if node.style in ("'", '"') else node.value
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        found = loader.construct_mapping(node, deep=True)
        return {str(key): value for key, value in found.items()}

    class TextLoader(kind):  # type: ignore[misc]
        yaml_implicit_resolvers = {"<": [(MERGE_TAG, _merge_key())]}  # noqa: RUF012 (yaml's own way)
        yaml_constructors = {None: build}  # noqa: RUF012

    return TextLoader


def _merge_key() -> Any:
    return re.compile(r"^(?:<<)$")


def _toml(text: str) -> Any:
    import tomllib

    # Dates and times become the text that TOML spells them as.
    return _dates_as_text(tomllib.loads(text))


def _dates_as_text(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _dates_as_text(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_dates_as_text(value) for value in tree]
    return tree.isoformat() if hasattr(tree, "isoformat") else tree


def _json(text: str) -> Any:
    try:
        return scan.parse(text.encode("utf-8"), "JSON")
    except InputError as error:
        where = re.search(r" at line \d+", str(error))
        raise UnparsedError(f"not JSON{where.group(0) if where else ''}") from None


ALONE = "keys above the first section"


def _ini(text: str) -> Any:
    """A file with sections; keys may stand above the first one, as many tools have them."""
    import configparser

    try:
        return _with_sections(text)
    except configparser.MissingSectionHeaderError as error:
        tree = _with_sections(f"[{ALONE}]\n{text}")
        above = tree.pop(ALONE)
        if None in above.values():  # half a header, or no settings at all
            raise error from None
        return {**above, **tree}


def _with_sections(text: str) -> dict[str, Any]:
    import configparser

    parser = configparser.RawConfigParser(allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keep the case of keys
    parser.read_string(text)
    tree: dict[str, Any] = {name: dict(parser.items(name)) for name in parser.sections()}
    if parser.defaults():
        tree["DEFAULT"] = dict(parser.defaults())
    return tree


def _env(text: str) -> Any:
    tree: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = stripped.removeprefix("export ").partition("=")
        if not equals or not key.strip():
            raise UnparsedError(f"line {number} is not NAME=value")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = _quoted(value[1:-1])
        tree[key.strip()] = value
    return tree


# In a text that stands in another file, `sections` must be there: any line is a key otherwise.
_PARSERS = {
    "yaml": _yaml, "toml": _toml, "json": _json, "ini": _ini, "sections": _with_sections, "env": _env,
}  # fmt: skip


def redact(
    tree: Any, place: tuple[str, ...], gaps: dict[str, str], redaction_key: bytes = b""
) -> Any:
    """Return the tree without secrets; each one taken out becomes a gap under its path.

    A secret with letters and digits, or that looks made, is one wherever it stands in the file: an anchor, or an address, may
    repeat it under a name that says nothing.
    """
    known: set[str] = set()

    def note(path: tuple[str, ...], why: str, lost: str) -> None:
        gaps[path_text(path)] = digests.reason(why, lost, redaction_key)
        if REPEATED <= len(lost) <= LONGEST_REPEATED and (MIXED.match(lost) or kinds.is_made(lost)):
            known.add(lost)

    shown = trees.Walk(note, _settings).tree(tree, place)
    some = sorted(known, key=lambda text: (-len(text), text))[:MOST_REPEATED]
    pattern = re.compile("|".join(map(re.escape, some))) if some else None
    return shown if pattern is None else _without(shown, pattern, place, note)


def _without(tree: Any, secrets: re.Pattern[str], path: tuple[str, ...], note: Any) -> Any:
    """The tree without these secrets, wherever else they stand."""
    if isinstance(tree, dict):
        return {key: _without(item, secrets, (*path, key), note) for key, item in tree.items()}
    if isinstance(tree, list):
        return [
            _without(item, secrets, (*path, str(place)), note) for place, item in enumerate(tree)
        ]
    if not isinstance(tree, str) or secrets.search(tree) is None:
        return tree
    note(path, "a secret that stands elsewhere in this file, too", tree)
    left = secrets.sub(decision.REDACTED, tree)
    return None if left == decision.REDACTED else left


def texts_in(tree: Any, clean: Any) -> dict[str, str] | None:
    """Return the texts of a tree that read otherwise without quotes, by path; None: too many.

    `clean` is the tree without secrets: what is not in it is not told.
    """
    found: dict[str, str] = {}
    places: list[tuple[tuple[str, ...], Any, Any]] = [((), tree, clean)]
    while places:
        path, here, shown = places.pop()
        if isinstance(here, trees.Quoted | Worded):
            if shown == here:
                found[path_text(path)] = str(here)
                if len(found) > MOST_READ_OTHERWISE:
                    return None
        elif isinstance(here, dict) and isinstance(shown, dict):
            places += [((*path, key), value, shown.get(key)) for key, value in here.items()]
        elif isinstance(here, list) and isinstance(shown, list) and len(here) == len(shown):
            pairs = zip(here, shown, strict=True)
            places += [((*path, str(at)), *pair) for at, pair in enumerate(pairs)]
    return found


def _settings(text: str) -> Any:
    """A text that is itself a file of settings, as a tree; None where it is none."""
    for kind in ("json",) if text.lstrip()[:1] in ("{", "[") else ("env", "yaml", "sections"):
        try:
            tree = parse(text, kind, quotes=True)
        except UnparsedError:
            continue
        if isinstance(tree, dict | list):
            return tree
    return None
