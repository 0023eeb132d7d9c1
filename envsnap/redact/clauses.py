"""Clauses about a secret: its noun, what is said of it, and the value somewhere behind or before.

`sentences` reads what stands right beside a noun. Here other words stand between: the value has to
look made, or a joint (is, a colon, an arrow) has to announce it. A clause about a property, such as a
length or a file, tells none.
"""

import re

from . import keys, kinds, sentences

# Whose pass opens something; programs have passes, tests pass, and people pass by.
_PASS = r"(?:sudo|su|root|admin|db|database|user|ssh|smtp|imap|mail|ftp|mysql|pg|sql|redis|become|vault|login|key|store|keystore|truststore|wifi|vpn|proxy|ldap|bind|sasl|cert|http)[ _-]pass"
_NOUN = (
    r"(?i)(?<![\w/?&=.-])(?:"
    + _PASS
    + r"|(?:[\w-]{1,40}[_ ])?(?:pass(?:word|wd|phrase|code| ?key)|pwd?|psk|pin|secrets?|credentials?|tokens?|cookie"
    r"|(?:api|access|secret|private|signing|encryption|master|license|account|wifi|wi-fi|wireless|network|deploy|service|session|auth|ssh|admin|pre-?shared|security|[a-z]{2,20})[ _-]?keys?))(?![\w/=-])"
)
# Up to six words, and then what announces a value. A line, a stop, or a semicolon ends the clause.
_JOINT = (
    r"((?:[ \t]{1,2}(?!(?:is|was|are|to|as|now|currently)[ \t])[\w@.'\u2019()-]{1,30}){0,6}[?)]{0,2})[ \t]{0,3}"
    r"(\b(?:is|was|are|to|as|be|been|became|currently|now|still|called|reads|changed from|from|accepted|with)\b:?|[:=,?]|(?<=[ \t])[\[(]|-{1,2}>|=>|\u2192)"
    r"[ \t]{0,2}(?:(?:is|was|now|currently|set|to|still|just|is:|,)[ \t:]{1,2}){0,3}[\"'`(<*\[\u201c\u2018]{0,2}([^\s\"'`<>(),;\[\]\u201d\u2019]{4,400})"
)
# use X as the password, with X for a password
_BEFORE = (
    r"(?i)(?<!ask )(?<!contact )(?<![\w.=/-])[\"'`]?([^\s\"'`<>(),;]{4,200})[\"'`]?,? \(?(?:as|for|was|is|being|env|from|in) (?:(?:the|a|an|my|your|our|its|his|her|their) )?"
    r"(?:[\w-]{1,20} ){0,3}?(?:"
    + _PASS
    + r"|(?:[A-Za-z]\w{0,40}_)?pass(?:word|wd|phrase|code)|pwd?|psk|secret|token|(?:api|access|secret|private|signing|encryption|license) ?key)\b"
)
_BY = r"(?i)\b(?:with|using|by) (?:(?:the|a|my|its) )?\Z"
# with password X as Y
_WITH = (
    r"(?i)\b(?:with|using|by) (?:(?:the|a|my|its) )?(?:"
    + _PASS
    + r"|pass(?:word|wd|phrase|code)|pwd?|secret|token) [\"'`]?([^\s\"'`<>(),;]{4,200})[\"'`]? as "
)
# user joe pass x: both words, and both values.
_BOTH = (
    r"(?i)\b(?:users?(?:names?)?|login|account|uid|as)\b(?! (?:and|or|the|with|we|they|you|to|of|is not)\b)(?: is)?[ \t]{0,2}[:= \t][ \t]{0,2}[\"'`]?[\w.@\\-]{2,64}[\"'`]?[ \t]{0,2}[,;/ \t|&][ \t]{0,2}(?:and |with |its |using |the )?"
    r"(?:pass(?:word|wd|phrase|code)|pwd?|secret|(?<!and )pass)(?:[ \t]{0,2}[:=][ \t]{0,2}|[ \t]{1,2})[\"'`]?([^\s\"'`,;<>()]{3,200})"
)
_WORDS = r"(?<![^\s\"'`(\[:=<*])[\"'`(\[<*]{0,2}([A-Za-z0-9][A-Za-z0-9+/_.!#$%^&*~-]{9,400}={0,2})(?=[\"'`)\]>*]{0,2}(?:[.,;:!?]{0,2}(?:\s|\Z)))"  # fmt: skip
_USED = r"(?i)\b(?:use|enter|try|type|using|typed|entered|chose)[ \"'`]{1,3}\Z"
_OF_PASSWORD = (
    r"(?i)\b(?:"
    + _PASS
    + r"\b|(?:[\w-]{1,40}[_ ])?(?:pass(?:word|wd|phrase|code)|pwd?|psk|pin|(?:wifi|wi-fi|wireless|network|pre-?shared)[ _-]?key)\b)"
)
# What may stand behind `password` in one line, however many words are between: in quotes, or mixed.
_TOLD = r"(?<![\w=/.-])(?:\"([^\s\"]{4,100})\"|'([^\s']{4,100})'|`([^\s`]{4,100})`|([A-Za-z][^\s\"'`(),;:=/|<>\[\]{}]{4,60}))"
# ... unless the word before says what else it is.
_OF_ELSE = (
    r"(?i)(?:\b(?:users?|usernames?|accounts?|logins?|roles?|hosts?|hostnames?|db|databases?|servers?|nodes?|relations?|tables?|columns?|fields?|keys?|parameters?"
    r"|options?|schemas?|types?|functions?|methods?|attributes?|modules?|packages?|class|names?|called|named|for|from|by|as|at|on|in|of|via|see|file|path|url|address|email|realm|principal|service|connection|version"
    r"|python|policy|algorithm|hash|hashed|encoding|using|image|model|repository|repo|branch|id|property|setting|variable|argument|flag|value|expected|got|object|no|not|or|and)\b[\s:=#]{0,3}|[\\/,@\[{]\s{0,2})[\"'`(]{0,2}\Z"
)
_ENDS = r"[\"'`)\]>*\u201d\u2019]{0,2}[.!]?(?:\s*\Z|,? (?:and|but|so|please|now|the old|for|on|in|before)\b|[),])"
HINTS = ("pass", "pw", "psk", "pin", "secret", "token", "key", "cred", "cookie")
# Words of models and programs that have a hint in them; plural tokens and keys are counted, not told.
_ELSE = r"tokens\b(?!['\" ]{0,2}(?:[:=]|is|are)[ '\"]{0,2}[^0-9 '\"])|tokenize\w{0,3}|\bkeys\b|keyword|pass(?:ed|es|ing)\b|\w{1,20}ping\b|pinned"
_GIVEN = r"\\?[\"']?[ ]?[:=][ ]?\\?[\"']?([^\s\"',;}]+)"
_SENTENCE = r"[^\n]{6,4000}"


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets that clauses tell."""
    found = []
    if " " not in text or not _is_worth_it(text):
        return found
    for line in re.finditer(_SENTENCE, text):
        if _is_worth_it(line.group()):
            found.extend(_of_line(line.group(), line.start()))
    return found


def _is_worth_it(text: str) -> bool:
    """Whether a word of a secret may stand in a text: it is cheap to look for."""
    low = text.lower()
    if not any(hint in low for hint in HINTS):
        return False
    rest = re.sub(_ELSE, "", low)
    return any(hint in rest for hint in HINTS)


def _of_line(line: str, at: int) -> list:
    found = [*_behind(line), *_before(line), *_further(line)]
    if any(_tells(match.group()) for match in re.finditer(_NOUN, line)):
        found.extend(_random(line))
    return [(at + start, at + end, "secret in a sentence") for start, end in found]


def _behind(line: str) -> list:
    """What a joint announces behind the noun, with words between."""
    found = []
    for match in re.finditer(_NOUN + _JOINT, line):
        noun = match.group()[: match.start(1) - match.start()]
        if not _tells(noun) or _is_about_a_property(match.group(1)) or _is_argument(line, match):
            continue
        value = match.group(3).rstrip(".:!?*")
        end = match.start(3) + len(value)
        opens = re.search(_OF_PASSWORD, line[match.start() : match.start(3)]) is not None
        if match.group(2) == "as" and re.search(_BY, line[: match.start()]):
            continue  # whoever comes with it
        if line[match.start(3) - 1 : end + 1] == "<%s>" % value:
            continue  # a mark
        if _is_value(value, opens) or (opens and _is_word(line, match, end, noun)):
            found.append((match.start(3), end))
            if noun.lower().endswith(("codes", "tokens", "keys", "words")):
                found.extend(item[:2] for item in sentences.listed(line, end))
    return found


def _further(line: str) -> list:
    """What looks chosen, or stands in quotes, somewhere behind a password's noun in one line."""
    noun = re.search(_OF_PASSWORD.replace("|pin|", "|"), line)
    if noun is None or _has_value(line, noun.end()):
        return []
    found = []
    for match in re.finditer(_TOLD, line[: noun.end() + 160]):
        group = next(number for number in (1, 2, 3, 4) if match.group(number) is not None)
        value = match.group(group).rstrip(".:!?*")
        if match.start() < noun.end() or _is_else(line, match, noun):
            continue
        mixed = len(value) > 6 and re.search("[A-Za-z]", value) and re.search("[0-9]", value)
        looks = mixed and _is_value(value, opens=True) and sentences.is_told(value)
        if looks or (group < 4 and _may_be_word(value, numbered=True)):
            found.append((match.start(group), match.start(group) + len(value)))
    return found


