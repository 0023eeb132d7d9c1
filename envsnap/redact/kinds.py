"""What kind of a value a text is: a number, a switch, a path, a reference, or random letters."""

import re

MARK = "<redacted by envsnap>"  # what stands in the place of a secret
_UNIT = r"(?:[kKmMgGtTpPeE]i?[bB]?(?:it|ps)?|[bB]|%|[nmu]?s|sec(?:onds)?|min(?:utes)?|[mhdwy]|hours?|days?|[MGk]?Hz|x|px|pt|em|deg|rad|V|W|[mC])"
_NUMBER = r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|0[bo][0-7]{1,64}|(?:[0-9][0-9_,]{0,400}(?:\.[0-9_]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,6})?)"
_QUANTITY = _NUMBER + r" ?" + _UNIT + r"?"
# 16:9@60, 1920x1080, 0-7,9, 10:30:00, 1/8, [1, 2], (3,4), 3 4 5, 1e-4~1e-3, 7.0;7.5+PTX
_NUMBERS = (
    r"[\[({]?\s{0,4}" + _QUANTITY + r"(?:\s{0,4}[,:;x*/@~| -]\s{0,4}" + _QUANTITY + r"){0,999}"
    r"\s{0,4}(?:\+PTX)?[\])}]?"
)
_VERSION = (
    r"[~^=<>!]{0,3}\s?[vVrR]?[0-9]{1,8}(?:\.[0-9*x]{1,20}){0,8}"
    r"(?:[.-]?(?:a|b|rc|c|alpha|beta|post|dev|pre|p|final|snapshot|SNAPSHOT|LTS|lts)[.-]?[0-9]{0,12})?"
    r"(?:[.-](?:post|dev)[.-]?[0-9]{0,12}){0,2}"
    r"(?:[+-][A-Za-z0-9.]{1,30})?"
)
# When a job runs, as cron has it.
_CRON = r"(?:(?:\*|[0-9,-]{1,20})(?:/[0-9]{1,2})? ){4}[0-9*,/A-Za-z-]{1,20}"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{1,20}(?:Z|[+-][0-9:]{2,5})?)?"
_SPECIAL = r"\(\?[a-z]{0,4}[:=!)].*|<[^<>\s@:]{0,60}>|\[[A-Za-z0-9_ ]{1,40}\]|<\|[^<>|]{1,60}\|>"
_UUID = r"(?:[A-Za-z]{1,8}-)?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_REFERENCE = (
    r"\$\{[^{}]{1,200}\}|(?:\$[A-Za-z_]\w{0,99}[:/._-]?){1,9}|\$\([^()]{1,200}\)|\$\{\{[^{}]{1,200}\}\}"
    r"|\{\{[^{}]{1,200}\}\}|%[A-Za-z_]\w{0,99}%|%\([A-Za-z_]\w{0,99}\)s|\{[A-Za-z_][\w.]{0,99}\}"
    r"|(?:env|ENV|file|secret|secrets|vault|ssm|awssm|gcpsm|azurekv|op|keyring|oc\.env|ref)"
    r"(?::|\+|\[)/{0,3}[\w./#:\[\]'\" -]{1,200}"
    r"|os\.environ/\w{1,99}|os\.environ(?:\.get\(|\[)['\"]\w{1,99}['\"][\])]"
    r"|arn:aws[\w-]{0,10}:[\w:/.-]{1,200}|projects/[\w-]{1,60}/secrets/[\w./-]{1,100}"
    r"|(?:@|[A-Za-z][\w-]{0,30}:)/(?:[a-z][\w.-]{1,30}/){1,9}[\w.-]{1,99}|@/[\w./-]{1,200}|(?:(?:id|type|src|source|env|target|dst)=[\w./:-]{1,200}(?:,|\Z)){1,6}"
    r"|(?:[\w-]{0,12}[-_])?[*xX.]{3,64}|<[^<>]{1,80}>|\*{1,64}"
    r"|(?i:(?:your|insert|replace|enter|paste|fill)(?=[A-Za-z_ -]{0,60}(?:pass|pwd|pw|key|token|secret|cred|here|own|real|actual"
    r"|value|string|api|name|user|org|company|project|domain|host|mail|account|endpoint|bucket|region|code)"
    r"(?![a-z]|(?<=[A-Z])[A-Z]))(?:[-_ ]?[A-Za-z]{2,12}){1,6}[-_ ]?)"
)
# The name under which a vault has it: api_key, clientSecret.
# What says when it was made, what it is a digest of, or what a protein is made of: letters of no secret.
_IDENTITY = r"01[0-9A-HJKMNP-TV-Z]{24}|Qm[1-9A-HJ-NP-Za-km-z]{44}|[ACDEFGHIKLMNPQRSTVWY]{30,2000}"
# A path of which the first parts are words is a place, whatever the store calls what lies there.
_PLACE = r"(?:~|\.{1,2})?/(?:[a-z][a-z._]{1,30}/){2}[\w./+@=-]{1,999}"
_KEY_NAME = r"(?:api|access|client|private|auth|account|db|bearer|refresh|signing|hf|wandb)(?:[_-](?:key|token|secret|password|pat)|Key|Token|Secret)"
_CONSTANT = r"[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,10}"
_WORD = r"[A-Za-z][a-z]{0,30}|[A-Z]{1,16}"
_IDENTIFIER = r"[A-Za-z][A-Za-z]{0,30}(?:[_.:/-][A-Za-z][A-Za-z]{0,30}|[_.-]?[0-9]{1,4}(?![0-9]))*"

