"""Trees of settings, as JSON, YAML and TOML have them: each value judged under its key.

What a container's key says holds for what is inside, unless a key there says otherwise. Pairs of
a name and a value are judged as variables, lists of arguments as commands, and a text that is
itself a file of settings is looked into.
"""

import re

from . import decision, keys, logins, loose, pairs, texts, words

DEEPEST_TEXT = 3
# What stands before the colon of a header that a command is given.
_COMMAND_AS_KEY = r"\S\s.{0,400}[\"'][\w -]{1,80}\Z"
_JWK = ("d", "p", "q", "dp", "dq", "qi", "k", "oth")
_JWK_PUBLIC = ("n", "e", "x", "y", "kid", "x5t", "x5t#S256")
_OF_VARIABLES = ("env", "environment", "envs", "env_vars", "envvars", "environment_variables")
_OF_SECRETS = ("stringdata", "data", "binarydata")


class Quoted(str):
    """Digits that their file has in quotes: a text, and no number, where a password is expected."""

    __slots__ = ()


class Walk:
    """One walk over a tree.

    `note(path, why, lost)` is told of every cut: where, why, and the text as it was. `parse`
    makes a tree of a text that is a file of settings, or returns None.
    """

    def __init__(self, note, parse=None) -> None:
        self._note, self._parse = note, parse

    def tree(self, tree, path: tuple, key: str = "", inherited: int = 0, variables: bool = False):
        """Return a tree without secrets."""
        if isinstance(tree, dict):
            return self._mapping(tree, path, inherited, variables)
        if isinstance(tree, list):
            return self._sequence(tree, path, key, inherited, variables)
        if isinstance(tree, str):
            return self._text(tree, path, key, inherited, variables)
        return tree

    def _mapping(self, tree: dict, path: tuple, inherited: int, variables: bool) -> dict:
        kept = {}
        labels, columns = pairs.labels(tree), pairs.columns(tree)
        for key, value in tree.items():
            place = (*path, key)
            if texts.find(key) or loose.is_loose(key):
                self._note((*path, "key %d" % (len(kept) + 1)), "a key that is a secret", key)
                continue
            if isinstance(value, str) and re.search(_COMMAND_AS_KEY, key):
                kept[key] = self._line(place, key, value)
                continue
            name = labels.get(key, key)
            level = max(
                _level(tree, key, name, inherited),
                keys.of_container(name, str(path[-1]) if path else ""),
            )
            if key in columns:
                inner = self._rows(value, place, columns[key], inherited)
            elif isinstance(value, (dict, list)):
                level = max(level, keys.weigh(name, variables))
                inner = self.tree(
                    value, place, name, level, _holds_variables(key, variables, value)
                )
            elif _is_public(tree, key):
                inner = value
            else:
                named = variables or name != key or _is_variable(key)
                inner = self.tree(value, place, name, level, named)
            if inner is not None or value is None:
                kept[key] = inner
        return kept

    def _line(self, place: tuple, key: str, value: str):
        """The rest of a line that YAML has read as a pair: curl --header "Name: x" address."""
        shown, why = decision.part("%s: %s" % (key, value))
        if why is None:
            return value
        self._note(place, why, value)
        return shown[len(key) + 2 :] if shown.startswith(key + ": ") else decision.REDACTED

    def _rows(self, value: list, path: tuple, names: list, inherited: int, first: int = 0) -> list:
        """Rows, or one row, of a table: each cell is judged under the name of its column."""
        are_many = pairs.rows(value) is value
        shown = [
            [
                self.tree(
                    cell,
                    (*path, str(at + first), str(place)) if are_many else (*path, str(place)),
                    name,
                    inherited,
                    True,
                )
                for place, (cell, name) in enumerate(zip(row, names))
            ]
            for at, row in enumerate(pairs.rows(value))
        ]
        return shown if are_many else shown[0]

    def _sequence(
        self, items: list, path: tuple, key: str, inherited: int, variables: bool
    ) -> list:
        if pairs.is_pair(items, path):
            second = self._text(items[1], (*path, "1"), items[0], inherited, variables=True)
            if second is None or second != items[1]:
                return [items[0], second]
        if pairs.is_user(items, path):
            level = max(inherited, keys.PASSWORD)
            return [items[0], self._text(items[1], (*path, "1"), "password", level, variables)]
        if pairs.is_table(items):
            return [items[0], *self._rows(items[1:], path, items[0], inherited, first=1)]
        if _are_words(key, items):
            key, inherited = "", 0
        hidden = _of_command(items)
        kept = []
        for index, item in enumerate(items):
            place = (*path, str(index))
            if index in hidden:
                self._note(place, hidden[index][0][2], item)
                kept.append(_rest_of(item, items[index - 1] if index else "", hidden[index]))
            else:
                name = _option_before(items, index) or key
                kept.append(self.tree(item, place, name, inherited, variables))
        return kept

    def _text(self, text: str, path: tuple, key: str, inherited: int, variables: bool):
        may_be = self._parse is not None and _may_be_settings(text)
        depth = len([part for part in path if part == "(text)"])
        inner = self._within(text, depth) if may_be else text
        shown, why = decision.value(key, text if inner is None else inner, variables, inherited)
        if why is None and isinstance(text, Quoted) and keys.is_code(key):
            shown, why = None, "under a name that tells a secret"
        if inner != text and shown is not None:
            why = why or "a secret in settings inside a text"
            shown = None if inner is None else shown
        if why is not None:
            self._note(path, why, text)
        return shown if shown is None else str(shown)

    def _within(self, text: str, depth: int):
        """Look into a text that is a file of settings; None where a secret cannot be cut out."""
        if depth >= DEEPEST_TEXT:
            return text
        lost = self._lost(text, depth)
        if not lost:
            return text
        # What remains of a value is shown, unless the text is then read otherwise.
        for shown in (lost, dict.fromkeys(lost)):
            left = text
            for secret in lost:
                if len(secret) >= 4:
                    left = left.replace(secret, shown[secret] or decision.REDACTED)
            if self._is_tree(left) and not self._lost(left, depth):
                return left
        return None

    def _is_tree(self, text: str) -> bool:
        return isinstance(self._parse(text), (dict, list))

    def _lost(self, text: str, depth: int) -> dict:
        """The values that are cut in a text of settings, and what remains of each; None: nothing."""
        parsed = self._parse(text)
        if not isinstance(parsed, (dict, list)):
            return {}
        walk = _Cutting(self._parse)
        walk.tree(parsed, ("(text)",) * (depth + 1))
        return walk.lost


