"""Addresses: what of a URL is a secret, and what remains of it.

User information goes; parameters of the query and of the fragment go where their names or their
values are secret, and stay otherwise: `versionId=`, `#step-1000` and `#subdirectory=` say which.
"""

import re

from . import keys, kinds
from .issuers import SHAPE

SCHEME = r"(?:\b[A-Za-z][A-Za-z0-9+.-]{0,30}:)?//"
# A password may hold slashes and at signs; what is in doubt counts as one.
_USERINFO = (
    r"(" + SCHEME + r")"
    r"(?:[^/\s@:\"'<>]{0,256}:(?![0-9]{1,5}/)[^\s@\"']{0,1024}|[^/\s@\"'<>]{1,1024})@"
    r"(?:[^/\s\"'<>]{0,512}@)?"
)
# user:password@host, also in tcp(host): letters begin it, so 1920:1080@30 is none.
_BARE = r"(?<![\w.:+@%-])(?<!//)(?!mailto:)[A-Za-z_][\w.+%-]{0,63}:(?:[^\s@/\"'\[]{1,256}@(?=[A-Za-z(\[]|[0-9]{1,3}\.[0-9])|[^\s@\"']{1,256}@(?=(?:tcp|unix|udp)\())"
# Oracle's: user/password@host.
_SLASHED = r"\b(?:thin:|oci:|sqlplus |sqlldr |expdp |impdp )[\w.$-]{1,64}/([^\s@/\"']{1,256})@"
# ... and without a word before it, where a host with a port and a service follows, or two slashes.
_EASY = r"(?<![\w/.:@-])[A-Za-z][\w.$-]{0,63}/([^\s@/\"']{3,256})@(?=//[\w.-]|tcp\(|[\w.-]{1,200}:[0-9]{2,5}/\w)"
# joe@example.org:password, as lists of logins have it; a path of scp has slashes or an end.
_OF_MAIL = r"(?<![\w.+/@-])[A-Za-z0-9][\w.+-]{0,63}@[\w-]{1,60}(?:\.[\w-]{1,30}){1,4}:([^\s/.\"'<>,;]{4,100})(?=\s|[\"',;]|\Z)"
# What a hook is called by: whoever knows the path may call it.
_HOOK = r"//[^\s/\"'<>]{1,200}/(?:[\w.-]{1,60}/){0,6}?[\w.-]{0,20}hooks?/(?:[\w.-]{1,20}/){0,3}?([0-9A-Za-z_@-]{16,200}(?:/[0-9A-Za-z_-]{4,200}){0,4})"
# .../t/TOKEN/channel, .../token/TOKEN: a part of the path that tells what the next one is.
_IN_PATH = r"//[^\s/\"'<>]{1,200}/(?:[\w.~%-]{1,80}/){0,6}?(t|(?:api[_-]?)?keys?|(?:access[_-]?)?tokens?|auth|private|secret)[/-]([0-9A-Za-z_~.-]{12,200})(?=[/?#\s\"'<>]|\Z)"
_PATH_MARKS = ("/t/", "/auth", "oken", "key", "/private", "/secret")
# Whose addresses are secrets as a whole.
_CALLED = r"//[\w.-]{0,60}(?:hook|ping|notify|ntfy|push)[\w.-]{0,60}/(?:[\w.-]{1,20}/){0,3}?([0-9A-Za-z_-]{16,200})(?=[/?#\s\"'<>]|\Z)"
_PARAMETER = r"([?&;#])([A-Za-z_][\w.%\[\]-]{0,80})=([^\s&;#\"'<>]{0,4096})"
_SAFE_HOSTS = r"(?:https?|git|hg|svn|ssh|anonymous|root|ubuntu|admin|ec2-user)@"
_NAMES = frozenset(
    "sig signature sign hmac key code state auth access_key accesskeyid awsaccesskeyid"
    " x-amz-signature x-amz-credential x-amz-security-token x-goog-signature x-goog-credential"
    " googleaccessid policy key-pair-id st se skoid hdnea hdnts tk sas".split()
)
_WHICH = r"(?:version|ref|rev|commit|sha|hash|egg|etag|subdirectory)"
_NEVER = frozenset("se st code state policy".split())


def spans(text: str) -> list:
    """Return (start, end, why) of what is secret in the addresses of a text."""
    found = _logins(text) if "@" in text else []
    if "hook" in text:
        found.extend(
            (*match.span(1), "path of a hook's address")
            for match in re.finditer(_HOOK, text)
            if kinds.is_made(match.group(1)) or kinds.is_uuid(match.group(1))
        )
    if "//" in text:
        found.extend(_called(text))
    if any(mark in text for mark in _PATH_MARKS):
        found.extend(_in_paths(text))
    if "=" in text and ("?" in text or "&" in text or "//" in text):
        found.extend(_parameters(text))
    return found


