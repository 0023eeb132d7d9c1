"""Values that stand in for what a name should bring: defaults in code and templates, and lists below a name.

Each shape finds a name and, behind it, what is used in its place or what is listed; the name is weighed
as any other.
"""

import re

from . import keys, kinds
from .weighing import hides

_WORD = r"[A-Za-z_][\w.-]{1,80}"
# os.environ.get("TOKEN") or "x", process.env.TOKEN ?? "x", env::var("SECRET").unwrap_or("x")
_INSTEAD = (
    r"\b(?:getenv|environ|env|ENV|import\.meta\.env|config|settings|var|secrets?|params?)"
    r"(?:\.get|\.fetch|::var|\.var)?[.\[(]{1,2}[\"']?("
    + _WORD
    + r")[\"']?[\])]{0,2}[^\n\"'`]{0,40}?(?:\bor\b|\?\?|\|\||\bunwrap_or\w{0,8}\(|\b[oO]rElse\(|,|\?:)[^\n\"'`]{0,20}[\"'`]([^\"'`\n]{1,400})[\"'`]"
)
# A field of a class, whose first argument is its default.
_FIELD = (
    r"\b("
    + _WORD
    + r")\s{0,3}(?::[^\n=]{0,60})?=\s{0,3}(?:\w{1,40}\.){0,3}(?:[Ff]ield|[Cc]olumn|ib|[Oo]ption|[Aa]rgument|Query|Header|Secret(?:Str)?|Env)\("
    r"\s{0,4}(?:default\s{0,2}=\s{0,2})?[\"']([^\"'\n]{1,400})[\"']"
)
# ${env:PW:x}, ${oc.env:PW,x}, ${SECRET:-x}
_TEMPLATE = r"\$\{(?:[a-z.]{1,20}:)?(" + _WORD + r")(?::[=-]?|-|,\s{0,2})(?![?+])([^{}\n]{1,400})\}"
# PASS_OF_DB=${X:-x}, token: "${1:-x}"
_FOR_ANOTHER = (
    r"(?<![\w.-])("
    + _WORD
    + r")[\"']?\s{0,3}[:=]\s{0,3}[\"']?\$\{(?:[a-z.]{1,20}:)?\w{1,60}(?::-?|-|,\s{0,2})([^{}\n]{1,400})\}"
)
# ${{ secrets.T || 'x' }}, lookup('env', 'PW') | default('x'), {{ or .Values.token "x" }}
_OF_SECRETS = r"\b(secrets)\.\w{1,80}\s{0,3}\|\|\s{0,3}[\"']([^\"'\n]{1,400})[\"']"
_LOOKED_UP = r"\blookup\(\s{0,2}[\"'](?:\w{1,40}\.){0,3}env[\"'],\s{0,3}[\"'](\w{1,80})[\"']\s{0,2}\)\s{0,3}\|\s{0,3}default\([\"']([^\"'\n]{1,400})[\"']"
_EITHER = r"\bor \.(?:\w{1,40}\.){0,6}(\w{1,80})\s{1,3}[\"']([^\"'\n]{1,400})[\"']"
_PROPERTY = r"(?<!\S)-D(" + _WORD + r")=[\"']?([^\s\"']{2,400})"
# **Token:** x, as Markdown has it
_BOLD = r"(?m)(?:\*\*|__)([A-Za-z][A-Za-z _-]{1,40}):?(?:\*\*|__):?[ \t]{0,4}[`\"']?([^\s`\"'*<>()]{4,400})[`\"']?[ \t]{0,4}\r?$"
# <setting name="ApiSecret"><value>x</value>
_SETTING = (
    r"\bname=[\"'](" + _WORD + r")[\"'][^<>\n]{0,100}>\s{0,40}<value>([^<>\n]{1,400})</value>"
)
# api_key=['x'], as programs print what they were given
_ONE_OF = (
    r"(?<![\w.])(?!\w{0,80}[tT][oO][kK][eE][nN])("
    + _WORD
    + r")[\"']?\s{0,2}[=:]\s{0,2}[\[(][\"']([^\"'\n]{3,400})[\"']"
)
# Password for 'https://joe@host': x, as git asks; of several codes all
_PROMPT = r"(?im)\bpass(?:word|phrase) for '[^'\n]{1,200}': {1,2}(\S{3,200})[ \t]{0,4}$"
_CODES = r"(?i)\b(?:backup|recovery|scratch|one-time) codes?: {1,4}((?:[a-z0-9]{3,12}(?:-[a-z0-9]{3,12}){0,5}[ ,]{1,3}){1,20}[a-z0-9-]{4,60})"
_SHAPES = (
    (_INSTEAD, ("env", "ENV", "config", "settings", "var", "secret", "param")),
    (
        _FIELD,
        ("ield(", "olumn(", "ib(", "ption(", "rgument(", "Query(", "Header(", "Secret", "Env("),
    ),
    (_TEMPLATE, ("${",)),
    (_FOR_ANOTHER, ("${",)),
    (_OF_SECRETS, ("secrets.",)),
    (_LOOKED_UP, ("lookup(",)),
    (_EITHER, ("or .",)),
    (_PROPERTY, ("-D",)),
    (_BOLD, ("**", "__")),
    (_SETTING, ("<value>",)),
    (_ONE_OF, ("=[", "=(", ": [", ": (")),
)
# PASSWORDS = ["a", "b"], TOKENS = {"kim": "x"}, ALLOWED_TOKENS=a;b
_LISTED = (
    r"(?m)\b("
    + _WORD
    + r"[sS])[\"']?\s{0,3}[:=]\s{0,3}(?:[\[({]([^\[\](){}\n]{1,2000})[\])}]|([^\s\[\](){}\"';]{1,200}(?:;[^\s;\"']{1,200}){1,20}))"
)
# SECRET = ("a" "b"), which is one text
_PARTS = (
    r"(?<![\w.])("
    + _WORD
    + r")\s{0,3}=\s{0,3}\(\s{0,40}((?:[bru]{0,2}[\"'][^\"'\n]{1,400}[\"']\s{0,40}){2,20})\)"
)
_ITEM = r"[\"']([^\"'\n]{1,400})[\"'](?!\s{0,3}:)|(?<![^\s,;=])([^\s,;\"':]{3,400})(?=[,;\s]|\Z)"


