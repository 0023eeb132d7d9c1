"""What counts as a secret, and how it is taken out.

Environment values are allow-listed (`collectors.env_vars`), and cleaned here all the same. Config
files are parsed on the host, and lose the values under secret-looking keys and whatever has the
shape that an issuer documents for its tokens (`intake.config_trees` asks here). URLs lose their
credentials, query and fragment everywhere. Every pattern is bounded, so that no value can make it
slow; what is in doubt is dropped.
"""

import os
import re

REDACTED = "<redacted by envsnap>"
LONGEST_VALUE = 8192
LONGEST_KEY = 2000

_KEY_WORDS = (
    r"passw(?:or)?d",
    r"passphrase",
    r"passcode",
    r"(?<![a-z])pass(?![a-z])",
    r"(?:db|user|my|root|admin)pass(?![a-z])",
    r"pwd(?![a-z])",
    r"(?<![a-z])pw(?![a-z])",
    r"secret",
    r"token",
    r"credential",
    r"(?<![a-z])creds?(?![a-z])",
    r"_cred(?![a-z])",
    r"apikey",
    r"authorization",
    r"bearer",
    r"(?<![a-z])auth(?![a-z])",
    r"cookie",
    r"session[_. -]?id",
    r"(?<![a-z])dsn(?![a-z])",
    r"webhook",
    r"(?<![a-z])jwt(?![a-z])",
    r"(?<![a-z])otp(?![a-z])",
    r"(?<![a-z])pin(?![a-z])",
    (
        r"(?:api|auth|access|account|private|encryption|signing|ssh|master|shared|service|client"
        r"|subscription|license|admin|deploy|sas|storage|openai|anthropic)[_. -]?key"
    ),
    r"conn(?:ection)?[_. -]?str",
    r"(?:database|db|redis|broker|amqp)[_. -]?ur[il]",
    r"mongo\w{0,20}ur[il]",
)
# Patterns are text until they are used: compiling them all would cost every capture 8 ms.
_SECRET_KEY = "|".join(_KEY_WORDS)

# No key without one of these can match; looking for them is cheap.
_KEY_ANCHORS = (
    "pass",
    "pw",
    "secret",
    "token",
    "cred",
    "key",
    "auth",
    "bearer",
    "cookie",
    "session",
    "dsn",
    "webhook",
    "jwt",
    "otp",
    "pin",
    "conn",
    "url",
    "uri",
)

# Words of language models, of vision models and of authorship that only look like the ones above.
_BENIGN_KEY = (
    r"tokeniz\w{0,40}|token_?type\w{0,20}"
    r"|(?:max|min|num|n|total|new|special|stop|input|output|prompt|completion|context|vocab|bad"
    r"|suppress|forced|image|audio|video|pad|visual|extra|unused|reserved|added|mask)\w{0,40}_?tokens"
    r"(?![a-z])\w{0,20}"
    r"|\w{0,40}tokens?_?(?:ids?|limit|count|len|length|per|budget|size|num|index|pos|embed|loss"
    r"|dropout|prob|class|wise|shift|mix|level|map|merg|prun)\w{0,20}"
    r"|(?:pad|eos|bos|eot|unk|sep|cls|class|mask|image|audio|video|stop|start|end|boi|eoi|sos"
    r"|special|new|speech|timestamp|blank|word|sub|system|user|assistant|prefix|suffix|patch"
    r"|first|last|next|decoder_start)_?token(?![a-z])"
    r"|forward_?pass|backward_?pass"
)

