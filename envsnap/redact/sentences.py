"""Secrets in prose: what people and programs write around a password.

A word behind `password` is one when it looks made (letters with digits or signs, or letters that
no word has), when it is in quotes, or when the sentence says `is` and ends with it. Pairs of a
user and a password need a word that announces them. A piece of random letters needs nothing.
"""

import re

from . import keys, kinds

_PROSE = (
    r"(?i)(?<![\w?&.:/-])(?:\w{1,40}_)?(?:passwords?|passwd|passphrase|pass ?code|pin ?code|(?:one[ -]time|access|verification|security|recovery|backup|login|(?:enter|use|type|your) (?:the |this )?) ?code|pwd|pw|secrets?|credentials?|api[ _-]?keys?"
    r"|access[ _-]?keys?|(?:secret|private|license|product|activation|commercial|recovery)[ _-]?keys?|psk|tokens?)\b"
    r"(?: (?:for|of|to|on) [\w@.'-]{1,60}(?: [\w@.'-]{1,40}){0,3})?"
    r"(?:[\s:=]|[=-]>){1,4}(?:(?:is|was|are|now|set|reset|to|became|as|currently|still|called|being|:|=|->)[\s:=]{1,3}){0,4}"
    r"[\"'`(<*]{0,2}([^\s\"'`<>(),;]{4,200})"
)
HINTS = (
    "pass",
    "pw",
    "secret",
    "token",
    "key",
    "cred",
    "login",
    " code",
    "user",
    "log in",
    "sign in",
    "account",
    "psk",
    "connect",
)
_CHANGED = (
    r"(?i)(?:password|passwort|passphrase|pin|(?:api|access|auth|secret|session)[ _-](?:key|token)|secret)s?\b[^\n.:]{0,60}? from"
    r" ([\"'`]?)([^\s\"'`,;]{4,80})[\"'`]? to ([\"'`]?)([^\s\"'`,;]{4,80})"
)
_IS_PASSWORD = r"(?i)(?:\w{1,40}_)?(?:passwords?|passwd|passphrase|pass ?code|pwd|pw|psk)\b"
_COMMANDED = r"(?:\A|\n)[$#>+ ]{0,3}[a-z][\w.-]{1,30} (?:[^\n]{0,200} )?(?:-{1,2}[a-z]|config|modify|connect|alias|set|add|create|edit|passwd|user)[^\n]{0,200}\Z"
_SAYS = r"(?i)(?:\b(?:is|was|are|to|as|became|called|being|now)|[:=>])[\s\"'`(]{1,3}\Z"
_ENDS = r"[\"'`)]{0,2}(?:[.,;!?]|\s*\Z|\s*\n| (?:and|but|so|please|for|on|in|at|from)\b| \()"
# (pw x), and an item of a list that is a name and a value: * API key - x
_ASIDE = r"(?i)\((?:pw|pwd|pass|password|passwd|passphrase|psk)[ :=]{1,3}[\"'`]?([^\s\"'`()]{3,200})[\"'`]?\)"
_POINT = r"(?m)^[ \t]{0,20}[*\u2022-] {1,3}([A-Za-z][\w]{1,20}(?: [A-Za-z]\w{1,20}){0,2})(?: [\u2013\u2014-]{1,2} | ?(?:->|\u2192|:) )[\"'`]?([^\s\"'`]{4,200})[\"'`]?[ \t]{0,4}$"
_GIVEN = r"(?i)\b(?:with|using|rejected|wrong|bad|refused|tried|trying|hard-?coded|sent|leaked|temporary) (?:the |a |your )?(?:[\w-]{2,14} ){0,2}\Z"
# What follows `the password is` where it tells of the password, and does not tell it.
_TELLS = frozenset(
    "incorrect correct wrong invalid valid bad good empty blank missing weak strong short long too not required"
    " needed necessary optional okay fine expired old new safe secure unsafe insecure public"
    " private secret stored hashed encrypted used unset null none default your mine ours their its this that"
    " these those same different identical known unknown only also being always never right there here what which"
    " where when while with without from into than then hidden visible sensitive plain text string"
    " plaintext cleartext case given absent present unavailable available random generic simple"
    " ignored mandatory protected authentication authenticated mismatch expected again later done within via through under over after before during between among"
    " inside outside against until upon per"
    " just already both either neither more less longer shorter stronger weaker prompt".split()
)
_TELLING = (
    r"[a-z]{3,30}(?:tion|sion|ment|ness|ance|ence|ed|ing|ly|able|ible|ory|less|ful|ous|ive|ten|own)"
)
_PAIR = r"(?<![^\s(\"'`:=])([A-Za-z][\w.@+-]{1,63}?)( ?[/|] ?|:(?=\S))([^\s\"'`/:|(),;<>]{3,64})(?![\w/:\\-])"
# Base64 has slashes, and is none of the paths and hosts that a pair must not be.
_RANDOM_PAIR = (
    r"(?<![^\s(\"'`:=])[A-Za-z][\w.@+-]{1,63}:([A-Za-z0-9+/_=-]{16,400})(?=[\s.,;\"'`)]|\Z)"
)
_ANNOUNCED = (
    r"(?i)(?:\bcred(?:ential)?s?|\blog ?in|\blogins?|\bsign(?:ed)? ?in|\busers?(?:names?)? ?(?:/|and|&|:|\+) ?pass(?:word)?s?"
    r"|\b(?:connect(?:ed|ing)?|(?:authenticat|logg)\w{2,4}) as|\baccounts?|\b(?:default|initial|first|admin|root) users?)"
)
_NEAR = (
    _ANNOUNCED
    + r"(\s{0,2}(?:are|is|were|was|:|=|->|with|using|use|as|of|by|details|data|\([^()\n]{1,30}\):?)){0,3}[\s\"'`(:=]{0,3}\Z"
)
_HEX_TOLD = (
    r"(?i)\b((?:api[ _-]?keys?|tokens?|passwords?|secrets?|credentials?)\b[^\n=]{0,40}[:=] ?[\"'`]?"
    r"|logged in\b[^\n=]{0,20}\bkey )"
    r"([0-9a-f]{32,128})(?![\w.-])"
)
_WORDS = (
    r"(?i)\b(?:mnemonic|(?:seed|recovery|secret|backup) (?:phrase|words)|wallet|seed)\b[^\n]{0,20}?[:=\"'(]\s{0,3}[\"'(]?"
    r"((?:[a-z]{3,8}[ ,]{1,3}){11,24}[a-z]{3,8})\b"
)
_SERIAL = r"(?i:licen[cs]es?|activation|product|serial)\b[^\n]{0,40}?[ :=\"'](?=[0-9-]*[A-Z])(?=[A-Z-]*[0-9])((?:[A-Z0-9]{3,8}-){2,9}[A-Z0-9]{3,8})\b"
# Codes of digits, which only words announce: your one-time code is 350318, my PIN is 7622
_CODE = (
    r"(?i)\b(?:(?:one[ -]time|verification|security|login|2fa|mfa|otp|sms|recovery|unlock|access|pin)[ -](?:code|pin|pass(?:word|code))"
    r"|(?:my|your|the|door|sim|card|new|old) pin(?: ?code| number)?)(?: is|:| was) {1,2}([0-9]{4,9})\b(?![.:]?[0-9])"
)
_DIGESTS = r"(?i)(?:sha\d|md5|hash|digest|commit|revision|fingerprint|checksum|\bids?\b|tokens? (?:ids?|count)|tokenizer)"
_LABELS = (
    r"(?i)(?:\b|_)(?:ids?|uuid|guid|commit|sha\d{0,3}|md5|hash|digest|checksum|revision|rev|ref|run|etag"
    r"|version|symbol|fingerprint|build|trace|span|nonce|request|job|tag|image|snapshot|key id"
    r"|function|kernel|class|name|ssh-\w{2,12}|nistp\d{3}|(?:public|host)[ _-]?key)[\s:=#\"'`(-]{1,4}\Z"
)


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets that sentences tell."""
    found = []
    if " " not in text.strip():
        return found
    found.extend(
        _phrases(text) if any(word in text for word in ("hrase", "emonic", "eed", "wallet")) else ()
    )
    low = text.lower()
    if " from " in low and " to " in low:
        found.extend(_moved(text))
    if "-" in text and any(word in low for word in ("licen", "activation", "serial", "product")):
        found.extend(_serials(text))
    if any(word in low for word in HINTS):
        found.extend(_beside(text))
        found.extend(_said(text))
        found.extend(_pairs(text))
    found.extend(_digits(text, low) if any(word in low for word in (*HINTS, " pin")) else ())
    return found


def _beside(text: str) -> list:
    """What stands in brackets or behind a dash as the whole of what is told."""
    told = [("password", match.group(1), match.span(1)) for match in re.finditer(_ASIDE, text)]
    told += [(match.group(1), match.group(2), match.span(2)) for match in re.finditer(_POINT, text)]
    return [
        (*span, "secret in a sentence")
        for name, value, span in told
        if keys.weigh(name) >= keys.SECRET
        and (
            is_told(value)
            or not (_is_no_password(value) or is_telling(value) or keys.is_property(value))
        )
        and not kinds.is_plain(value)
    ]


def _moved(text: str) -> list:
    """`password changed from X to Y`: both, where one of them looks made or is in quotes."""
    found = []
    for match in re.finditer(_CHANGED, text):
        words = [match.group(place).rstrip(".:!?") for place in (2, 4)]
        told = (
            match.group(1)
            or match.group(3)
            or any(map(is_told, words))
            or any(map(_is_named, words))
        )
        if told and not any(
            kinds.is_plain(word) or kinds.is_path(word) or kinds.is_setting(word) for word in words
        ):
            found += [
                (match.start(place), match.start(place) + len(word), "secret in a sentence")
                for place, word in zip((2, 4), words)
            ]
    return found


def _is_named(word: str) -> bool:
    """Words joined by a sign, with capitals: Old-Dipper. No word of a sentence is written so."""
    return re.match(r"(?=.{0,40}[A-Z])[A-Za-z]{2,30}[-_.&'][A-Za-z]{2,30}\Z", word) is not None


def _phrases(text: str) -> list:
    """Twelve or more words that open a wallet, behind a word that announces them."""
    return [
        (*match.span(1), "words that open a wallet")
        for match in re.finditer(_WORDS, text)
        if kinds.is_phrase(match.group(1))
    ]


def _said(text: str) -> list:
    """Sentences that tell a password; its letters and digits, or its place, give it away."""
    found = []
    for match in re.finditer(_PROSE, text):
        name = re.match(r"\w+", match.group()).group()
        if "_" in name and keys.weigh(name, variable=name.isupper()) < keys.PERHAPS:
            continue  # max_new_tokens
        value = match.group(1).rstrip(".:!?")
        end = match.start(1) + len(value)
        if text[match.start(1) - 1 : end + 1] == "<%s>" % value or keys.is_of_model(
            text[max(0, match.start() - 40) : match.start()], name
        ):
            continue  # a mark of a model, and what it has said
        quoted = _quoted(text, match)
        if quoted is not None:
            found.append((match.start(1), quoted, "secret in a sentence"))
        elif is_told(value) or _is_plainly_told(text, match, value):
            found.append((match.start(1), end, "secret in a sentence"))
            if re.match(r"(?i)[^:=]{0,40}(?:codes|tokens|keys|passwords|secrets)\b", match.group()):
                found.extend(listed(text, end))
    return found


def listed(text: str, end: int) -> list:
    """The others of a list: recovery codes: x, y and z."""
    found = []
    more = re.compile(r"[\"'`]?(?:, ?(?:and )?| and )[\"'`]?([^\s\"'`,;()<>]{4,200})")
    match = more.match(text, end)
    while match is not None and len(found) < 50 and is_told(match.group(1).rstrip(".:!?")):
        found.append((*match.span(1), "secret in a sentence"))
        match = more.match(text, match.end())
    return found


def _quoted(text: str, match):
    """Where several words in quotes end that a sentence says a password is; None without."""
    before, at = text[match.start() : match.start(1)], match.start(1)
    if before[-1:] not in ("'", '"', "`") or not re.match(_IS_PASSWORD, before):
        return None
    end = text.find(before[-1], at, at + 200)
    is_said = " " in text[at : max(at, end)]
    return end if is_said and "\n" not in text[at:end] else None


def is_told(value: str) -> bool:
    """Tell whether a word behind `password` is one by its looks."""
    if len(value) < 5 or kinds.is_plain(value) or kinds.is_path(value) or "/" in value[:2]:
        return False
    if kinds.is_reference(value) or re.match(r"[\w.-]{1,60}[=:(\[](?!=?\Z)", value):
        return False
    if re.match(r"[A-Za-z]{1,30}[_-]?[0-9]{1,2}(?:\.[0-9]{1,4})*\Z", value) and len(value) < 7:
        return False
    if not any(item.isalpha() for item in value) or kinds.is_uuid(value):
        return False
    digits = any(item.isdigit() for item in value)
    return (
        digits
        or kinds.is_random(value)
        or kinds.is_rare(value)
        or bool(set(value) & set("!#$%^&*@"))
    )


def _is_commanded(text: str, start: int, before: str, behind: str) -> bool:
    """`tool connect x password y`, where the line ends: a command, and no sentence."""
    ends = re.match(r"[\"'`]?\s*(?:\n|\Z)", behind) and before.lower().endswith("password ")
    return bool(ends) and re.search(_COMMANDED, text[max(0, start - 400) : start]) is not None


def _is_plainly_told(text: str, match, value: str) -> bool:
    """A word of letters alone: quoted, or at the end of a sentence that says what it is."""
    before, behind = text[match.start() : match.start(1)], text[match.start(1) + len(value) :]
    is_capital = re.match("(?i)(?:the )?secret ", before) is not None and value[:1].isupper()
    if not (is_capital or re.match(_IS_PASSWORD, before)) or not re.match(
        r"[A-Za-z]{3,40}(?:[-_.][A-Za-z]{1,20}){0,3}\Z", value
    ):
        return False
    low = value.lower()
    if low.partition("-")[0] in _TELLS or kinds.is_setting(value) or kinds.is_plain(value):
        return False
    if keys.weigh(value) or keys.is_property(low):
        return False  # a password file, the password's length
    if before[-1:] in ("'", '"', "`") and behind[:1] == before[-1:]:
        return True
    if re.match(_TELLING + r"\Z", low) or re.match(_ENDS, behind) is None:
        return False
    if _is_commanded(text, match.start(), before, behind):
        return True
    given = re.search(_GIVEN, text[max(0, match.start() - 32) : match.start()])
    return given is not None or re.search(_SAYS, before) is not None


def is_said(word: str) -> bool:
    """A word that is said of passwords: missing, expired, hidden."""
    return word.lower().rstrip(".,!").partition("-")[0] in _TELLS


def is_telling(word: str) -> bool:
    """A word that follows `password` in sentences, by itself or by how it ends."""
    return is_said(word) or re.match(_TELLING + r"\Z", word.lower().rstrip(".,!")) is not None


def _pairs(text: str) -> list:
    """`login with joe / tiger`: a user and a password behind a word that announces them."""
    found = []
    for match in re.finditer(_RANDOM_PAIR, text):
        if re.search(_NEAR, text[max(0, match.start() - 80) : match.start()]) and kinds.is_random(
            match.group(1)
        ):
            found.append((*match.span(1), "password of a user"))
    for match in re.finditer(_PAIR, text):
        value = match.group(3).rstrip(".!?")
        if _is_no_password(value) or keys.weigh(match.group(1)) or len(value) < 3:
            continue
        before = text[max(0, match.start() - 80) : match.start()].rpartition("\n")[2]
        ends = match.end() == len(text.rstrip(" ."))
        near = re.search(_NEAR, before)
        far = match.group(2) == " / " and re.search(_ANNOUNCED, before) is not None
        if (near and (near.group(1) or is_told(value))) or (far and (is_told(value) or ends)):
            found.append((match.start(3), match.start(3) + len(value), "password of a user"))
    return found


def _is_no_password(value: str) -> bool:
    """Settings, references, places, and words that name a password."""
    return kinds.is_ordinary(value) or keys.weigh(value) >= keys.PERHAPS or value.lower() in _TELLS


def _digits(text: str, low: str) -> list:
    """Codes, and digits of base 16 that a clause about a key ends with, and calls no digest."""
    is_code = any(word in low for word in (" code", " pin", " pass"))
    codes = re.finditer(_CODE, text) if is_code else ()
    found = [(*match.span(1), "secret in a sentence") for match in codes]
    for match in re.finditer(_HEX_TOLD, text):
        if re.search(_DIGESTS, match.group(1)) is None:
            found.append((*match.span(2), "secret in a sentence"))
    return found


def _serials(text: str) -> list:
    """Groups of capitals and digits behind what a license is called."""
    return [
        (*match.span(1), "secret in a sentence")
        for match in re.finditer(_SERIAL, text)
        if kinds.is_made(match.group(1))
    ]


def is_labelled(before: str) -> bool:
    """Whether the words before random letters say that they are a digest, an identity or a name."""
    return re.search(_LABELS, before) is not None
