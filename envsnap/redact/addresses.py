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
    r"(?:(?:[^/\s@:\"'<>]{0,256}:[^\s@\"'<>]{0,1024}|[^/\s@\"'<>]{1,1024})@[^/\s@\"'<>]{0,512}@"
    r"|(?:[^/\s@:\"'<>]{0,256}:[^\s@\"'<>]{0,1024}|[^/\s@\"'<>]{1,1024})@)"
)
# user:password@host, also in tcp(host): letters begin it, so 1920:1080@30 is none.
_BARE = r"(?<![\w/.:+@%-])[A-Za-z_][\w.+%-]{0,63}:[^\s@/\"']{1,256}@(?=[A-Za-z(\[]|[0-9]{1,3}\.[0-9])"
# Oracle's: user/password@host.
_SLASHED = r"\b(?:thin:|oci:|sqlplus |sqlldr |expdp |impdp )[\w.$-]{1,64}/([^\s@/\"']{1,256})@"
_PARAMETER = r"([?&;#])([A-Za-z_][\w.%\[\]-]{0,80})=([^\s&;#\"'<>]{0,4096})"
_SAFE_HOSTS = r"(?:git|hg|svn|ssh|anonymous|root|ubuntu|admin|ec2-user)@"
_NAMES = frozenset(
    "sig signature sign hmac key code state auth access_key accesskeyid awsaccesskeyid"
    " x-amz-signature x-amz-credential x-amz-security-token x-goog-signature x-goog-credential"
    " googleaccessid policy key-pair-id st se skoid hdnea hdnts tk sas".split()
)
_NEVER = frozenset("se st code state policy".split())


def spans(text: str) -> list:
    """Return (start, end, why) of what is secret in the addresses of a text."""
    found = []
    if "@" in text:
        for match in re.finditer(_USERINFO, text):
            inside = text[match.end(1) : match.end()]
            if not (re.match(_SAFE_HOSTS + r"\Z", inside) or kinds.is_reference(inside[:-1])):
                found.append((match.end(1), match.end(), "user information of an address"))
        for match in re.finditer(_BARE, text):
            name, _, password = match.group()[:-1].partition(":")
            if not (_is_image(text, match) or kinds.is_reference(password)):
                found.append((match.start(), match.end(), "user information of an address"))
        found.extend(
            (*match.span(1), "password of an address") for match in re.finditer(_SLASHED, text)
        )
    if "=" in text and ("?" in text or "&" in text or "//" in text):
        found.extend(_parameters(text))
    return found


def _is_image(text: str, match) -> bool:
    """name:tag@sha256:... is an image, and no user."""
    return text.startswith(("sha256:", "sha512:"), match.end())


def _parameters(text: str) -> list:
    """Parameters whose names or values are secret, each with the sign before it."""
    found = []
    for match in re.finditer(_PARAMETER, text):
        name, value = match.group(2), match.group(3)
        if not value or not _follows_address(text, match.start()):
            continue
        low = name.lower()
        secret = low in _NAMES and low not in _NEVER
        if low in _NEVER:
            secret = kinds.is_random(value)
        if not secret:
            level = keys.weigh(name)
            secret = (level >= keys.SECRET and not kinds.is_plain(value)) or (
                level != keys.DIGEST
                and not re.match(r"(?:version|ref|rev|commit|sha|hash|egg|etag)", low)
                and kinds.is_random(re.sub("%[0-9A-Fa-f]{2}", "/", value))
                and not kinds.is_path(value)
                and "//" not in value
            )
        if secret or re.match(SHAPE, value):
            found.append((match.start(), match.end(), "parameter of an address"))
    return found


def _follows_address(text: str, at: int) -> bool:
    """Whether a parameter stands behind an address: no blank in between."""
    begin = max(text.rfind(sign, max(0, at - 2048), at) for sign in (" ", "\n", "\t", '"', "'"))
    before = text[begin + 1 : at]
    return "//" in before or (text[at] == "&" and "=" in before) or "?" in before + text[at] or before.startswith("/")


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