class _Cutting(Walk):
    """A walk that remembers what it cuts."""

    def __init__(self, parse) -> None:
        self.lost = {}
        super().__init__(lambda path, why, was: self.lost.setdefault(was, None), parse)

    def _text(self, text: str, path: tuple, key: str, inherited: int, variables: bool):
        shown = super()._text(text, path, key, inherited, variables)
        if text in self.lost:
            self.lost[text] = shown
        return shown


def _level(tree: dict, key: str, name: str, inherited: int) -> int:
    """What the containers say of a value; a property such as a path is none of what they hold."""
    if str(tree.get("kind")) == "Secret" and key.lower() in _OF_SECRETS:
        return keys.CERTAIN
    if "kty" in tree and key in _JWK:
        return keys.PASSWORD
    is_property = name == key and inherited < keys.CERTAIN and keys.is_property(key)
    if (key == "data" and isinstance(tree[key], dict)) or (
        key == "list" and inherited >= keys.PASSWORD
    ):
        return inherited  # what a secret holds, and no property of it
    return 0 if is_property else inherited


def _is_public(tree: dict, key: str) -> bool:
    """The public half of a key of JOSE."""
    return "kty" in tree and key in _JWK_PUBLIC


def _option_before(items: list, index: int) -> str:
    """--revision, for the digest that follows it in a list of arguments, and --auth; other names are no keys."""
    before = items[index - 1] if index else ""
    if items[0] == "git" and "checkout" in items[1:index]:
        return "commit"
    is_pair = len(items) == 2 and index == 1  # ["revision", "0a1b..."]
    option = r"-{0,2}" if is_pair else r"--?"
    if not isinstance(before, str) or re.match(option + r"[A-Za-z][\w.-]{1,60}\Z", before) is None:
        return ""
    name = before.lstrip("-")
    return name if keys.weigh(name) == keys.DIGEST or logins.holds(name) else ""


def _are_words(key: str, items: list) -> bool:
    """A list of tokens that are words: what a text is made of, and opens nothing."""
    return words.split(key)[-1:] == ["tokens"] and all(
        isinstance(item, str) and re.match(r"[a-z]{1,20}\Z", item) for item in items
    )


def _holds_variables(key: str, variables: bool, value) -> bool:
    return key.lower() in _OF_VARIABLES or (variables and isinstance(value, list))


def _is_variable(name: str) -> bool:
    return name.isupper() and "-" not in name


def _may_be_settings(text: str) -> bool:
    return "\n" in text.strip() or text.lstrip()[:1] in ("{", "[")


def _rest_of(item: str, before, cuts: list):
    """What remains of an argument with a secret: of an address, of the script of a shell, of a line."""
    is_script = isinstance(before, str) and re.match(r"-[a-z]{0,4}c\Z", before) and " " in item
    if is_script or re.match(r"[\w.+-]{2,30}://\S+\Z", item):
        shown, why = decision.value("", item)
        return None if why is None else shown
    own = texts.find(item) if item.count(" ") > 1 else []
    if not own:
        return None  # by itself it does not tell which part is the secret
    shown = decision.marked(item, texts.merged([*own, *cuts]))
    return None if shown.strip() == decision.REDACTED else shown


def _of_command(items: list) -> dict:
    """Which items of a list of arguments are secrets, and where in them: {index: [(start, end, why)]}."""
    if len(items) > 500 or not any(isinstance(item, str) and item[:1] == "-" for item in items):
        return {}
    words = [str(item) if isinstance(item, (str, int, float)) else "" for item in items]
    line, starts = "", []
    for word in words:
        starts.append(len(line))
        line += (word if word and " " not in word else '"%s"' % word.replace('"', "'")) + " "
    hidden = {}
    for start, end, why in texts.find(line):
        for index, begin in enumerate(starts):
            close = begin + len(words[index])
            if isinstance(items[index], str) and begin < end and start < close:
                first = begin + (line[begin] == '"' and " " in words[index])
                cut = max(0, start - first), min(len(words[index]), end - first), why
                hidden.setdefault(index, []).append(cut)
    return hidden