def _has_value(line: str, end: int) -> bool:
    """Whether the value stands right behind the noun: what follows is something else."""
    given = re.compile(_GIVEN).match(line, end)
    return given is not None and (given.group(1)[:1] == "<" or kinds.is_made(given.group(1)))


def _is_else(line: str, match, noun) -> bool:
    """Whether the words before tell that it is something else, or the password's own property."""
    before = line[noun.end() : match.start()]
    return re.search(
        _OF_ELSE, line[max(0, match.start() - 24) : match.start()]
    ) is not None or _is_about_a_property(before)


def _is_word(line: str, match, end: int, noun: str) -> bool:
    """Letters alone, where a password is told: in quotes, or at the end of what is said."""
    sign = line[match.start(3) - 1]
    if sign in "\"'`" and line[end : end + 1] == sign:
        return _may_be_word(match.group(3)[: end - match.start(3)], numbered=True)
    ends = "_" not in noun and re.match(_ENDS, line[end:]) is not None
    is_near = match.group(1).count(" ") < 4
    return ends and is_near and _may_be_word(match.group(3)[: end - match.start(3)])


def _before(line: str) -> list:
    """Values before the noun: use x as the password; and of both: user joe pass x."""
    found = []
    for shape in (_BEFORE, _BOTH, _WITH):
        for match in re.finditer(shape, line):
            value = match.group(1).rstrip(".:!?")
            used = shape != _BEFORE or re.search(_USED, line[: match.start(1)]) is not None
            used = used or _is_in_quotes(line, match)
            if _is_value(value, opens=True) or (used and _may_be_word(value)):
                found.append((match.start(1), match.start(1) + len(value)))
    return found


