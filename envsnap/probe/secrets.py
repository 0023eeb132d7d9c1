"""What counts as a secret, and how it is taken out before anything leaves the target.

Three layers: environment values are allow-listed (`env_vars`), URLs lose their credentials and
their query, and texts of config files lose the values under secret-looking keys and whatever
has the shape that an issuer documents for its tokens. Every pattern is bounded, so that no
value can make it slow.
"""

import re

REDACTED = "<redacted by envsnap>"
LONGEST_VALUE = 8192

_KEY_WORDS = (
    r"passw(?:or)?d",
    r"passphrase",
    r"passcode",
    r"(?<![a-z])pass(?![a-z])",
    r"(?:db|user)pass",
    r"pwd(?![a-z])",
    r"secret",
    r"token",
    r"credential",
    r"apikey",
    r"authorization",
    r"bearer",
    r"(?<![a-z])auth(?![a-z])",
    r"cookie",
    r"session[_-]?id",
    r"dsn(?![a-z])",
    r"webhook",
    (
        r"(?:api|auth|access|account|private|encryption|signing|ssh|master|shared|service|client"
        r"|subscription|license|admin|deploy|sas|storage)[_-]?key"
    ),
    r"conn(?:ection)?[_-]?str",
    r"(?:database|db|redis|broker|amqp)[_-]?ur[il]",
    r"mongo\w{0,20}ur[il]",
    r"(?<![a-z])otp(?![a-z])",
)
_SECRET_KEY = re.compile("|".join(_KEY_WORDS), re.IGNORECASE)

# Words of language models and of authorship that only look like the ones above.
_BENIGN_KEY = re.compile(
    r"tokeniz\w{0,40}|token_?type\w{0,20}|\w{0,60}?tokens(?![a-z])|\w{0,60}?tokens?_?(?:ids?|limit|count|len"
    r"|length|per|budget|size|num|index|pos|embed|loss|dropout|prob|class|wise)\w{0,20}"
    r"|(?:pad|eos|bos|unk|sep|cls|mask|image|audio|video|stop|start|end|boi|eoi|sos|special|new"
    r"|speech|timestamp|blank|word|sub)_?token|token_?level\w{0,20}",
    re.IGNORECASE,
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
    r"https://[\w.-]{1,100}\.webhook\.office\.com/[A-Za-z0-9/@_-]{8,255}",
    r"[rsp]k_(?:live|test)_[0-9a-zA-Z]{16,255}",
    r"eyJ[A-Za-z0-9_=-]{8,4096}\.[A-Za-z0-9_=-]{8,4096}(?:\.[A-Za-z0-9_.+/=-]{0,4096})?",
    r"pypi-[A-Za-z0-9_-]{40,255}",
    r"npm_[A-Za-z0-9]{30,255}",
    r"AccountKey=[a-zA-Z0-9+/=]{40,100}",
    r"SG\.[a-zA-Z0-9_-]{16,64}\.[a-zA-Z0-9_-]{16,64}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"ya29\.[0-9A-Za-z_-]{20,255}",
    r"nvapi-[A-Za-z0-9_-]{20,255}",
    r"dop_v1_[a-f0-9]{64}",
    r"dckr_pat_[A-Za-z0-9_-]{20,255}",
    r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
)
# No text without one of these can match a shape; looking for them is cheap.
_ANCHORS = (
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
    ":AA",
)
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----"
    r".{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|\Z)"
)
_USERINFO = r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://)[^/\s\"'<>]{1,1024}@"
_QUERY = r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"'?#<>]{1,2048})\?[^\s\"'#<>]{1,4096}"

_SHAPE = r"(?<![A-Za-z0-9])(?:" + "|".join(_SHAPES) + ")"
_KEY = r"(?<![\w.-])(?P<quote>[\"']?)(?P<key>[A-Za-z0-9_][\w.-]{0,80})(?P=quote)[ \t]{0,40}"
_HEAD = _KEY + r"(?:=>|[:=])[ \t]{0,40}"
_VALUE = (
    r"\"(?:[^\"\\\n]|\\.){0,8192}\"|'[^'\n]{1,8192}'|\[[^\]\n]{0,8192}\]|\{[^}\n]{0,8192}\}"
    r"|[^\s,}\]#\"'\[{|>][^\n,}\]]{0,8192}"
)
_TRIPLE = ('"' * 3, "'" * 3)
_BLOCK = (
    r"^(?P<indent>[ \t]{0,200}(?:- )?)"
    + _KEY
    + r"[:=][ \t]{0,40}(?P<open>[|>][^\n]{0,20}|\"{3}|'{3}|)"
    r"[ \t]{0,40}(?P<rest>[^\n]{0,8192})$"
)


def is_secret_key(key: str) -> bool:
    """Tell whether values under this name must never be shown."""
    return _SECRET_KEY.search(_BENIGN_KEY.sub("", key[:200])) is not None


def clean_url(text: str) -> str:
    """Take user information and query out of every URL in a text; hosts and paths stay."""
    if "://" not in text:
        return text
    return re.sub(_QUERY, r"\1", re.sub(_USERINFO, r"\1", text))


def clean_value(text: str) -> str:
    """Return a value without secrets in it, or None where it must be dropped as a whole."""
    if len(text) > LONGEST_VALUE or "-----BEGIN" in text or _has_secret_shape(text):
        return None
    return clean_url(text)


def _has_secret_shape(text: str) -> bool:
    return any(anchor in text for anchor in _ANCHORS) and re.search(_SHAPE, text) is not None


def clean_text(text: str) -> str:
    """Take secrets out of a config file's text, whatever its format, keeping its structure."""
    text = _clean_blocks(re.sub(_PRIVATE_KEY, REDACTED, text, flags=re.DOTALL))
    text = _clean_pairs(text)
    return clean_url(re.sub(_SHAPE, REDACTED, text))


def _clean_pairs(text: str) -> str:
    """Replace the value after each secret-looking key, also inside the values of other keys."""
    head, value = re.compile(_HEAD), re.compile(_VALUE)
    cleaned, done, at = [], 0, 0
    while True:
        key = head.search(text, at)
        if key is None:
            break
        at = key.end()
        found = value.match(text, at) if is_secret_key(key.group("key")) else None
        if found:
            cleaned.append(text[done:at] + '"' + REDACTED + '"')
            done = at = found.end()
    return "".join(cleaned) + text[done:]


def _clean_blocks(text: str) -> str:
    """Redact values that start on the line after their key, or run over several lines."""
    cleaned, opened, depth = [], None, 0
    pattern = re.compile(_BLOCK)
    for line in text.split("\n"):
        if opened is not None and _is_inside(line, opened, depth):
            if opened in _TRIPLE and opened in line:
                opened = None
            continue
        opened = None
        match = pattern.match(line)
        if match and is_secret_key(match.group("key")) and _runs_on(match):
            opened, depth = match.group("open").strip(), len(match.group("indent"))
            cleaned.append(line[: match.start("open")] + ' "' + REDACTED + '"')
        else:
            cleaned.append(line)
    return "\n".join(cleaned)


def _runs_on(match) -> bool:
    """Tell whether the value continues below: a block, or an open triple quote."""
    opened, rest = match.group("open"), match.group("rest")
    if opened in _TRIPLE:
        return opened not in rest
    return rest == ""


def _is_inside(line: str, opened: str, depth: int) -> bool:
    if opened in _TRIPLE or not line.strip():
        return True
    indent = len(line) - len(line.lstrip())
    return indent > depth or (opened == "" and indent == depth and line.lstrip().startswith("- "))