_SHAPES = (
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",
    r"gh[pousr]_[A-Za-z0-9_]{30,255}",
    r"github_pat_[A-Za-z0-9_]{22,255}",
    r"gl(?:pat|dt|ft|soat|rt|ptt|cbt|imt|agent)-[A-Za-z0-9_-]{20,255}",
    r"hf_[A-Za-z0-9]{20,255}",
    r"api_org_[A-Za-z0-9]{20,255}",
    r"sk-[A-Za-z0-9_-]{20,255}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,255}",
    r"https://hooks\.slack\.com/[A-Za-z0-9/_-]{8,255}",
    r"https://(?:\w{1,20}\.)?discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]{8,255}",
    r"https://[\w-]{1,60}\.webhook\.office\.com/[A-Za-z0-9/@_-]{8,255}",
    r"[rsp]k_(?:live|test)_[0-9a-zA-Z]{16,255}",
    r"eyJ[A-Za-z0-9_=-]{8,4096}\.[A-Za-z0-9_=-]{8,4096}(?:\.[A-Za-z0-9_.+/=-]{0,4096})?",
    r"pypi-[A-Za-z0-9_-]{40,255}",
    # Hashes of passwords, as crypt(5) and Argon2 write them.
    r"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id?|d))\$[A-Za-z0-9./$=,+-]{8,255}",
    r"npm_[A-Za-z0-9]{30,255}",
    r"AccountKey=[a-zA-Z0-9+/=]{40,100}",
    r"SG\.[a-zA-Z0-9_-]{16,64}\.[a-zA-Z0-9_-]{16,64}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"ya29\.[0-9A-Za-z_-]{20,255}",
    r"nvapi-[A-Za-z0-9_-]{20,255}",
    r"dop_v1_[a-f0-9]{64}",
    r"dckr_pat_[A-Za-z0-9_-]{20,255}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{40,80}",
    r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
    r"(?:Basic|Bearer)\s{1,4}[A-Za-z0-9+/=._-]{8,4096}",
    r"sig=[A-Za-z0-9%+/=_-]{8,512}",
)
# No text without one of these can match a shape; looking for them is cheap.
_ANCHORS = (
    "$",
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "A3T",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "gl",
    "hf_",
    "api_org_",
    "sk-",
    "xox",
    "hooks.slack.com",
    "discord",
    "webhook.office.com",
    "sk_",
    "rk_",
    "pk_",
    "eyJ",
    "pypi-",
    "npm_",
    "AccountKey=",
    "SG.",
    "AIza",
    "ya29.",
    "nvapi-",
    "dop_v1_",
    "dckr_pat_",
    "AGE-SECRET",
    ":AA",
    "Basic",
    "Bearer",
    "sig=",
)
_SHAPE = r"(?<![A-Za-z0-9])(?:" + "|".join(_SHAPES) + ")"
_PRIVATE_KEY = r"-{4,5} ?BEGIN|PuTTY-User-Key-File"

_SCHEME = r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}:)?//"
# A password may hold slashes and at signs; what is in doubt counts as one.
_USERINFO = (
    _SCHEME
    + r"(?:[^/\s@:]{0,256}:[^\s@]{0,1024}|[^/\s@]{1,1024})@[^/\s]{0,1024}@|"
    + _SCHEME
    + r"(?:[^/\s@:]{0,256}:[^\s@]{0,1024}|[^/\s@]{1,1024})@"
)
_TAIL = r"(" + _SCHEME + r"[^\s\"'?#;<>]{1,2048})[?#;][^\s\"'<>]{0,4096}"
_BARE_USERINFO = r"(?<![\w/.:+-])[\w.+-]{1,64}:[^\s@/]{1,256}@(?=[\w.-])"
# Assignments and options inside a value: "password": "x", API_KEY=x, ;Pwd=x; --api-key x.
_INNER = (
    r"(?<![\w.-])([A-Za-z_][\w.-]{0,80})(?:\\?[\"']\s{0,8}:\s{0,4}\\?[\"']|\s{0,4}=\s{0,4}\S)"
    r"|(?<!\S)--?([A-Za-z][\w-]{0,80})[ =]\S"
)


def is_secret_key(key: str) -> bool:
    """Tell whether values under this name must never be shown."""
    key = key[:LONGEST_KEY]
    lower = key.lower()
    if not any(part in lower for part in _KEY_ANCHORS):
        return False
    if not re.search(_SECRET_KEY, key, re.IGNORECASE):
        return False
    return (
        re.search(_SECRET_KEY, re.sub(_BENIGN_KEY, "", key, flags=re.IGNORECASE), re.IGNORECASE)
        is not None
    )


def clean_url(text: str) -> str:
    """Take user information, query and fragment out of every URL in a text."""
    if "@" in text:
        text = re.sub(_BARE_USERINFO, "", re.sub(_USERINFO, _scheme, text))
    return re.sub(_TAIL, r"\1", text) if "//" in text else text


def _scheme(match) -> str:
    return (match.group(1) or match.group(2) or "") + "//"


def clean_value(text: str) -> str:
    """Return a value without secrets in it, or None where it must be dropped as a whole."""
    if (
        len(text) > LONGEST_VALUE
        or (("BEGIN" in text or "PuTTY" in text) and re.search(_PRIVATE_KEY, text))
        or _has_secret(text)
    ):
        return None
    return clean_url(text)


def _has_secret(text: str) -> bool:
    if any(anchor in text for anchor in _ANCHORS) and re.search(_SHAPE, text):
        return True
    if not re.search(_SECRET_KEY, text, re.IGNORECASE):
        return False
    pairs = re.finditer(_INNER, text)
    return any(is_secret_key(match.group(1) or match.group(2)) for match in pairs)


def is_secret_option(text: str) -> bool:
    """Tell whether a list item is an option whose value, the next item, is a secret."""
    return text.startswith("-") and "=" not in text and is_secret_key(text.lstrip("-"))


def clean_message(text: str) -> str:
    """Take secrets out of an error message that somebody else wrote, keeping the rest."""
    for name, value in os.environ.items():
        if len(value) > 5 and value in text and is_secret_key(name):
            text = text.replace(value, REDACTED)
    if any(anchor in text for anchor in _ANCHORS):
        text = re.sub(_SHAPE, REDACTED, text)
    return clean_url(text)