def _is_in_quotes(line: str, match) -> bool:
    """`expected 'x' for password`: what is in quotes, and joined of words."""
    sign = line[match.start(1) - 1 : match.start(1)]
    quoted = sign in ("'", '"', "`") and line[match.end(1) : match.end(1) + 1] == sign
    return quoted and re.search("[A-Z-]", match.group(1)) is not None


def _tells(noun: str) -> bool:
    """Keys and tokens are those of a service; of maps, attention and models they tell nothing."""
    return (
        not any(word in noun.lower() for word in ("key", "token"))
        or keys.weigh(noun) >= keys.SECRET
        or re.match(_OF_PASSWORD, noun) is not None
    )


def _is_argument(line: str, match) -> bool:
    """`f(password, x)` has arguments, where a sentence has words before the noun."""
    before = line[max(0, match.start() - 2) : match.start()]
    return match.group(2) == "," and re.search(r"[A-Za-z] ?\Z", before) is None


def _is_value(value: str, opens: bool) -> bool:
    """A word that looks made; letters and a number are one where a password is told."""
    numbered = (
        opens and re.match(r"[A-Za-z]{4,20}[0-9]{1,4}\Z", value) and not kinds.is_setting(value)
    )
    return bool(numbered) or (sentences.is_told(value) and not _is_word_of(value))


def _is_about_a_property(said: str) -> bool:
    """The words behind the noun tell of its length, its file, its kind."""
    words = re.findall(r"[A-Za-z]+", said.lower())
    return any(keys.is_property(word) for word in words[:2])


def _may_be_word(value: str, numbered: bool = False) -> bool:
    """Letters alone in a password's place, where the user is told as well; in quotes with a number."""
    return (
        re.match(
            r"[A-Za-z]{3,40}(?:[-_.&][A-Za-z]{2,20}){0,3}%s\Z" % ("[0-9]{0,4}" * numbered), value
        )
        is not None
        and not keys.weigh(value)
        and not keys.is_property(value)
        and not sentences.is_telling(value)
        and not kinds.is_setting(value)
    )


def _is_word_of(value: str) -> bool:
    """Names, versions and numbers that sentences about secrets have."""
    return (
        kinds.is_plain(value)
        or kinds.is_setting(value)
        or keys.weigh(value) >= keys.PERHAPS
        or "://" in value
        or "@" in value
        or re.match(r"[a-z]{1,12}[0-9]{1,3}\Z|[\w.-]{1,60}/[\w.-]{1,60}\Z|[A-Z]{1,8}(?:-?[A-Z0-9]{1,6}){1,3}\Z", value) is not None
    )  # fmt: skip


def _random(line: str) -> list:
    """Random letters anywhere in a line with such a noun, which no word before names a digest."""
    found = []
    for match in re.finditer(_WORDS, line):
        piece = match.group(1).rstrip(".:!?*")
        is_loose = len(piece) >= 16 and (
            kinds.is_random(piece) or kinds.is_scrambled(re.sub("[_-]", "", piece))
        )
        if not is_loose or _is_word_of(piece):
            continue
        if kinds.is_path(piece) or kinds.is_uuid(piece) or piece.startswith("_Z"):
            continue
        before = line[max(0, match.start(1) - 24) : match.start(1)]
        if not sentences.is_labelled(before):
            found.append((match.start(1), match.start(1) + len(piece)))
    return found