SWITCHES = frozenset(
    "true false yes no on off null none nil ~ t f y n enabled disabled required optional auto"
    " always never undefined unset empty redacted hidden prompt ask inherit".split()
)
# Words that stand where a token, a key or a method of authentication is named, not given.
SETTINGS = frozenset(
    "default standard custom basic rbac abac bearer token tokens jwt oauth oauth2 oidc saml sasl ldap"
    " kerberos digest ntlm plain login scram mtls tls ssl iam managed anonymous public private"
    " shared static dynamic file env environment keyring vault memory redis database db local"
    " remote global mean max min sum cls first last all any avg average linear learned absolute"
    " relative rotary sinusoidal concat add mul gated attention left right both top bottom"
    " random uniform normal constant zero zeros one ones full partial strict loose lax secure"
    " fast slow word char byte sentence document line text json yaml binary base64 hex utf8 ascii"
    " int float str bool string number list dict name id key value index type path url uri query"
    " header cookie session body form param trust peer md5 sha256 argon2 bcrypt scrypt pbkdf2"
    " dummy fake test placeholder not-needed not-used na n/a todo tbd eos bos pad unk sep mask"
    " system user assistant client server internal external admin0 read write readonly include omit same-origin".split()
)


def is_number(text: str) -> bool:
    """Numbers, quantities, ranges, versions and moments."""
    short = text.strip()
    if not short or not any(letter.isdigit() for letter in short):
        return False
    if short[:-1].lower().endswith(("inf", "nan")):
        return True
    return any(re.match(shape + r"\Z", short) for shape in (_NUMBERS, _VERSION, _MOMENT, _CRON))


def is_plain(text: str) -> bool:
    """What no secret ever is: nothing, switches, numbers, marks, tokens of a model."""
    low = text.strip().lower()
    if low in SWITCHES or low in ("", "inf", "nan", "-inf", ".inf", "-.inf", ".nan"):
        return True
    if len(low) < 8 and not any(letter.isalnum() for letter in low):
        return True
    if any(ord(letter) > 127 for letter in low):
        return len(low) < 4 and not any(letter.isdigit() for letter in low)
    return is_number(text) or re.match(_SPECIAL + r"\Z", text.strip()) is not None


def is_reference(text: str) -> bool:
    """A place where the secret is, or a mark where it was."""
    short = text.strip()
    return re.match("(?:" + _REFERENCE + r")\Z", short) is not None or (
        re.match(_CONSTANT + r"\Z", short) is not None and not _mixes(short.replace("_", ""))
    )


def is_setting(text: str) -> bool:
    """A word that settings use where a token or a key could stand."""
    short = text.strip()
    return (
        short.lower() in SETTINGS
        or short == "EMPTY"
        or re.match(_KEY_NAME + r"\Z", short) is not None
    )


def is_public(text: str) -> bool:
    """How OpenSSH prints a key's fingerprint, and hides the name of a known host: made to be shown."""
    digest = r"[A-Za-z0-9+/]{27}="
    return (
        re.match(
            r"SHA256:[A-Za-z0-9+/]{43}=?\Z|\|1\|" + digest + r"\|" + digest + r"(?: |\Z)", text
        )
        is not None
    )


def is_ordinary(text: str) -> bool:
    """A number, a word of settings, a reference or a path: what stands in a secret's place, and is none."""
    return is_plain(text) or is_setting(text) or is_reference(text) or is_path(text)


def is_path(text: str) -> bool:
    """A file's path whose parts are words."""
    short = text.strip()
    if not re.match(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]|file:|/", short) or " " in short:
        return (
            re.match(r"[\w.-]{1,80}(?:/[\w.-]{1,80})*\.(?:json|ya?ml|toml|txt|pem|key|crt|cer|env|ini|cfg|conf|py|bin|pt|model|vocab|p12|jks|safetensors)\Z", short)
            is not None
        )  # fmt: skip
    return not any(is_random(part) for part in re.split(r"[/\\]", short))


