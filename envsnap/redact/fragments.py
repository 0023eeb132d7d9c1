"""Names and values in pieces of files and programs that stand in a text: columns, structs, pairs of elements.

Each notation hands a name and a value to the one decision. Where nothing but blanks parts the two,
the value has to look like one: tables of words have names of secrets in them, too.
"""

import re

from . import keys, kinds, sentences, words
from .weighing import hides

_NAME = r"[A-Za-z_][\w.-]{1,80}"
_GAP = r"(?:[ \t]{0,8}[|\u2502][ \t]{0,40}|[ \t]{0,4}\t[ \t]{0,40}|[ ]{2,80}|[ \t]{0,4}\.{3,80}[ \t]{0,4}|[ \t]{1,4}(?:-{1,2}>|=>|::?)[ \t]{1,4})"
# | name | value |, name ..... value, name<tab>value
_COLUMNS = r"(?m)^[ \t|*+>\u2502-]{0,12}[\"'`]?(" + _NAME + r")[\"'`]?" + _GAP + r"[\"'`]?([^\s|\"'`\u2502]{3,4096})[\"'`]?(?=[ \t]{0,40}(?:$|[\n\r|\u2502])|[ ]{2}|\t)"  # fmt: skip
_TYPED = r"(?<![\w.])(" + _NAME + r")[ \t]{0,2}:[ \t]{0,2}(?:&?(?:'static )?str|[Ss]tring|bytes|Text|Any|SecretStr|(?:Optional|Final|Annotated)\[[\w, ]{1,40}\]|\w{1,20} ?\| ?\w{1,20})[ \t]{0,2}=[ \t]{0,2}[A-Za-z]{0,20}\(?[bru]{0,2}[\"']([^\"'\n]{1,4096})[\"']"  # fmt: skip
# param adminPassword string = 'x', and what only makes another type of a text: key := []byte("x")
_AFTER_TYPE = r"\b(" + _NAME + r")[ ]{1,4}(?:[Ss]tring|str|text|securestring)[ ]{0,2}=[ ]{0,2}[\"']([^\"'\n]{1,4096})[\"']"  # fmt: skip
_WRAPPED = r"(?<![\w.])(" + _NAME + r")[ ]{0,2}(?::?=|:)[ ]{0,2}(?:new )?(?:\[\]byte|bytes|bytearray|str|Some|Buffer\.from|\w{0,20}Se(?:cret|cure)\w{0,12}|(?:base64\.)?b64decode|atob)\([ ]{0,2}[bru]{0,2}[\"'`]([^\"'`\n]{3,4096})[\"'`]"  # fmt: skip
# <key>name</key><string>value</string>, <name>..</name> <value>..</value>
_ELEMENTS = r"<[A-Za-z][\w:-]{0,20}>[ ]{0,4}(" + _NAME + r")[ ]{0,4}</[\w:-]{1,21}>\s{0,40}<[A-Za-z][\w:-]{0,20}>([^<>]{1,4096})</"  # fmt: skip
# An attribute that names, an attribute or a text that tells: <entry key="x">value</entry>
_ATTRIBUTE = r"\b(?:key|name|id|var)=[\"'](" + _NAME + r")[\"'][^<>\n]{0,80}?(?:>(?:<!\[CDATA\[)?|\b(?:value|content|val|default)=[\"'])([^\"'<>\n]{1,4096}?)(?:\]\]>|[\"'<])"  # fmt: skip
# {Host:db Password:x}, as Go prints a struct.
_STRUCT = (
    r"(?<=[{ \[])(?<!\$\{)(" + _NAME + r"):([^\s{}\[\]\"':/,][^\s{}\[\]\"',]{0,4096})(?=[\s}\]])"
)
# X-Auth-Token:x, as some programs have headers on their line; name: x, value: y, also on two lines.
_ITEM = r"(?<!\S)([A-Za-z][\w.-]{1,60}):([^\s:/\"'][^\s\"']{3,4096})(?=\s|\Z)"
_PAIRED = r"(?i)\b[\"']?\w{0,20}?(?:name|key|variable)[\"']?[ ]{0,2}[:=][ ]{0,2}[\"']?(" + _NAME + r")[\"']?,?\s{1,40}[\"']?\w{0,20}?(?:value|val|content)[\"']?[ ]{0,2}[:=][ ]{0,2}[\"']?([^\s\"',}]{3,4096})"  # fmt: skip
_COMPARED = r"(?<!\w)(?:[\w]{1,40}\.){0,4}(" + _NAME + r")[\"']?\]?[ ]{0,2}(?:(?:[=!|+]|\|\||\?\?|//)?=|is(?: not)?)[ ]{0,2}[bru]{0,2}[\"']([^\"'\n]{3,4096})[\"']"  # fmt: skip
_BELOW = r"(?m)^[ \t-]{0,40}[\"']?(" + _NAME + r")[\"']?[ ]?[:=][ \t]{0,4}[|>]?-?\r?\n[ \t]{1,40}[\"']?([^\s\"':=,{}\[\]<>-][^\s\"',{}]{3,4096})[\"']?[ \t]{0,4}\r?$"  # fmt: skip
_QUOTED = (
    r"(?m)(?<![\w/.])(" + _NAME + r")[ \t]{1,8}[\"']([^\s\"']{3,4096})[\"'][ ]?;?[ \t]{0,8}\r?$"
)
# A name and its value that a function is given one after the other.
_GIVEN = r"(?:[({][\"']?|,[ ]{0,2})(?:\w{1,40}\.){0,3}(" + _NAME + r")[\"']?,[ ]{0,2}[bru]{0,2}(?:\"\\)?[\"'`]([^\"'`\n\\]{3,4096})\\?[\"'`]{1,2}(?=[ ]{0,2}(?:[,)}]|\Z|\n))"  # fmt: skip
# setPassword("value"), .token('value'); what gets, loads or has one is given a name.
_SETTER = r"(?<![\w$])(?:\w{1,40}\.){0,3}\.?(?!(?i:get|load|read|has|is|find|check|require|ask|prompt|input|print|del|remove|pop|validate|verify|hash|parse|re|from|make|create|new|generate|raise|throw|expect)[_A-Z(])(" + _NAME + r")\([ ]{0,2}[bru]{0,2}[\"']([^\s\"']{3,4096})[\"'][ ]{0,2}\)"  # fmt: skip
# A name alone in its line, and the value alone in the next one, further in.
_UNDER = r"(?m)^[ \t-]{0,40}[\"']?([A-Za-z]\w{0,40}[_-]\w{1,40})[\"']?\r?\n[ \t]{1,40}[\"']?([^\s\"']{4,4096})[\"']?[ \t]{0,4}\r?$"  # fmt: skip
# cf set-env app NAME value: what ends a line behind the name of a variable, or of a setting.
_LAST = r"(?m)(?<=[ \t])[\"']?(\w{2,40}(?:[._-]\w{2,40}){1,4})[\"']?[ \t]{1,4}[\"']?([^\s\"'=-][^\s\"'=]{3,4096})[\"']?[ \t]{0,4}\r?$"  # fmt: skip
# The name of an option, and its default, among the arguments of a call.
_DEFAULT = r"[\"'](?:--?)?(" + _NAME + r")[\"'][^\n)\"']{0,60}(?:[\"'][^\"'\n]{0,60}[\"'][^\n)\"']{0,60}){0,3}?\b(?:default|value|fallback|const|initial)[\"']?[ ]?[=:][ ]?[bru]{0,2}[\"']([^\"'\n]{1,4096})[\"']"  # fmt: skip
# DETAIL: Key (name)=(value) already exists.
_DETAIL = r"\((" + _NAME + r")\)[ ]?=[ ]?\(([^()\n]{1,4096})\)"
_SHAPES = (
    (("<",), _ELEMENTS),
    (("=",), _ATTRIBUTE),
    (("{", ":"), _STRUCT),
    (("[", ":"), _STRUCT),
    (("efault",), _DEFAULT),
    (("value",), _DEFAULT),
    (("fallback",), _DEFAULT),
    (("initial",), _DEFAULT),
    (("(", ")", "="), _DETAIL),
    ((":", "="), _TYPED),
    (("=", "tr"), _AFTER_TYPE),
    (("(", '"'), _WRAPPED),
    (("(", "'"), _WRAPPED),
    (("value",), _PAIRED),
    (("Value",), _PAIRED),
)
# ... where the value has to look made, unless the name tells a password.
_SEEN = (
    ((":",), _ITEM),
    (("\n",), _BELOW),
    (("'",), _COMPARED),
    (('"',), _COMPARED),
    (('"',), _QUOTED),
    (("'",), _QUOTED),
    (("(", "'", ","), _GIVEN),
    (("(", '"', ","), _GIVEN),
    (("{", '"', ","), _GIVEN),
    (("(", '"', ")"), _SETTER),
    (("(", "'", ")"), _SETTER),
    (("\n",), _UNDER),
    ((" ",), _LAST),
)
# password_hash varchar(91), in a statement that makes a table
_OF_A_COLUMN = r"(?i)(?:n?var)?char\b|text\b|bytea\b|blob\b|integer\b|uuid\b"
# Where a value is in quotes, or joined to its name by no blank.
_IN_QUOTES = (_COMPARED, _QUOTED, _GIVEN, _ITEM)
# host:port:database:user:password, and user:password:1000:1000::/home/user:/bin/sh
_RECORDS = (
    r"(?m)^(?!(?:[0-9A-Fa-f]{2}:){5})(?:[\w.*-]{1,200}|\[[0-9a-fA-F:]{2,40}\]):(?:[0-9]{2,5}|\*):[\w.*-]{1,80}:[\w.*@-]{1,80}:((?![\s:/])[^\n]{3,400}?)[ \t]{0,4}$",
    r"(?m)^[a-z_][\w.-]{0,40}:([^:\s]{3,400}):[0-9]{0,10}:[0-9]{0,10}:[^:\n]{0,200}:/",
)
# What stands alone in the configuration of a network's device: the word before it says that it opens.
_COMMUNITY = r"(?i)\b(?:r[ow]community6?|(?:snmp-server|snmp) (?:host [\w.:-]{1,80} )?community(?: string)?(?: (?:is|was|to))?|community[ -]string(?: (?:is|was|to))?|snmp[ _-]community)[ =:]{1,4}[\"']?([^\s\"',;]{3,80})"  # fmt: skip
_DEVICE = r"(?im)^[ \t]{0,8}(?:[\w-]{1,40} ){0,6}?(?:password|secret|md5|key-string|pre-shared-key|passphrase)(?: [0-9]{1,2})? ([^\s\"']{3,200})[ \t]{0,4}$"  # fmt: skip
_ON_DEVICE = r"(?i)(?:enable|username|line|key|crypto|tacacs-server|radius-server|neighbor|ppp|ip|set|isakmp|local-user|snmp-server)\b"  # fmt: skip

