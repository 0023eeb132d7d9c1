"""Where the secrets are in a text: tokens, assignments, options, headers, addresses, sentences."""

import re

from . import (
    addresses,
    answers,
    clauses,
    commands,
    declared,
    elements,
    escapes,
    fallbacks,
    fragments,
    issuers,
    keys,
    kinds,
    languages,
    loose,
    quiet,
    sentences,
    tables,
    tools,
)
from .weighing import hides

LONGEST = 1 << 20
SHORTEST = 12  # the shortest token or base64 that any shape matches
_NAME = r"[A-Za-z_][\w.-]{0,80}"
# "name": "x", name=x, name: x, 'name' => 'x'. Group 1 or 2 is the name; the value is read apart.
_ASSIGNED = (
    r"(?<![\w.$%?&-])(?:\\?[\"'](" + _NAME + r")\\?[\"']\]?\s{0,8}(?::|=>?|,(?=\s{0,2}\\?[\"']))"
    r"|("
    + _NAME
    + r")[ \t]{0,4}(?::=|=>?(?!=)|:(?=[ \t]|\\?[\"'])))[ \t]{0,8}(?:[!&]\w{1,20}[ \t]{1,4}|[bru]{1,2}(?=[\"']))?"
)
_PHRASE = (
    r"(?m)^[ \t>*-]{0,20}[\"']?(" + _NAME + r")[\"']?[ \t]{0,2}[:=][ \t]{1,4}[\"']?"
    r"([A-Za-z]{2,20}(?:[ ][A-Za-z]{2,20}){1,23})[\"',;]{0,2}[ \t]{0,4}\r?$"
)
_OF_SENTENCES = (
    r"(?i)\b(?:is|are|was|were|be|been|must|not|no|should|required|optional|invalid|incorrect|field|missing|empty|please"
    r"|enter|cannot|can|has|have|will|by|for|of|to|in|on|set|unset|may|the|an|does|do|too|at|from|with|given|found|changed"
    r"|failed|mismatch|accepted|expired|correct|wrong|never|none|and|or|manager|prompt|login|only|stored|hidden)\b"
)
_SPACED = r"(?<![\w.$%-])((?:[A-Za-z]{2,12} ){1,2}[A-Za-z]{3,12})[ \t]{0,2}[:=][ \t]{0,8}"
_VALUE = (
    r"\\?\"(?:\"\")?((?:[^\"\\\n]|\\[^\n\"]){0,8192})\\?\"?|\\?['`](?:'')?((?:[^'`\\\n]|\\[^\n'`]){0,8192})\\?['`]?"
    r"|([^\s,;&\"'<>(){}\[\]`]{1,4096}|<redacted by envsnap>|<[^<>\s]{1,80}>|\{(?:[^{}\n]|\}\}){1,200}\}(?![}\w])|\$?\{{1,2}[^{}\n]{1,200}\}{1,2}|[^\s\"',;]{1,4096})"
)
# self.token, config.auth.key: where a program has it.
_ATTRIBUTE_OF = r"[A-Za-z_][a-z_A-Z]{0,40}(?:\.[A-Za-z_][a-z_]{1,40}){1,6}\Z"
_OF_PROGRAMS = ("self.", "cls.", "args.", "config.", "cfg.", "settings.", "request.", "os.", "opts.", "options.", "params.", "ctx.", "user.")  # fmt: skip
# A parameter of a statement of SQL.
_BOUND = r"(?::[A-Za-z_]\w{0,60}|%s|\?)\Z"
# What stands behind the name of a further pair, and behind no value.
_NAMES = r"\s{0,2}:[\s\"']"
_REST = r"[^\n\r#]{0,200}"
_SAID_ON = r"[^ ]{0,200} (?![a-z_]{2,20}[:=] )"  # more words, and no further name with its value
# What ends a value in a line that goes on: columns, a bar, a bracket, a dash, an arrow.
_ASIDE = r"[^ \t]{1,200}(?: {2,}|\t| (?:[|\[(;]|[-=\u2013\u2014]>? ))"
_OF_TYPES = r"(?i)(?:str(?:ing)?|text|bool|int|none|null|optional|any|yes|no|true|false|ok|n/?a|tbd|see|same|varies|default)\Z"
_OPTION = r"(?<![^\s=\[])[\"']?--?([A-Za-z][\w.-]{0,80})(?:[ \t]{1,4}|=)(?=[^\s-]|-[^-\s]\S{3})"
# ["curl", "-u", "joe:x"] in a text, and what stands between two arguments there.
_LISTED = r"(?:[\"'],\s{0,2}|\[\s{0,2})[\"']-"
_BETWEEN = r"(?:[\"'],|\[)\s{0,2}[\"']"
_HEADER = (
    r"(?i)\b(basic|bearer|token|apikey|api-key|digest|negotiate|sso-key|splunk|(?:genie)?key|ghapp|dpop)"
    r"(?:[ \t]{1,4}|%20)([A-Za-z0-9+/=._~:!@$-]{6,4096})"
)
_AUTHORIZATION = (
    r"(?i)\b(?:proxy-)?authorization[\"']?\]?\s{0,4}[:=,]\s{0,4}\\?[\"'`]?([^\n\"'`\\]{3,4096})"
)
# Schemes that have parameters: what signs a request, and who did.
_SIGNED = (
    r"(?i)\b(?:proxy-)?authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?!bearer |basic )"
    r"([A-Z][\w-]{2,40} [\w-]{1,40}=[^\n]{8,4096})"
)
# ENV NAME value, as Dockerfiles had it.
_IN_IMAGE = r"(?:^|[\n\"'])[ \t]{0,8}ENV[ \t]{1,4}([A-Za-z_]\w{0,80})[ \t]{1,4}(?!=)([^\s=\"']{1,4096})(?=\s|[\"']|\Z)"
_COOKIE = r"(?i)\b(?:set-)?cookie[\"']?\s{0,2}:\s{0,4}[\"']?([^\n\"']{3,4096})"
_JOINTS = frozenset(
    "or and to is was in for the flag option options argument if when with instead on by as".split()
)
_SCHEMES = ("basic", "bearer", "token", "key", "digest", "nego", "splu")
_B64 = r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,100000}={0,2}"
# Colours of a terminal, also as they are spelled in JSON and in shells: they part words, as blanks do.
_COLOUR = r"(?:\x1b|\\u001[bB]|\\x1[bB]|\\033|\\e)\[[0-9;?]{0,32}[A-Za-z]"
# An assignment or an address in the encoding of addresses: user%3Dml%26password%3Dx.
_PERCENTED = r"[^\s\"'<>?&=]{4,8003}"
_JWK = r"[\"'](?:d|p|q|dp|dq|qi|k|oth)[\"']\s{0,4}:\s{0,4}[\"']([A-Za-z0-9_=-]{8,4096})"


