"""The one decision: is this value shown, shown in part, or left out, and why.

By kind of value first. Numbers, switches and settings are shown whatever the key says; tokens,
private keys and what an address or an option hides are left out whatever the key says; between
the two the key decides (`keys.weigh`).
"""

import re

from . import addresses, keys, kinds, logins, loose, sentences, texts, words
from .weighing import hides

REDACTED = kinds.MARK

_OF_LOGINS = (["login"], ["logins"], ["auth"], ["userpwd"])


def is_secret_key(key: str) -> bool:
    """Tell whether values under this name are left out unless they are settings."""
    return keys.weigh(key) >= keys.SECRET


def value(key: str, text: str, variable: bool = False, inherited: int = 0) -> tuple:
    """Judge a text under a key: return what may be shown, and why something was left out.

    What is shown is None where nothing may be; the reason is None where nothing was left out.
    `variable` is set for variables of an environment; `inherited` is the level of a container.
    """
    level = _level(key, text, variable, inherited)
    if kinds.is_public(text) or (level < keys.CERTAIN and _is_label(key, text)):
        return text, None
    if len(text) > texts.LONGEST:
        return None, "longer than can be looked through"
    rest = _address(text) if level == keys.PERHAPS else None
    if rest is not None:
        return rest
    why = _by_key(key, text, level, variable)
    if why is not None:
        return None, why
    cuts = texts.find(text)
    if cuts:
        return _without(text, cuts)
    why = _by_looks(text, level)
    return (text, None) if why is None else (None, why)


def _by_key(key: str, text: str, level: int, variable: bool):
    """Why a text is left out as a whole by what its key says; None where it is not."""
    if hides(text, level) or (kinds.is_grouped(text) and keys.is_code(key)):
        return "under a name that tells a secret"
    if variable and level >= keys.PASSWORD and logins.is_code(key, text):
        return "under a name that tells a secret"
    if level <= keys.PERHAPS and _opens(key, level) and _is_login(key, text):
        return "user and password"
    if logins.are(key, text, level):
        return "users and passwords"
    return "words that open a wallet" if kinds.is_phrase(text) else None


def _is_label(key: str, text: str) -> bool:
    """Whether a text is what people read beside a field of that name, as `Forgot password?` is."""
    if re.match(r"[A-Z][a-z]{1,20}(?: [a-z]{1,20}){0,4}[?:.!]?\Z", text) is None:
        return False
    return re.sub(r"[^a-z]", "", text.lower()) == re.sub(r"[^a-z]", "", key.lower())


def _level(key: str, text: str, variable: bool, inherited: int) -> int:
    """What a key says; of a variable also of three letters, which are too few for a word of settings."""
    level = max(keys.weigh(key, variable), inherited)
    is_short = variable and level == keys.SECRET and len(text) == 3 and text.isalnum()
    return keys.PASSWORD if is_short and not kinds.is_setting(text) else level


def _address(text: str):
    """Of an address with secret parts what remains, and why: it says where it leads; None without."""
    cuts = texts.find(text) if re.match(r"[\w.+-]{2,30}://\S+\Z", text) else []
    return _without(text, cuts) if cuts and all("address" in cut[2] for cut in cuts) else None


def _by_looks(text: str, level: int):
    """Why a text that stands alone is left out by its letters; None where it is not."""
    if loose.is_loose(text) and (level == keys.NOTHING or _is_no_digest(text)):
        return "random letters, as secrets have"
    if level == keys.NOTHING and kinds.is_chosen(text):
        return "letters, digits and signs, as passwords have"
    return None


def _is_no_digest(text: str) -> bool:
    """Longer than digests are, and no digits of base 16, also in the quotes that an etag has."""
    short = text.strip("\"'").rpartition(":")[2] if text[:1] in "\"'" else text
    return len(short) >= 64 and not kinds.is_hex(short)


def _opens(key: str, level: int) -> bool:
    """Whether a user with a password may stand under a name; an author is none."""
    return (level == keys.PERHAPS and "auth" in key.lower()) or words.split(key)[-1:] in _OF_LOGINS


def _is_login(key: str, text: str) -> bool:
    """user:password in base64, or user/password as it is; a login's second word is always one."""
    if kinds.is_plain(text):
        return False
    match = re.match(r"[\w.@+-]{1,64}[:/]([^\s/:]{3,200})\Z", text)
    if match is None or kinds.is_setting(match.group(1)) or kinds.is_plain(match.group(1)):
        return loose.is_login(loose.decoded(text))
    return is_password(match.group(1)) or words.split(key)[-1:] in _OF_LOGINS


def is_password(word: str) -> bool:
    """Letters and digits in a password's place behind a user, or a word that tells one by its looks."""
    mixed = (
        re.search(r"[A-Za-z]", word) and re.search(r"[0-9]", word) and not re.match("v[0-9]", word)
    )
    return sentences.is_told(word) or (
        bool(mixed) and not kinds.is_plain(word) and not kinds.is_setting(word)
    )


