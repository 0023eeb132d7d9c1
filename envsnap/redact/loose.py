"""Random letters that stand alone: no name, no issuer's mark, and no word of a sentence.

What people and programs write as one word was measured: of 170,000 such words of programs, reports
and libraries' symbols two in ten thousand look random. So a word needs no more to be left out than
to look so, unless its label says that it is a digest, an identity or a name.
"""

import binascii
import re

from . import kinds, sentences

# A digest that says in the same text that it is one.
_LABELLED = (
    r"(?i)(?:^|[^A-Za-z0-9])(?:sha\d{1,3}|md5|blake\w{1,4}|hash|revision|rev|ref|refs|commit|snapshots?"
    r"|blobs?|etag|egg|tree|tag|build)[:=/@_-]|@[0-9a-f]{7,64}(?:$|[^A-Za-z0-9])"
)
# 2.7.0.dev20250310+cu124, and with a name before it.
_VERSIONED = r"(?:[A-Za-z][\w.-]{0,60}[=<>~!]=)?v?[0-9]{1,4}\.[0-9]{1,4}[.+a-z]"
# How PNG, JPEG, GIF and WebP begin in base64.
_PICTURES = r"iVBORw0KGgo|/9j/4|R0lGOD|UklGR"
_MEDIA = r"data:(?:image|audio|video|font)/[\w.+-]{1,40}(?:;[\w=.-]{1,40}){0,3};base64,"
_A_PICTURE = _PICTURES + "|" + _MEDIA
# Digits of base 16 among other parts tell which one, as commits in addresses do.
_PARTS = r"(?<![A-Za-z0-9])(?:0[xX][0-9A-Fa-f]{1,64}|[0-9a-f]{7,128})(?![A-Za-z0-9])|(?<![0-9])[0-9]{1,4}(?:x[0-9]{1,4}){1,4}(?![0-9])"
# Digits of base 16 behind one word, or behind several that tell a secret.
_HEX_NAMED = r"(?:[A-Za-z]{1,12}[_-]?|(?=.{0,40}(?i:secret|token|key|pass))[A-Za-z]{2,12}(?:[_-][A-Za-z]{2,12}){1,3}[_-])[0-9a-f]{24,}\Z"
_WORD = r"[^\s\"'`(){}<>\[\],;|\\]{8,400}"
# Base 16 between words is a digest where a word of the line may name one.
_HEX = (
    r"(?<![^\s\"'`(\[<{:=|])(?:[0-9a-f]{32,128}|[0-9A-F]{32,128})(?=[.,;:!?]?(?:[\s\"'`)\]>}]|\Z))"
)
_OF_DIGESTS = (
    r"(?i)sha\d|md5|hash|digest|commit|revision|\b(?:re[vf]s?|head|merge[sd]?|from|into|at|on|in|since|id|ids|uu?id|key id|pid|tag"
    r"|tree|sum)\b|checkout|check(?:ed|ing) ?out|checksum|snapshot|blob|etag|fingerprint|image|layer|container|model|weights|cache|trace|span|symbol"
    r"|object|artifact|version|build|branch|\bpin(?:ned)?\b|fetch|pull|clon|patch|git|download|file|load|run|job|session|device|gpu|serial|node|nonce|seed|integrity|verif|match|differ"
)


def is_loose(text: str) -> bool:
    """One piece of random letters that no label names as a digest."""
    short = text.strip().strip("\"'")
    if len(short) < 15:
        return False
    if re.search(r"[\s(){}<>|]", short):
        return False
    if kinds.is_path(short) or kinds.is_uuid(short) or kinds.is_words(short):
        return False
    if re.search(_LABELLED, short) or re.match(_VERSIONED, short) or kinds.is_plain(short):
        return False
    if "://" in short or re.search(r"\.[A-Za-z]{2,5}\Z", short) or re.match(r"(?:GPU|MIG)-", short):
        return False
    if re.match(_A_PICTURE, short) or decoded(short):
        return False  # or a text that was looked into
    if kinds.is_hex(short) or re.match(_HEX_NAMED, short):
        return True
    return kinds.is_random(re.sub(_PARTS, "", short))


_BLOCK = r"-{4,5} ?BEGIN [^\n-]{1,60}-{4,5}[^-]{0,60000}"


def spans(text: str) -> list:
    """Return (start, end, why) of the random letters between the words of a text."""
    if not set(text.strip()) & set(" |,;<"):
        return []
    found = []
    # A certificate is public, and a key is cut as a whole.
    blocks = [item.span() for item in re.finditer(_BLOCK, text)] if "BEGIN " in text else []
    for match in re.finditer(_WORD, text):
        if _is_inside(match.start(), blocks):
            continue
        word = match.group().rstrip(".:!?*")
        label = re.match(r"(?:[A-Za-z_@$./-][\w.@$/-]{0,60}(?:=(?!=|\Z)|:(?=[^:/])))+", word)
        at = match.start() + (label.end() if label else 0)
        piece = text[at : match.start() + len(word)]
        before = text[max(0, at - 120) : at]
        if re.search(_MEDIA + r"\Z", before):
            continue
        if _stands_alone(piece) and not sentences.is_labelled(before[-24:]):
            found.append((at, at + len(piece), "random letters"))
    for match in re.finditer(_HEX, text):
        if not (_is_inside(match.start(), blocks) or _tells_digests(text, match)):
            found.append((*match.span(), "random letters"))
    return found


def _is_inside(place: int, blocks: list) -> bool:
    return any(start <= place < end for start, end in blocks)


def _stands_alone(piece: str) -> bool:
    """Random letters, no digits of base 16, and no symbol of a program."""
    if len(piece) < 15:
        return kinds.is_chosen(piece)
    return (
        not kinds.is_hex(piece)
        and "_Z" not in piece
        and re.search(r"[a-z0-9]::|[*?$%~#&@^]|\.\.|\A[-+.]", piece) is None
        and is_loose(piece)
    )


def _tells_digests(text: str, match) -> bool:
    """Whether the line of digits of base 16 has a word that may name them, or nothing else."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    line = text[max(start, match.start() - 200) : match.start()] + text[match.end() : min(match.end() + 200, end if end >= 0 else len(text))]  # fmt: skip
    return re.search(_OF_DIGESTS, line) is not None or re.search("[A-Za-z]{2}", line) is None or line[:2] in ("  ", " *")  # fmt: skip


def is_login(inner: str) -> bool:
    """user:password, as Basic authorization has it; random letters do not decode to it."""
    return re.match(r"[A-Za-z][\w.@+-]{1,60}:[!-~]{4,80}\Z", inner) is not None


def decoded(text: str) -> str:
    """The text that base64 stands for; empty where it stands for none."""
    padded = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = binascii.a2b_base64(padded[: len(padded) // 4 * 4 + 4] + "=" * (-len(padded) % 4))
        inner = data.decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return ""
    return inner if inner.isprintable() or not re.search(r"[^\x20-\x7e\s]", inner) else ""