def find(text: str, inside: bool = False) -> list:
    """Return sorted, disjoint (start, end, why) of what has to be cut out of a text.

    `inside` is set for what was found in base64: it is not decoded again.
    """
    if len(text) < SHORTEST and re.match(r"[A-Za-z0-9_.]*\Z", text):
        return []  # one short word: no shape is that short, and nothing stands around it
    if quiet.is_quiet(text):
        return []
    written = text
    if "[" in text:
        text = re.sub(_COLOUR, _blank, text)
    found = [(start, end, "token or key by its shape") for start, end in issuers.spans(text)]
    if written != text:  # a colour may stand inside a password, too
        found.extend(addresses.spans(written))
    found.extend(addresses.spans(text))
    if '"kty"' in text or "'kty'" in text:
        found.extend((*match.span(1), "private key") for match in re.finditer(_JWK, text))
    found.extend((*_assigned(text), *_phrases(text)))
    found.extend(elements.spans(text))
    found.extend((*_options(text), *_in_image(text)))
    found.extend(_headers(text))
    for room in (sentences, languages, clauses, commands, declared, fragments, fallbacks, answers, tables, loose):  # fmt: skip
        found.extend(room.spans(text))
    if not inside:
        if "\\" in text:
            plain = escapes.plain(text)
            found.extend(find(plain, True) if plain != text else ())
        found.extend(_encoded(text))
        found.extend(_percented(text))
    return merged(found)


