"""Names and values that stand apart in a tree: {name: DB_PASSWORD, value: x}, [name, value], columns and rows."""

import re
from functools import lru_cache

from . import decision, keys, kinds, words

# Which words end the key of a name, and the key of its value.
_NAMES = (
    *"name key variable var header env field option parameter param label setting k".split(),
    *"attribute title id path property".split(),
)
_VALUES = frozenset(
    "value values val default content contents data v arg argument arguments to from current previous answer text string"
    " literal new old replace replacement replaced plain raw".split()
)
_KINDS = ("type", "kind")
MOST = 60  # keys of a mapping that is a name and a value, or columns and rows
_KINDS_OF_VALUES = (
    "default",
    "new",
    "old",
    "current",
    "previous",
    "string",
    "plain",
    "plaintext",
    "secret",
    "raw",
    "literal",
)
# Lists of names, and what stands beside them: {columns: [user, password], rows: [[joe, x]]}
_HEADS = frozenset(
    "name names column columns header headers field fields cols key keys variables".split()
)
_ROWS = frozenset("value values row rows data record records item items default defaults".split())
_ONE_NAME = r"--?[A-Za-z][\w.-]{0,80}\Z|[A-Za-z_@$][\w./:@-]{0,80}\Z"
_OF_USERS = ("users", "auth", "logins", "accounts", "credentials", "auths")


def labels(tree: dict) -> dict:
    """The keys that hold the value of {name: DB_PASSWORD, value: ...}, each with that name."""
    if len(tree) > MOST:
        return {}
    ends = {key: _end(key) for key in tree}
    holding = [key for key in tree if ends[key] in _VALUES]
    named = _named(tree, ends) if holding else []
    for level in (keys.SECRET, keys.NOTHING):
        for key, name in named:
            if keys.weigh(name, name.isupper()) < level:
                continue
            values = [
                other
                for other in holding
                if other != key
                and _is_beside(ends[key], ends[other], level)
                and _stem(other) in ("", _stem(key), *_KINDS_OF_VALUES)
                and not (ends[key] == "path" and re.search(r"\s", str(tree[other]).strip()))
            ]
            if values:
                return dict.fromkeys(values, name)
    return _of_one_kind(tree)


def _named(tree: dict, ends: dict) -> list:
    """The keys of a mapping that may name what another one holds, with these names; the likeliest first."""
    found = [
        (key, tree[key])
        for word in _NAMES
        for key in tree
        if ends[key] == word and isinstance(tree[key], str)
    ]
    for key, held in tree.items():
        if key in ("$", "@attributes", "attributes", "attrs") and isinstance(held, dict):
            inner = labels({**held, "value": ""}).get("value")
            found += [(key, inner)] if inner else []
        if ends[key] in _KINDS and _is_kind_of_secret(held):
            found.append((key, "password"))
    return [
        (key, name.rpartition("/")[2] if ends[key] == "path" else name)
        for key, name in found
        if re.match(r"[^ ]{0,200}(?: [^ ]{1,40})?\Z", name)  # "Admin password", and no sentence
    ]


def _is_kind_of_secret(name) -> bool:
    return isinstance(name, str) and (
        (keys.weigh(name) >= keys.PASSWORD and kinds.is_words(name))
        or name.lower() in ("bearer", "securestring")
    )


def _is_beside(name: str, value: str, level: int) -> bool:
    """Whether a value's key goes with a name's: `from` and `path` are of much else, but for secrets."""
    return level > keys.NOTHING or not (
        name in ("path", "title", "id", "property")
        or value in ("from", "old", "new", "raw", "plain", "contents", "literal")
    )


@lru_cache(maxsize=1024)
def _end(key: str) -> str:
    """The last word of a key; "_" and "#text" are what XML calls the text of an element."""
    if key in ("_", "$t", "$text"):
        return "text"
    found = re.findall("[A-Z]?[a-z]+|[A-Z]+", key.rpartition(".")[2])
    word = found[-1].lower() if found else ""
    joined = re.match("(?:parameter|variable|option|header|env|envvar|display)(name|value)", word)
    return joined.group(1) if joined else word


def _stem(key: str) -> str:
    """A key without its last word: of parameterName and parameterValue the same."""
    word = _end(key)
    low = key.lower()
    return low[: low.rindex(word)].strip("_-.@#") if word and word in low else ""


def _of_one_kind(tree: dict) -> dict:
    """A key of Kaggle's, beside the user; half of a pair of keys."""
    lower = {key.lower(): key for key in tree}
    if "key" in lower and any(word in lower for word in ("username", "user", "secret")):
        return {lower["key"]: "api_key"}
    return {}


def columns(tree: dict) -> dict:
    """The keys of lists that hold the values, or the rows, of the names in another list, with these names."""
    if len(tree) > MOST:
        return {}
    heads = [
        (key, names) for key, names in tree.items() if _end(key) in _HEADS and _are_names(names)
    ]
    return {
        key: names
        for head, names in heads
        for key, value in tree.items()
        if key != head
        and _end(key) in _ROWS
        and isinstance(value, list)
        and value
        and all(len(row) == len(names) for row in rows(value))
    }


def rows(value: list) -> list:
    """The rows of a list of lists; a list of values is one row."""
    return value if all(isinstance(row, list) for row in value) else [value]


def is_table(items: list) -> bool:
    """Several lists of one length, of which the first has names of columns and the others have not."""
    if len(items) < 2 or not all(
        isinstance(row, list) and len(row) == len(items[0]) > 1 for row in items
    ):
        return False
    return _are_names(items[0][1:]) and not any(_are_names(row[1:]) for row in items[1:])


def _are_names(names) -> bool:
    return (
        isinstance(names, list)
        and all(isinstance(name, str) and re.match(r"[\w .-]{1,60}\Z", name) for name in names)
        and any(keys.weigh(name, name.isupper()) >= keys.SECRET for name in names)
    )


def is_pair(items: list, path: tuple) -> bool:
    """Two texts, of which the first names what the second is; not two names.

    In a list of such pairs any word may be the second; in a list that stands under a key of its own, as
    names of columns do, it has to look like a secret.
    """
    if len(items) != 2 or not all(isinstance(item, str) for item in items):
        return False
    if re.match(_ONE_NAME, items[0]) is None:
        return False  # two variables, two commands, two lines of a text
    is_one_of_many = bool(path) and str(path[-1]).isdigit()
    if not (is_one_of_many or decision.is_password(items[1]) or kinds.is_made(items[1])):
        return False
    level = keys.weigh(items[0], variable=True)
    named = level >= keys.SECRET or (level and items[0].isupper() and "-" not in items[0])
    return bool(named) and not (keys.weigh(items[1]) >= keys.PERHAPS and kinds.is_words(items[1]))


def is_user(items: list, path: tuple) -> bool:
    """A user and a password: auth: ["joe", "x7"], or one of several: [["joe", "x"], ["ann", "y"]]."""
    place = [str(part) for part in path[-2:]]
    if len(items) != 2 or not place or not all(isinstance(item, str) for item in items):
        return False
    if place[-1].isdigit():
        return len(place) == 2 and words.split(place[0])[-1:] in ([name] for name in _OF_USERS)
    return words.split(place[-1])[-1:] == ["auth"] and decision.is_password(items[1])