def part(text: str) -> tuple:
    """Judge a text that has no key: what is shown has marks, or an address's rest, for the cuts."""
    cuts = texts.find(text[: texts.LONGEST])
    if not cuts:
        return (text, None) if not loose.is_loose(text) else (REDACTED, "random letters")
    shown, why = _without(text, cuts)
    return (marked(text, cuts) if shown is None else shown), why


def sweep(tree, note, path: tuple = (), judged: dict = None):
    """Take what has the shape of a secret out of every text of a tree, in place.

    Keys are names here, and decide nothing. Meant for facts: names, versions, paths, addresses.
    `judged` has the verdicts on texts before: tags of wheels come by the hundred.
    """
    judged = {} if judged is None else judged
    items = []
    if isinstance(tree, (list, dict)):
        items = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
    for key, inner in items:
        if isinstance(inner, str):
            if (
                len(inner) >= 8
                and (_SUSPECT.search(inner) or inner.count(" ") > 10)
                and not _REQUIREMENT.match(inner)
            ):
                if inner not in judged:
                    judged[inner] = _swept(inner)
                shown, why = judged[inner]
                if why is not None:
                    tree[key] = shown
                    note((*path, str(key)), why, inner)
        elif inner:
            sweep(inner, note, (*path, str(key)), judged)


# A token is a long piece with a digit; an address has two slashes or an at sign.
_SUSPECT = re.compile(
    r"//|@|[A-Za-z0-9_+=-]{20}|Bearer|Basic|BEGIN|pass|PASS|pw|PW|token|TOKEN|secret|[Ll]ogin|[Aa]ccount|[Cc]red|(?:key|KEY|auth|AUTH)[ =:]"
)
# What a distribution wants: a name of short words, releases, and when; no address.
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9]{1,15}(?:[-_.][A-Za-z0-9]{1,15}){0,5}(?:\[[a-z0-9,_-]{1,40}\])? ?\(?"
    r"(?:[<>=!~]=?=? ?[0-9][0-9a-z.*]{0,15},? ?){0,6}\)?(?: ?; ?(?:\(*(?:python_version|python_full_version"
    r"|platform_machine|sys_platform|platform_system|platform_python_implementation|os_name"
    r"|implementation_name|extra) ?(?:[<>=!]=?|in|not in) ?[\"'][\w. -]{1,24}[\"']\)*(?: (?:and|or) )?){1,12})?\Z"
)


def _swept(text: str) -> tuple:
    """Judge a fact: tokens, addresses, assignments; a digest is what facts are full of."""
    if kinds.is_hex(text) or (text.startswith("sha256:") and kinds.is_hex(text[7:])):
        return text, None
    cuts = texts.find(text[: texts.LONGEST])
    if not cuts:
        return (REDACTED, "random letters or words") if _is_strange(text) else (text, None)
    shown, why = _without(text, cuts)
    return (marked(text, cuts) if shown is None else shown), why


def _is_strange(text: str) -> bool:
    """Random letters that are no digits of base 16, and no file's name, in a place of facts."""
    if kinds.is_phrase(text):
        return True
    return loose.is_loose(text) and not kinds.is_hex(text) and re.search(r"[./:=@]", text) is None


def _without(text: str, cuts: list) -> tuple:
    """What remains: of an address the rest, of a text what stands around."""
    why = cuts[0][2]
    if re.match(r"[\w.+-]{0,30}:?//\S+\Z", text) and all("address" in cut[2] for cut in cuts):
        return addresses.joined(text, [cut[:2] for cut in cuts]), why
    shown = marked(text, cuts)
    return (None if shown.strip() == REDACTED else shown), why


def marked(text: str, cuts: list) -> str:
    """Put a mark in the place of each cut."""
    pieces, last = [], 0
    for start, end, _ in cuts:
        pieces.append(text[last:start])
        pieces.append(REDACTED)
        last = end
    pieces.append(text[last:])
    return "".join(pieces)


def message(text: str, known: dict) -> str:
    """Put marks in the place of secrets in a text that another program wrote.

    `known` maps names of variables to values: those with a secret's name are looked for.
    """
    for name, secret in known.items():
        if len(secret) > 5 and secret in text and hides(secret, keys.weigh(name, variable=True)):
            text = text.replace(secret, REDACTED)
    text = text[: texts.LONGEST]
    # One word of random letters, as `openssl rand -base64 32` prints them; digits of base 16 are a digest.
    is_made = " " not in text and not kinds.is_hex(text.strip()) and loose.is_loose(text)
    return REDACTED if is_made or _is_strange(text) else marked(text, texts.find(text))