def _called(text: str) -> list:
    """What stands in the path of an address that is there to be called."""
    return [
        (*match.span(1), "path of a hook's address")
        for match in re.finditer(_CALLED, text)
        if kinds.is_made(match.group(1)) or kinds.is_uuid(match.group(1))
    ]


def _in_paths(text: str) -> list:
    """Tokens that are a part of a path: /bot/token/abc..."""
    return [
        (*match.span(2), "part of an address that is a token")
        for match in re.finditer(_IN_PATH, text)
        if (kinds.is_made(match.group(2)) or match.group(2).startswith("tk-"))
        and not (kinds.is_hex(match.group(2)) and match.group(1).startswith(("key", "token")))
    ]


def _logins(text: str) -> list:
    """What stands before the at sign: users and passwords, but for names that open nothing."""
    found = []
    for match in re.finditer(_USERINFO, text):
        inside = text[match.end(1) : match.end()]
        if match.group(1) == "//" and re.match(r"[\w*.-]{1,40}\[@", inside):
            continue  # //input[@type]
        if (
            re.match(r"(?:git\+)?(?:ssh|sftp|rsync|wasbs?|abfss?):", match.group(1))
            and ":" not in inside
        ):
            continue  # a user's name alone, where keys open the door; Azure's container
        is_known = re.match(_SAFE_HOSTS + r"\Z", inside) or _is_image(text, match)
        if not (is_known or _is_reference(inside[:-1])):
            found.append((match.end(1), match.end(), "user information of an address"))
    for match in re.finditer(_BARE, text):
        _, _, password = match.group()[:-1].partition(":")
        if not (_is_image(text, match) or _is_left_open(password)):
            found.append((match.start(), match.end(), "user information of an address"))
    found.extend(_of_mails(text))
    for shape in (_SLASHED, _EASY):
        matches = (match for match in re.finditer(shape, text) if not _is_left_open(match.group(1)))
        found.extend((*match.span(1), "password of an address") for match in matches)
    return found


def _of_mails(text: str) -> list:
    """A password behind the address of a mailbox."""
    return [
        (*match.span(1), "password of an address")
        for match in re.finditer(_OF_MAIL, text)
        if re.search("[A-Za-z]", match.group(1))
        and re.search("[0-9!#$%&*^-]", match.group(1))
        and not _is_left_open(match.group(1))
    ]


def _is_reference(inside: str) -> bool:
    """${USER}:${PASSWORD} says where both are, and so does user:${PASSWORD}."""
    user, colon, password = inside.partition(":")
    if kinds.is_reference(inside):
        return True
    known = kinds.is_reference(user) or re.match(r"[\w.-]{0,40}\Z", user) is not None
    return bool(colon) and known and _is_left_open(password)


def _is_left_open(password: str) -> bool:
    """A variable or a mark in a password's place; `vault:x` and `op:x` are none inside an address."""
    if password.startswith("$") and kinds.is_made(password[1:]):
        return False  # a password may begin with the sign of a variable
    return kinds.is_reference(password) and re.match(r"[A-Za-z.]+[:+\[]", password) is None


def _is_image(text: str, match) -> bool:
    """name:tag@sha256:... is an image, and no user."""
    return text.startswith(("sha256:", "sha512:"), match.end())


def _parameters(text: str) -> list:
    """Parameters whose names or values are secret, each with the sign before it."""
    found = []
    for word in re.finditer(r"[^\s\"'<>]{3,}", text):
        begin, word_text = word.start(), word.group()
        if "=" not in word_text or not set(word_text) & set("?&#;"):
            continue
        # A parameter stands behind an address, or behind another one.
        known = [word_text.find(sign) for sign in ("//", "?", "/", "=")]
        first = min(at for at in known if at >= 0)
        for match in re.finditer(_PARAMETER, word_text):
            name, shown = match.group(2), match.group(3)
            if shown and _is_secret(name, shown) and match.start() >= first:
                found.append(
                    (begin + match.start(), begin + match.end(), "parameter of an address")
                )
    return found


def _is_secret(name: str, value: str) -> bool:
    low = name.lower()
    if re.match(SHAPE, value) or (low in _NAMES and low not in _NEVER):
        return True
    level = keys.weigh(name)
    if level < keys.SECRET and re.match(_WHICH, low):
        level = keys.DIGEST
    if level >= keys.SECRET and not kinds.is_plain(value):
        return True
    spelled = re.sub("%[0-9A-Fa-f]{2}", "/", value)
    loose = kinds.is_random(spelled) and not kinds.is_path(value) and "//" not in value
    return loose and (level != keys.DIGEST)


def joined(text: str, cuts: list) -> str:
    """Return a text without the cuts; what follows a cut `?name=value` takes its sign."""
    pieces, last, owed = [], 0, ""
    for start, end in [*cuts, (len(text), len(text))]:
        piece = text[last:start]
        if owed and piece:
            piece = owed + piece[1:] if piece[0] == "&" else piece
            owed = ""
        pieces.append(piece)
        owed = owed or ("?" if text[start : start + 1] == "?" else "")
        last = end
    return "".join(pieces)
