"""Names and values that do not stand side by side: columns of SQL, variables of HCL, Windows switches.

Each shape finds a name and, apart from it, what it is for; the name is weighed as any other.
"""

import re

from . import keys, kinds, sentences
from .weighing import hides

_INSERT = (
    r"(?i)\binto\s{1,8}[\w.\"`\[\]]{1,100}\s{0,8}\(([\w\s,\"`\[\]]{1,2000})\)\s{0,8}values\s{0,8}"
)
_ROW = r"\s{0,8},?\s{0,8}\(((?:[^()'\n]|'(?:[^'\n]|''){0,2000}'){1,4000})\)"
_CELL = r"\s*(?:N?'((?:[^']|'')*)'|\"([^\"]*)\"|([^,'\"]*))\s*(?:,|\Z)"
# variable "db_password" { ... default = "x" }
_BLOCK = r"\b(?:variable|output|locals|resource|param|secret)\s{1,8}\"([\w.-]{1,80})\"\s{0,8}\{([^{}]{0,2000})\}"
_DEFAULT = r"\b(?:default|value)\s{0,20}=\s{0,20}\"([^\"\n]{1,2000})\""
# --name hf-token --value x; set-key password x; config set a.secret x
_APART = r"(?<!\S)(?:-n|-k|--?name|--?key|--?secret-id)[ =]{1,4}[\"']?([\w./-]{2,80})[\"']?\s{1,4}(?:-v|-b|--?value|--?body|--?data|--?secret-string)[ =]{1,4}[\"']?([^\s\"']{3,4096})"
_SET = r"\b(?:(?:set|setx|put|add|config|secrets?|variable|setenv|SET|CONFIG|--arg|--argstr)\s{1,4}){1,3}(?:--?[\w-]{1,30}\s{1,4}){0,2}[\"']?([A-Za-z/][\w.:/-]{2,120})[\"']?\s{1,4}(?:(?:-v|-b|--?value|--?body|--?data)[ =]{1,4})?[\"']?([^\s\"'-][^\s\"']{3,4096})"
_SECURE = r"(?i)\bConvertTo-SecureString\s{1,4}(?:-String\s{1,4}|-AsPlainText\s{1,4}|-Force\s{1,4}){0,3}[\"']?([^\s\"'$-][^\n\"']{0,400}?)[\"']?(?=\s|\"|'|\Z)"
_PS_LOGIN = r"(?i)\bPSCredential[\s(]{1,4}[\"'][^\"'\n]{1,100}[\"']\s{0,4},\s{0,4}[\"']([^\"'\n]{1,400})[\"']"
_SWITCH = r"(?<!\S)/([A-Za-z]{2,40}):[\"']?([^\s\"'/]{2,400})"
_SWITCH_LOGIN = r"(?i)(?<!\S)/u(?:ser)?:[^\s]{1,100}\s[^\n|;]{0,80}?/p:[\"']?([^\s\"']{2,400})"
_NET_USE = (
    r"(?i)\bnet\s{1,4}use\b[^\n]{0,200}?\s/user:[^\s]{1,100}\s{1,4}([^\s/\"'-][^\s\"']{1,200})"
)
_NET_USER = r"(?i)\bnet\s{1,4}user\s{1,4}[^\s/]{1,60}\s{1,4}([^\s/\"'*-][^\s\"']{1,200})"
_NET_USED = r"(?i)\bnet\s{1,4}use\s{1,4}(?:[A-Z*]:?\s{1,4})?\\{2,4}\S{1,200}\s{1,4}([^\s/\"'-][^\s\"']{1,200})"
_FIELD = (
    r"(?m)^\s{0,4}([A-Za-z_][\w.]{1,80})(?:\n|:)[^\n]{0,300}?\binput_value=\[?'([^'\n]{1,400})'"
)
_FORM = r"\bform-data; name=\"([\w.-]{1,80})\"(?:\r?\n|\\r\\n|\\n){2}([^\r\n\\]{1,400})"
_LINE = r"(?m)^[ \t]{0,8}([A-Za-z][\w-]{2,40})[ \t]{1,8}(?:--[a-z]{3,20}[ \t]{1,4})?[\"']?([^\s\"'=:]{3,200})[\"']?[ \t]{0,8}\r?$"
# ... also behind words of the same directive: proxy_set_header X-Gateway-Secret x;
_DIRECTIVE = r"(?m)^[ \t]{0,8}((?:[a-z][\w-]{1,30} ){0,3})([A-Za-z][\w.-]{3,80})[ \t]{1,40}[\"']?([^\s\"'=:;,{}()<>-][^\s\"'=:;,{}()<>]{2,200})[\"']?[ \t]{0,2}(;?)[ \t]{0,8}\r?$"
_DIGEST = r"(?i)\bDigest\s[^\n]{0,400}?\bresponse=\"?([0-9a-f]{32,128})\"?"
_SENT = r"\"(?i:auth)\" (?:\"[\w.@-]{1,60}\" )?\"([^\"\s]{3,200})\""  # to Redis
# What servers print at their first start.
_AT_START = r"(?i)\bpassword (?:is generated )?for [\w.-]{1,60}@[\w.-]{1,100}: {1,3}(\S{6,100})[ \t]{0,4}(?=\n|\Z)"
# What a CI is told to mask; users of Redis; the word behind a hash of nginx; what a program is fed.
_MASKED = r"(?:::add-mask::|\bissecret=true\])([^\s\"']{3,400})"
_REDIS = r"(?im)(?:^\s{0,8}|\bacl\s{1,4}set)user\s{1,4}[\w.-]{1,60}\s[^\n]{0,200}?(?<=\s)(?:>|#(?=[0-9a-f]{64}\b))([^\s\"']{3,200})"
_LINK = r"\bsecure_link_md5\s{1,4}\"?[^\n\";]{0,200}?\s([^\s\";$]{3,200})\"?\s{0,4};"
_FED = r"\b(?:openconnect|openvpn|vpnc(?:-connect)?|kinit|cryptsetup|smbclient|ldapsearch)\b[^\n|;]{0,300}?<<<\s{0,2}[\"']?([^\s\"']{3,200})"
# Services whose addresses hold the key: private indexes, nodes of chains, heartbeats.
_IN_PATH = r"\b(?:[\w-]{1,60}\.){0,3}(?:fury\.io|packagecloud\.io|infura\.io/(?:ws/)?v3|alchemy\.com/v2|cronitor\.link/p|betterstack\.com/api/v1/heartbeat|hc-ping\.com)/([A-Za-z0-9_-]{12,100})(?![\w-])"
_ALONE = (
    _SECURE,
    _PS_LOGIN,
    _SWITCH_LOGIN,
    _NET_USE,
    _NET_USED,
    _NET_USER,
    _DIGEST,
    _MASKED,
    _SENT,
    _AT_START,
    _REDIS,
    _LINK,
    _FED,
    _IN_PATH,
)
_HINTS = (
    "/u",
    "net use",
    "net user",
    "ecure",
    "redential",
    "igest",
    "/U",
    "add-mask",
    '"AUTH" ',
    "assword ",
    '"auth" ',
    "issecret",
    "user ",
    "USER ",
    "<<<",
    ".io/",
    ".com/",
    "cronitor",
)


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets whose names stand apart from them."""
    found, low = [], text.lower()
    for marks, read in _READERS:
        if all(mark in low for mark in marks):
            found.extend(read(text))
    if any(hint in text for hint in _HINTS):
        found.extend(_alone(text))
    return found


def _alone(text: str) -> list:
    """What one shape has as a whole."""
    return [
        (*match.span(1), "password of a command")
        for shape in _ALONE
        for match in re.finditer(shape, text)
        if not (kinds.is_reference(match.group(1)) or kinds.is_plain(match.group(1)))
    ]


def _inserted(text: str) -> list:
    """Values of the columns whose names tell a secret."""
    found = []
    for match in re.finditer(_INSERT, text):
        levels = [keys.weigh(name) for name in match.group(1).split(",")]
        if max(levels) < keys.SECRET:
            continue
        row = re.compile(_ROW).match(text, match.end())
        while row is not None:
            cells = zip(levels, re.compile(_CELL).finditer(row.group(1)))
            found.extend(_cell(row.start(1), level, cell) for level, cell in cells)
            row = re.compile(_ROW).match(text, row.end())
    return [item for item in found if item]


def _cell(start: int, level: int, cell) -> tuple:
    group = next((number for number in (1, 2, 3) if cell.group(number) is not None), 3)
    if not hides(cell.group(group), level):
        return ()
    return (start + cell.start(group), start + cell.end(group), "column that tells a secret")


def _blocks(text: str) -> list:
    """What a block that is named for a secret has as its value."""
    found = []
    for match in re.finditer(_BLOCK, text):
        level = keys.weigh(match.group(1))
        for value in re.finditer(_DEFAULT, match.group(2)) if level >= keys.SECRET else ():
            if hides(value.group(1), level):
                at = match.start(2)
                found.append((at + value.start(1), at + value.end(1), "value of a named block"))
    return found


def _set(text: str) -> list:
    """Values that a command sets under a name; words after it are a sentence, unless they look made."""
    found = []
    for match in re.finditer(_APART, text):
        level = keys.weigh(match.group(1), variable=True)
        made = level == keys.NOTHING and kinds.is_hex(match.group(2)) and match.group(1) == "key"
        if made or hides(match.group(2), level):
            found.append((*match.span(2), "value of a name that tells a secret"))
    for match in re.finditer(_SET, text):
        level = keys.weigh(match.group(1).rpartition("/")[2], variable=match.group(1).isupper())
        value = match.group(2)
        told = sentences.is_told(value) or kinds.is_uuid(value) or text[match.start(2) - 1] in "\"'"
        told = told or _is_variable_s(match, text)
        if level >= keys.SECRET and told and hides(value, level):
            found.append((*match.span(2), "value of a name that tells a secret"))
    return found


def _is_variable_s(match, text: str) -> bool:
    """`setenv DB_PASSWORD x`, where the line ends: a variable takes whatever stands there."""
    is_last = re.match(r"[\"']?[ \t]{0,4}(?:\n|\Z)", text[match.end() :]) is not None
    name = match.group(1)
    is_setting = (
        name.isupper()
        or name == "requirepass"
        or re.search("[a-z][A-Z]|[a-z][._-][a-z]", name) is not None
    )
    return is_last and is_setting and not sentences.is_telling(match.group(2))


def _told_apart(text: str) -> list:
    """What pydantic shows of a field's value, and what a form has behind a field's name."""
    return [
        (*match.span(2), "value of a name that tells a secret")
        for shape in (_FIELD, _FORM)
        for match in re.finditer(shape, text)
        if hides(match.group(2), keys.weigh(match.group(1)))
    ]


def _lines(text: str) -> list:
    """A line that is a name and a value alone: `requirepass x`."""
    return [
        (*match.span(2), "value of a name that tells a secret")
        for match in re.finditer(_LINE, text)
        if keys.weigh(match.group(1)) >= keys.PASSWORD
        and not sentences.is_telling(match.group(2))
        and hides(match.group(2), keys.PASSWORD)
    ]


def _directives(text: str) -> list:
    """A name that no sentence has, and a value that ends the line: `spark.authenticate.secret x`."""
    found = []
    for match in re.finditer(_DIRECTIVE, text):
        before, name, value, stop = match.groups()
        level = keys.weigh(name)
        if level < keys.PERHAPS or not hides(value, level) or not _is_compound(name, level):
            continue
        names = value.islower() and (keys.is_property(value) or keys.weigh(value))
        if names or sentences.is_telling(value):
            continue
        is_word = re.match(r"[a-z]{3,40}\Z", value) is not None
        if not is_word or stop or (not before and _is_of_settings(name, level)):
            found.append((*match.span(3), "value of a name that tells a secret"))
    return found


def _is_of_settings(name: str, level: int) -> bool:
    """A name that is no word of a sentence: dotted, of several words in one, or of a password."""
    is_dotted = "." in name and not name.lower().endswith("key")
    is_camel = level >= keys.SECRET and re.search("[a-z][A-Z]", name) is not None
    return level >= keys.PASSWORD or is_dotted or is_camel


def _is_compound(name: str, level: int) -> bool:
    """Names as settings have them, which are no words of English."""
    if re.search(r"[a-z0-9][._-][a-z]", name, re.IGNORECASE) or re.search("[a-z][A-Z]", name):
        return True
    return level >= keys.PASSWORD and not re.match(
        r"(?i)pass(?:words?|wd|phrase|code)\Z|pwd?\Z", name
    )


def _switches(text: str) -> list:
    """/pass:x, as programs of Windows have their options."""
    return [
        (*match.span(2), "value of an option that takes a secret")
        for match in re.finditer(_SWITCH, text)
        if hides(match.group(2), keys.weigh(match.group(1)))
    ]


# What a text needs, in small letters, so that one of these can find something.
_READERS = (
    (("into", "values"), _inserted),
    (("{", '"'), _blocks),
    ((" ",), _set),
    (("/", ":"), _switches),
    (("input_value=",), _told_apart),
    (("form-data",), _told_apart),
    (("\n",), _lines),
    ((" ",), _directives),
)