def _in_image(text: str) -> list:
    return [
        (*match.span(2), "value of a name that tells a secret")
        for match in (re.finditer(_IN_IMAGE, text) if "ENV" in text else ())
        if hides(match.group(2), keys.weigh(match.group(1), variable=True))
    ]


def _phrases(text: str) -> list:
    """Several words as the whole of a line under a password's name, and no sentence about it."""
    return [
        (*match.span(2), "value of a name that tells a secret")
        for match in re.finditer(_PHRASE, text)
        if re.search(_OF_SENTENCES, match.group(2)) is None
        and keys.weigh(match.group(1)) >= keys.SECRET
        and (
            keys.weigh(match.group(1)) == keys.PASSWORD
            or keys.split(match.group(1))[-1] == "secret"
        )
    ]


def _percented(text: str) -> list:
    """Words in the encoding of addresses that hold a secret once they are decoded."""
    found = []
    for match in re.finditer(_PERCENTED, text) if "%3" in text else ():
        if re.search("%3[aAdD].", match.group()) is None:
            continue
        decoded = re.sub(
            "%([2-7][0-9A-Fa-f])", lambda code: chr(int(code.group(1), 16)), match.group()
        )
        if find(decoded, True):
            found.append((*match.span(), "a secret in the encoding of addresses"))
    return found


def _blank(match) -> str:
    """As many blanks, so that places in the text stay."""
    return " " * len(match.group())


def merged(found: list) -> list:
    """Sort, and join what overlaps."""
    joined = []
    for start, end, why in sorted(item for item in found if item[0] < item[1]):
        if joined and start < joined[-1][1]:
            known = joined[-1]
            # What remains of an address is shown.
            is_more = "address" in known[2] or why == "random letters"  # names say more than looks
            kept = known[2] if is_more else why
            joined[-1] = (known[0], max(end, known[1]), kept)
        else:
            joined.append((start, end, why))
    return joined


def _assigned(text: str) -> list:
    found = []
    if ":" not in text and "=" not in text and "," not in text:
        return found
    for match in re.finditer(_ASSIGNED, text):
        name = match.group(1) or match.group(2)
        level = keys.weigh(name, variable=name.isupper())
        if level < keys.PERHAPS and not (name[-3:].lower() == "pin" and keys.is_code(name)):
            continue
        span = _value_span(text, match, level)
        if span is not None:
            found.append((span[0], span[1], "value of a name that tells a secret"))
    for match in re.finditer(_SPACED, text) if " " in text else ():
        level = keys.weigh(match.group(1))
        if level >= keys.SECRET:
            span = _value_span(text, match, level)
            if span is not None:
                found.append((span[0], span[1], "value of a name that tells a secret"))
                found.extend(sentences.listed(text, span[1]))
    return found


def _value_span(text: str, match, level: int) -> tuple:
    """Where the value of an assignment is, if it is a secret; None otherwise."""
    value = _value(text, match.end())
    if value is None:
        return None
    group = _group(value)
    shown = value.group(group)
    if shown.startswith((kinds.MARK, " ")) or shown == "pass":
        return None  # class Credentials: pass
    if group == 3:
        if re.match(_BOUND, shown) or not _is_assigned(text, match, shown, level):
            return None
    elif _is_listed(text, match, value, shown) or (
        " " in shown
        and level < keys.PASSWORD
        and not kinds.is_made(shown.rstrip().rpartition(" ")[2])
    ):
        return None
    is_code = group < 3 and _is_code(shown, match.group(1) or match.group(2))
    if not (is_code or hides(shown, level)):
        return None
    return value.start(group), value.end(group) if group < 3 else _end(text, match, value.end(3))