def is_uuid(text: str) -> bool:
    """A UUID, also with the prefix of a device."""
    return re.match(_UUID + r"\Z", text.strip()) is not None


def is_words(text: str) -> bool:
    """A name made of words: letters, short numbers, and signs between them."""
    return re.match(_IDENTIFIER + r"\Z", text.strip()) is not None and not is_random(text)


def is_sentence(text: str) -> bool:
    """Several words without digits, and none of them a scheme of authorization."""
    words = text.split()
    return (
        len(words) > 1
        and words[0].lower() not in ("bearer", "basic", "token", "apikey", "digest", "key")
        and not any(letter.isdigit() for letter in text)
        and not any(is_made(word) for word in words)
    )


def is_made(text: str) -> bool:
    """Made by a machine or against guessing: letters and digits or signs in one piece."""
    short = text.strip()
    if len(short) < 6 or " " in short:
        return is_phrase(short)
    if re.match(r"0x[0-9a-fA-F]{41,}\Z", short):
        return True
    if re.match(r"[\w-]{1,40}(?:\.(?:\*|#|[\w-]{1,40})){1,9}\Z", short) and short[-1] in "*#":
        return False  # a topic
    return (
        is_random(short) or _mixes(short) or _is_serial(short) or bool(set(short) & set("!#$%^&*?"))
    )


def _is_serial(text: str) -> bool:
    """Groups of capitals and digits, as licenses are printed."""
    groups = re.match(r"[A-Z0-9]{3,8}-(?:[A-Z0-9]{4,8}-){1,9}[A-Z0-9]{4,8}\Z", text) is not None
    return groups and any(letter.isdigit() for letter in text) and not text[:4].isdigit()


def is_grouped(text: str) -> bool:
    """Digits in three groups or more, as codes are read aloud: 90-44-12."""
    return re.match(r"[0-9]{1,4}(?:[- ][0-9]{1,4}){2,9}\Z", text) is not None


def _mixes(text: str) -> bool:
    """Letters and digits that change places more than once in a piece without separators."""
    pieces = re.split(r"[_./:-]", text)
    return any(
        (len(piece) >= 6 and _changes(piece) >= 3) or (len(piece) >= 12 and _changes(piece) >= 2)
        for piece in pieces
    )


def _changes(piece: str) -> int:
    """How often a piece changes between small letters, capitals and digits.

    A capital before small letters is how words are written in one, and does not count.
    """
    counted = re.sub(r"[A-Z](?=[a-z]{2})", "a", piece)
    kinds = ["d" if item.isdigit() else ("u" if item.isupper() else "l") for item in counted]
    return sum(one != two for one, two in zip(kinds, kinds[1:]))


def is_hex(text: str) -> bool:
    """Digits of base 16, as many as digests have, or more."""
    return (
        len(text) >= 24
        and re.match(r"(?:[0-9a-f]+|[0-9A-F]+)\Z", text) is not None
        and not text.isdigit()
    )


# Words of sentences that no list of words for a wallet has.
_JOINING = frozenset("the and for with are was you not but has its any from your his her".split())


def is_phrase(text: str) -> bool:
    """As many short words as open a wallet, and none that joins a sentence."""
    words = text.replace(",", " ").split()
    return (
        len(words) in (12, 15, 18, 21, 24, 25)
        and re.match(r"[a-z]{3,8}(?:[ ,]{1,3}[a-z]{3,8})+\Z", text.strip()) is not None
        and not _JOINING.intersection(words)
    )


def is_random(text: str) -> bool:
    """Tell whether a text without blanks holds a piece that nobody would write as a word."""
    if (
        len(text) < 15
        or _is_mangled(text)
        or re.match("(?:" + _IDENTITY + "|" + _PLACE + r")\Z", text)
    ):
        return False
    if is_hex(text):
        return True
    pieces = [piece for piece in re.split(r"[^A-Za-z0-9+=]", text) if len(piece) >= 12]
    if any(_is_random_piece(piece) for piece in pieces):
        return True
    return _is_random_in_parts(text)


def _is_random_in_parts(text: str) -> bool:
    """Base64 for URLs may break into short pieces: few of them, none a word, and odd as a whole."""
    parts = re.findall(r"[A-Za-z0-9]+", text)
    loose = (part for part in parts if not re.match(r"[0-9]+\Z|[a-z]{3,20}[0-9]{0,5}\Z", part))
    whole = "".join(loose)
    if len(whole) < 15 or len(parts) > 2 + len(text) // 10 or re.search(r"[^\w+/=-]", text):
        return False
    if re.match(_COUNTED, whole) or (len(whole) < 20 and len(parts) > 2):
        return False
    return oddness(whole) > (1.2 if len(whole) < 20 else 1.12 if len(whole) < 24 else 0.95)


