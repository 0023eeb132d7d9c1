"""Values that are users with their passwords, or a scheme with what it carries, whatever else the key may hold."""

import re

from . import keys, kinds, words

_ONE = r"[\w.@\\-]{1,64}:[^\s:,;/][^\s:,;]{2,200}"
_LOGINS = r"\s?" + _ONE + r"(?:[,;\n] ?" + _ONE + r")*\s?\Z"
_SCHEME = r"(?i)(?:basic|bearer|token|api-?key|digest|negotiate)[ :]+(?:[\w.@-]{1,64}:)?([^\s:]{4,4096})\Z"
# Accounts that programs come with, and that are no images of containers.
_KNOWN = (
    r"(?:admin|administrator|root|guest|superuser|sysadmin|sa|elastic|kibana_system|rabbitmq_admin)"
)
_ANY = r"[a-zA-Z][\w.@-]{0,40}"
# Whose items are users, and whose are logins beyond doubt.
_USERS = frozenset("user users account accounts member members".split())
_SURELY = frozenset(
    "login logins auth htpasswd chpasswd credential credentials cred creds userpwd basicauth".split()
)
# What users have beside a password.
_ROLES = frozenset(
    "admin admins user users viewer editor owner owners reader writer guest root operator member members staff dev"
    " developer developers ops readonly read write none all superuser manager maintainer reporter nobody nogroup"
    " group groups wheel docker video render www-data daemon service".split()
)


def holds(key: str) -> bool:
    """Tell whether a key is one of logins, beyond doubt."""
    return bool(_SURELY.intersection(words.split(key)))


def are(key: str, text: str, level: int) -> bool:
    """Tell whether a value is `joe:x`, several of these, or `Bearer x`, under a key that may hold it."""
    if level == keys.PERHAPS and "auth" in words.split(key) and _is_scheme(text):
        return True
    if ":" not in text or level == keys.DIGEST:
        return False
    names = words.split(key)
    return _is_account(text, names) or _are_pairs(key, text, names)


def _is_account(text: str, names: list) -> bool:
    """Tell whether a value is one user with a word that somebody made up: under any name, or one of users."""
    return _is_of(text, _ANY if _USERS.intersection(names[-1:]) else _KNOWN)


def _are_pairs(key: str, text: str, names: list) -> bool:
    """Tell whether a value is users with passwords, under a key of logins or of users."""
    surely = holds(key)
    if not (surely or names[-1:] == ["list"] or _USERS.intersection(names[-1:])):
        return False
    pairs = _pairs(text)
    if not surely and not (_USERS.intersection(names[-1:]) and (pairs[1:] or key[-1:] in "sS")):
        return False
    return bool(pairs) and all(_opens(user, word) for user, _, word in pairs)


def _is_of(text: str, user: str) -> bool:
    """Tell whether a text is one user with a word that somebody made up; a group or a release is none."""
    match = re.match(user + r":([^\s:/@,;]{6,64})\Z", text)
    word = match.group(1) if match is not None else ""
    return (
        re.search(r"[A-Za-z]", word) is not None
        and re.search(r"[0-9!#$%^&*?]", word) is not None
        and re.match(r"v?[0-9]+(?:[._-]|\Z)|[a-z]+-[0-9]{1,3}\Z", word) is None
        and not _is_no_password(word)
    )


def _pairs(text: str) -> list:
    """The users of a list with what stands behind each colon; none where it is no such list."""
    if re.match(_LOGINS, text) is None:
        return []
    return [pair.strip().partition(":") for pair in re.split("[,;\n]", text.strip())]


def _opens(user: str, word: str) -> bool:
    return word != user and not _is_no_password(word)


def _is_scheme(text: str) -> bool:
    match = re.match(_SCHEME, text)
    return match is not None and not _is_no_password(match.group(1))


def _is_no_password(word: str) -> bool:
    return kinds.is_ordinary(word) or word.lower() in _ROLES


def is_code(key: str, text: str) -> bool:
    """Tell whether digits are the password of a variable: its value is a text, and no number is counted there."""
    return (
        words.split(key) != ["pass"]
        and re.match(r"[0-9]{4,64}\Z|[0-9]{2,12}(?:[ .-][0-9]{2,12}){1,9}\Z", text) is not None
    )