def spans(text: str) -> list:
    """Return (start, end, why) of defaults and of the items of lists."""
    found = []
    for shape, marks in _SHAPES:
        if any(mark in text for mark in marks):
            found.extend(
                (*match.span(2), "value of a name that tells a secret")
                for match in re.finditer(shape, text)
                if _is_secret(match.group(1), match.group(2))
            )
    for shape, mark in ((_PROMPT, "for '"), (_CODES, " code")):
        if mark in text:
            found.extend(
                (*match.span(1), "secret in a sentence")
                for match in re.finditer(shape, text)
                if any(sign.isdigit() for sign in match.group(1)) or shape is _PROMPT
            )
    return [*found, *_parted(text), *_listed(text)]


def _listed(text: str) -> list:
    """The items of the lists of a text."""
    lists = re.finditer(_LISTED, text) if "=" in text or ":" in text else ()
    return [item for match in lists for item in _items(match)]


def _parted(text: str) -> list:
    """A text of a program that stands in several pieces."""
    found = []
    for match in re.finditer(_PARTS, text) if "=" in text and "(" in text else ():
        pieces = [
            item.span(1) for item in re.finditer(r"[\"']([^\"'\n]{1,400})[\"']", match.group(2))
        ]
        if _is_secret(match.group(1), "".join(match.group(2)[begin:end] for begin, end in pieces)):
            at = match.start(2)
            found.extend(
                (at + begin, at + end, "value of a name that tells a secret")
                for begin, end in pieces
            )
    return found


def _is_secret(name: str, value: str) -> bool:
    told = name.replace(" ", "_")
    return _is_hidden(value, keys.weigh(told, variable=told.isupper()))


def _is_hidden(value: str, level: int) -> bool:
    return not kinds.is_reference(value) and hides(value, level)


def _items(match) -> list:
    """The items of a list below a name of several secrets."""
    name = match.group(1)
    one = name[:-1]
    level = keys.weigh(one, variable=one.isupper())
    if level < keys.SECRET:
        return []
    group = 2 if match.group(2) is not None else 3
    start = match.start(group)
    return [
        (start + at, start + end, "value of a name that tells a secret")
        for item in re.finditer(_ITEM, match.group(group))
        for at, end in (item.span(1) if item.group(1) is not None else item.span(2),)
        if _is_item(item.group(1) or item.group(2), level, not one.lower().endswith("token"))
    ]


def _is_item(value: str, level: int, is_named: bool) -> bool:
    """Whether an item is a secret; of tokens, also of a text, only what looks made."""
    return (level >= keys.PASSWORD or is_named or kinds.is_made(value)) and _is_hidden(value, level)