def _value(text: str, start: int):
    """What may be the value at a place; not the name of a further pair."""
    value = re.compile(_VALUE).match(text, start)
    is_name = value is not None and re.match(_NAMES, text[value.end() : value.end() + 4])
    return None if is_name else value


def _is_code(shown: str, name: str) -> bool:
    """Digits in quotes, also in groups, under a name of codes that open something."""
    is_digits = kinds.is_grouped(shown) or re.match(r"[0-9]{4,12}\Z", shown) is not None
    return is_digits and keys.is_code(name)


def _end(text: str, match, end: int) -> int:
    """Where a bare value ends: among the parameters of a connection at their next sign."""
    is_one = text[match.start() - 1 : match.start()] == ";"
    more = re.compile(r"[^;\n\"']{0,80}(?=;)").match(text, end) if is_one else None
    return more.end() if more else end


def _is_listed(text: str, match, value, shown: str) -> bool:
    """One word of a list of words, where only a comma parts it from the name before."""
    behind = re.compile(r"[\"'],\s{0,2}[\"'][\w-]{1,40}[\"']").match(text, value.end() - 1)
    is_word = re.match(r"[A-Za-z_-]{1,40}\Z", shown) is not None
    return is_word and behind is not None and match.group().rstrip()[-1:] == ","


def _is_assigned(text: str, match, shown: str, level: int) -> bool:
    """Whether a bare word behind a name is its value, and no word of a sentence or of a program."""
    if _is_of_program(shown, text[match.end() + len(shown) : match.end() + len(shown) + 1], level):
        return False
    if kinds.is_made(shown) or (level >= keys.PASSWORD and _is_told(shown)):
        return True
    colon = ":" in match.group()
    is_dotted = level >= keys.PASSWORD and "." in match.group()  # connection.password: x
    if colon and not (match.group(1) or is_dotted or _begins_line(text, match.start())):
        return False
    if _is_in_template(text, match.start()):
        return False
    return not (colon and _is_said_on(shown, _rest(text, match), level))


def _is_said_on(shown: str, rest: str, level: int) -> bool:
    """Whether a sentence begins behind a name, and no value that something else stands beside."""
    if re.match(_SAID_ON, rest) is None:
        return False
    is_word = re.match(_OF_TYPES, shown) or re.match(_OF_SENTENCES, shown)
    return level < keys.SECRET or is_word is not None or re.match(_ASIDE, rest) is None


def _is_in_template(text: str, start: int) -> bool:
    """Whether a place is inside the braces of a template: what stands there is its program."""
    before = text[max(0, start - 400) : start]
    begun = max(before.rfind("{{"), before.rfind("{%"))
    return begun > max(before.rfind("}}"), before.rfind("%}"))


def _is_of_program(shown: str, behind: str, level: int) -> bool:
    """A call, an attribute, or a variable: `token = self.token`, `key = load(x)`, `token = page_token`."""
    if behind and behind in "([" and re.match(r"[A-Za-z_][\w.]*\Z", shown):
        return True
    if re.match(_ATTRIBUTE_OF, shown):
        return level < keys.PASSWORD or shown.startswith(_OF_PROGRAMS)
    return "_" in shown and kinds.is_words(shown) and keys.weigh(shown) >= keys.SECRET


def _is_told(shown: str) -> bool:
    """Letters and digits, where a password was announced."""
    digits = any(item.isdigit() for item in shown) and len(shown) > 4
    return (digits or sentences.is_told(shown)) and not kinds.is_setting(shown)


def _rest(text: str, match) -> str:
    """What follows in the line, up to the quote that the name stands in."""
    rest = re.compile(_REST).match(text, match.end()).group().rstrip()
    if text[max(0, match.start() - 1)] in ("'", '"'):
        rest = re.split(r"['\"]", rest)[0]
    return rest