_PARTING = ("  ", "\t", "|", "...", "> ", " :")
_OF_DEVICES = ("assword", "ecret", "md5", "key", "assphrase")


def spans(text: str) -> list:
    """Return (start, end, why) of the values whose names stand beside them in such a notation."""
    found = []
    for marks, shape in _SHAPES:
        if all(mark in text for mark in marks):
            found.extend(_named(text, shape))
    for marks, shape in _SEEN:
        if all(mark in text for mark in marks):
            found.extend(_in_cells(text, shape))
    if any(sign in text for sign in _PARTING):
        found.extend(_in_cells(text, _COLUMNS))
    if text.count(":") > 3:
        found.extend(_records(text))
    if "ommunity" in text or "COMMUNITY" in text:
        found.extend(_told(text, _COMMUNITY))
    if any(mark in text for mark in _OF_DEVICES):
        found.extend(_devices(text))
    return found


def _named(text: str, shape: str) -> list:
    """A name with its value, in a notation that parts them by more than blanks."""
    return [
        (*match.span(2), "value of a name that tells a secret")
        for match in re.finditer(shape, text)
        if hides(match.group(2).strip(), _of_shape(match.group(1), shape))
        and not _names_another(match.group(2))
    ]


def _of_shape(name: str, shape: str) -> int:
    """What a name says; a key that is made from a text opens something."""
    return keys.SECRET if shape == _WRAPPED and name == "key" else _level(name)