def _is_mangled(text: str) -> bool:
    """A symbol of C++."""
    return re.match(r"_{1,3}Z[A-Z0-9][\w.@$]{3,}", text) is not None


# Signs of a password that no name, path, pattern or address has between letters.
_CHOSEN = r"(?=[^a-z]{0,31}[a-z])(?=[^A-Z]{0,31}[A-Z])(?=[^0-9]{0,31}[0-9])[A-Za-z0-9][A-Za-z0-9!@#$^&*?+_-]{6,30}[A-Za-z0-9!?]\Z"


def is_chosen(text: str) -> bool:
    """Small letters, capitals, digits and a sign, as rules for passwords ask for: Summer!2024x."""
    return re.match(_CHOSEN, text) is not None and re.search(r"[!$^&]|#(?![L0-9-]+\Z)|@(?![a-z0-9.]+\Z)", text[1:]) is not None  # fmt: skip


def is_rare(text: str) -> bool:
    """Letters that no word has in this order: for places where a secret is announced."""
    return re.match(r"[A-Za-z]{12,200}\Z", text) is not None and _rarity(text) > 0.3


def is_scrambled(text: str) -> bool:
    """One piece without a sign that no name is made of."""
    return re.match(r"[A-Za-z0-9]{15,200}\Z", text) is not None and _is_random_piece(text)


# From which length on a piece is random, and how odd it has to be. Of 22,000 pieces of programs and
# reports eight are above these lines, and of random ones with digits nineteen in twenty.
_ODD = ((32, 0.5), (24, 0.62), (20, 0.78), (18, 0.82), (16, 0.86), (15, 0.95))
# Addresses in memory, short digests behind a letter, numbers with a unit, moments.
_COUNTED = r"(?:[A-Za-z]{0,3}[0-9a-f]{1,23}|0x[0-9A-Fa-f]{1,64}[uUlLjJ]{0,3}|[0-9A-F]{1,23}|[0-9]{1,99}[A-Za-z]{1,2}|[A-Za-z]{1,2}[0-9]{1,99}[A-Za-z]?|[0-9]{8}[TZ_][0-9]{4,9}Z?|(?:[a-z]{2}[0-9]{1,2}){3,24}|(?:[a-z]{3,12}[0-9]{1,4}){3,24}[a-z]{0,12})\Z"
_ALPHABETS = r"(?i)bcdefg|1234567|qwerty"
# How names of classes end.
_CLASS = r"[A-Z][a-z]{3,20}(?:[1-3][dD])?\Z"


def _is_random_piece(piece: str) -> bool:
    size = len(piece)
    if size < 15 or _is_counted(piece):
        return False
    least = next(odd for long, odd in _ODD if size >= long)
    if size >= 16 and piece.upper() == piece:
        least -= 0.14  # names in capitals have signs between their words
    else:
        least = max(least, 0.85) if re.search(_CLASS, piece) else least - 0.1
    # The longer a piece without a sign, the surer: no word has forty letters.
    return oddness(piece) > least or (size >= 24 and _rarity(piece) > (0.42 if size < 40 else 0.33))


def _is_counted(piece: str) -> bool:
    """A number of some kind, an alphabet, or a few letters again and again."""
    return (
        re.match(_COUNTED, piece) is not None
        or re.search(_ALPHABETS, piece) is not None
        or len(set(piece)) < 8
    )


def oddness(piece: str) -> float:
    """How little letters stand as in words: rare pairs, and changes between small ones, capitals, digits.

    Names of classes change between capitals and digits, too, but their letters stand as in words.
    """
    return _rarity(piece) + 1.5 * _changes(piece) / len(piece)


# Pairs of letters that names and English are made of; random letters have few of them.
_COMMON = frozenset(
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve"
    " co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no"
    " ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts"
    " mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo"
    " sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi"
    " da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew"
    " mu br bi pt ak pu ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc"
    " tw ft wn nu af hu nn eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je"
    " nk kn gs dy hy ze ks xt bs ik dd pt rp sk xi oe oy ws lv dl rf eu dg wr xa yi nm eb rb tm xc"
    " eh tc gy ja hn yp za gg ym sw bj lm cs ii ix xe oh lk lp ax ox uf dm iu sf bt ka yt ek pm ya"
    " gt wl rh yl hs ah yc yb hm vm tf gp cu cp db nc ml nl mk ml vl lm qk kv".split()
)


def _rarity(piece: str) -> float:
    """Which share of the pairs of letters is uncommon in words; digits count as uncommon."""
    low = piece.lower()
    pairs = [low[at : at + 2] for at in range(len(low) - 1)]
    return sum(pair not in _COMMON for pair in pairs) / max(1, len(pairs))