def _begins_line(text: str, start: int) -> bool:
    """Whether nothing but signs stands before a name in its line (or before its comma)."""
    before = text[max(0, start - 200) : start]
    line = re.split(r"[\n;,]", before)[-1]
    if line[-1:] in ("'", '"'):
        return True  # an argument that is a header
    return not line.strip(" \t-*#\"'{[(<!/").replace("export", "").replace("-H", "").strip()


def _options(text: str) -> list:
    """Values of options whose names tell a secret, and what tools take as passwords."""
    found = _of_list(text) if re.search(_LISTED, text) else []
    if "-" in text:
        for match in re.finditer(_OPTION, text):
            level = keys.weigh(match.group(1))
            value = re.compile(_VALUE).match(text, match.end()) if level >= keys.PERHAPS else None
            if value is None:
                continue
            group = _group(value)
            if group == 3 and _goes_on(text, value):
                continue  # a sentence about the option
            if hides(value.group(group), level):
                found.append((*value.span(group), "value of an option that takes a secret"))
    return [*found, *tools.spans(text)]


def _of_list(text: str) -> list:
    """What a list of quoted arguments has, read as the command that it stands for."""
    return _options(re.sub(_BETWEEN, _blank, text))


def _goes_on(text: str, value) -> bool:
    """Whether a word behind an option joins it to the rest of a sentence."""
    return value.group(3) in _JOINTS and re.match(r" [a-z]", text[value.end(3) :]) is not None


def _group(value) -> int:
    """Which of the spellings of a value it is: in double quotes, in single ones, or bare."""
    return next(number for number in (1, 2, 3) if value.group(number) is not None)


def _headers(text: str) -> list:
    """Headers of requests that carry credentials."""
    low = text.lower()
    found = _authorizations(text) if "authorization" in low else []
    if "cookie" in low:
        cookies = (match for match in re.finditer(_COOKIE, text) if "=" in match.group(1))
        found.extend((*match.span(1), "cookie") for match in cookies)
    if any(word in low for word in _SCHEMES):
        for match in re.finditer(_HEADER, text):
            if _is_credential(match.group(1).lower(), match.group(2).rstrip(".:!")):
                found.append((*match.span(2), "header of authorization"))
    return found


def _authorizations(text: str) -> list:
    found = [(*match.span(1), "header of authorization") for match in re.finditer(_SIGNED, text)]
    for match in re.finditer(_AUTHORIZATION, text):
        said = match.group(1).split()
        value = said[-1] if said else ""
        if len(said) <= 3 and len(value) >= 4 and not _is_no_header(value):
            found.append((*match.span(1), "header of authorization"))
    return found


def _is_credential(scheme: str, value: str) -> bool:
    """What stands behind a scheme of authorization is one, and no word of a sentence."""
    if scheme == "basic" and ":" in loose.decoded(value):
        return True
    if kinds.is_number(value):
        return False
    if scheme in ("bearer", "basic", "apikey", "negotiate", "geniekey") and _is_opaque(value):
        return True
    return scheme not in ("key", "digest") and kinds.is_random(value) and not kinds.is_hex(value)


def _is_no_header(value: str) -> bool:
    return kinds.is_plain(value) or kinds.is_reference(value) or kinds.is_setting(value)


def _is_opaque(value: str) -> bool:
    """What follows Bearer is a token unless it is a word of a sentence."""
    return not kinds.is_reference(value) and (
        kinds.is_made(value) or "=" in value or any(item.isdigit() for item in value)
    )


def _encoded(text: str) -> list:
    """Base64 of a text that holds a secret, such as a PEM key or a configuration of Docker."""
    found = []
    for match in re.finditer(_B64, text):
        inner = loose.decoded(match.group())
        if inner and (loose.is_login(inner) or find(inner, inside=True)):
            found.append((*match.span(), "secret in base64"))
    return found