def _is_certain(name: str, shape: str) -> bool:
    """Whether a word may stand under a name as it may under a password's: no token of a text is found so."""
    parts = words.split(name)
    return shape in _IN_QUOTES and (len(parts) > 1 or parts[-1:] not in (["token"], ["tokens"]))


def _level(name: str) -> int:
    return keys.weigh(name, variable=name.isupper())


def _names_another(value: str) -> bool:
    """A value that is itself the name of a secret, or of a property, as in lists of fields."""
    return kinds.is_words(value) and (keys.weigh(value) >= keys.PERHAPS or keys.is_property(value))


def _in_cells(text: str, shape: str) -> list:
    """Cells beside a name: a word is one only under the name of a password, and if it is none of prose."""
    found = []
    for match in re.finditer(shape, text):
        name, value = match.groups()
        level = _level(name)
        if re.match(_OF_A_COLUMN, value):
            continue
        if level < keys.SECRET or not hides(value, level) or _names_another(value) or "%s" in value:
            continue
        is_word = (level >= keys.PASSWORD or _is_certain(name, shape)) and not (
            kinds.is_setting(value)
            or (sentences.is_said(value) if shape in _IN_QUOTES else sentences.is_telling(value))
        )
        if is_word or kinds.is_made(value) or sentences.is_told(value):
            found.append((*match.span(2), "value of a name that tells a secret"))
    return found


def _records(text: str) -> list:
    """Lines of .pgpass and of a list of users that have a password in its place."""
    return [
        (*match.span(1), "password of a user")
        for shape in _RECORDS
        for match in re.finditer(shape, text)
        if not (kinds.is_plain(match.group(1)) or kinds.is_reference(match.group(1)))
        and set(match.group(1)) - set("x*!")
    ]


def _told(text: str, shape: str) -> list:
    return [
        (*match.span(1), "password of a command")
        for match in re.finditer(shape, text)
        if not (
            kinds.is_plain(match.group(1))
            or kinds.is_reference(match.group(1))
            or keys.weigh(match.group(1)) >= keys.SECRET
            or sentences.is_telling(match.group(1))
        )
    ]


def _devices(text: str) -> list:
    """Lines that a router or a switch is set up by: `enable secret 0 x`."""
    found = []
    for match in re.finditer(_DEVICE, text):
        if re.match(_ON_DEVICE, match.group().lstrip()) and not (
            kinds.is_plain(match.group(1))
            or kinds.is_setting(match.group(1))
            or sentences.is_telling(match.group(1))
            or keys.weigh(match.group(1)) >= keys.PERHAPS
        ):
            found.append((*match.span(1), "password of a device"))
    return found
