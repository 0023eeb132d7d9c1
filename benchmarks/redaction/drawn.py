"""Sets in which notation, place, name and value are drawn apart from each other.

`drawn/notations.txt` says how a name and a value are written down, `names.txt` what they are called,
`ordinary.txt` what else stands in such places. Every table is split in two by the digest of its lines:
a set sees one half, and shares no notation, no name and no word with the other. The fifteenth has
notations of its own (`later.txt`), which were written when those of the others were known.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.redaction.documents import Score
from envsnap.intake import config_trees, messages

TABLES = Path(__file__).parent / "drawn"
SETS = {"thirteenth": 0, "fourteenth": 1, "fifteenth": None, "seventeenth": None}
# Where a set has tables of its own: notations, names, ordinary texts.
OWN = {"seventeenth": ("seventeenth.txt", "names_new.txt", "ordinary_new.txt")}
SECRETS, SETTINGS = 420, 380
USERS = ("joe", "ann", "svc-ml", "deploy", "root", "mluser")
HOSTS = ("db.example", "10.0.0.7", "gpu-7", "h.example.org")
WORDS = (
    "arugula burdock cardoon endive fennel gherkin hyssop jicama kohlrabi lovage mizuna nettle"
    " oregano parsnip quince radish samphire tamarind ulluco verbena wasabi yarrow zucchini anise"
    " bramble clover dahlia elderberry foxglove gentian hazel iris juniper kelp larkspur magnolia"
).split()
COUNTED = ("number", "word", "digest", "version", "path", "model")


class Notation(NamedTuple):
    """How a name and a value are written down, and where."""

    kind: str
    place: str
    style: str
    takes: str
    template: str


@dataclass(frozen=True)
class Drawn:
    """One text with what is hidden in it; nothing is, in an ordinary one."""

    kind: str
    place: str
    text: str
    secret: str


def half(lines: list[str], which: int | None) -> list[str]:
    """The lines of a table that a set sees."""
    if which is None:
        return lines
    return [line for line in lines if hashlib.sha256(line.encode()).digest()[1] % 2 == which]


def table(name: str, which: int | None, cells: int) -> list[list[str]]:
    """The rows of a table that a set sees."""
    lines = (TABLES / name).read_text().splitlines()
    kept = half([line for line in lines if line and not line.startswith("# ")], which)
    return [line.split(" | ", cells - 1) for line in kept]


def draw(name: str, seed: int) -> list[Drawn]:
    """Draw a set: secrets in every notation in turn, and settings in the same notations."""
    which, rng = SETS[name], random.Random(f"{name} {seed}")
    written = "later.txt" if which is None else "notations.txt"
    files = OWN.get(name, (written, "names.txt", "ordinary.txt"))
    notations = [Notation(*row) for row in table(files[0], which, 5)]
    called: dict[str, list[str]] = {}
    for group, spelled in table(files[1], which, 2):
        called.setdefault(group, []).append(spelled)
    words = half(WORDS, which)
    secrets = [_secret(item, called, words, rng) for item in _turns(notations, SECRETS, rng)]
    named = [item for item in notations if item.style != "-"]
    others = [Drawn("ordinary", row[0], row[1].replace("\\n", "\n").replace("\\t", "\t"), "")
              for row in table(files[2], which, 2)]  # fmt: skip
    return [
        *secrets,
        *others,
        *(_setting(item, called, rng) for item in _turns(named, SETTINGS - len(others), rng)),
    ]


def _turns(notations: list[Notation], count: int, rng: random.Random) -> list[Notation]:
    found: list[Notation] = []
    while len(found) < count:
        found.extend(rng.sample(notations, len(notations)))
    return found[:count]


def _secret(
    notation: Notation, called: dict[str, list[str]], words: list[str], rng: random.Random
) -> Drawn:
    group = rng.choice(("password", "token"))
    plain = notation.takes != "made" and (notation.style == "-" or group == "password")
    shapes = (*MADE, *CHOSEN) if plain else MADE
    value = rng.choice(shapes)(rng, words)
    text, basic = _written(notation, rng.choice(called[group]), value, rng)
    return Drawn(notation.kind, notation.place, text, basic or value)


def _setting(notation: Notation, called: dict[str, list[str]], rng: random.Random) -> Drawn:
    group = rng.choice(COUNTED)
    value = rng.choice(ORDINARY[group])(rng)
    text, _ = _written(notation, rng.choice(called[group]), value, rng)
    return Drawn(notation.kind, notation.place, text, "")


def _written(notation: Notation, name: str, value: str, rng: random.Random) -> tuple[str, str]:
    user, spelled = rng.choice(USERS), STYLES[notation.style](name.split())
    basic = base64.b64encode(f"{user}:{value}".encode()).decode()
    parts = {
        "{name:<24}": f"{spelled:<24}",
        "{name}": spelled,
        "{value}": value,
        "{user}": user,
        "{host}": rng.choice(HOSTS),
        "{basic}": basic,
        "\\n": "\n",
        "\\t": "\t",
    }
    text = notation.template
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text, basic if "{basic}" in notation.template else ""


STYLES: dict[str, Callable[[list[str]], str]] = {
    "-": lambda words: "",
    "snake": "_".join,
    "kebab": "-".join,
    "dotted": ".".join,
    "words": " ".join,
    "upper": lambda words: "_".join(words).upper(),
    "camel": lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "title": lambda words: "".join(word.title() for word in words),
}
LETTERS = string.ascii_letters + string.digits


def _some(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _uuid(rng: random.Random) -> str:
    digits = _some(rng, "0123456789abcdef", 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


Shape = Callable[[random.Random, list[str]], str]
MADE: tuple[Shape, ...] = (
    lambda rng, words: _some(rng, LETTERS, 16),
    lambda rng, words: _some(rng, LETTERS, rng.randint(20, 48)),
    lambda rng, words: _some(rng, "0123456789abcdef", rng.choice((32, 40, 64))),
    lambda rng, words: _some(rng, LETTERS + "-_", rng.choice((22, 32, 43))),
    lambda rng, words: base64.b64encode(rng.randbytes(rng.choice((16, 20, 32)))).decode(),
    lambda rng, words: rng.choice(("hf_", "ghp_", "sk-", "glpat-", "xoxb-12345678901-")) + _some(rng, LETTERS, 36),
)  # fmt: skip
CHOSEN: tuple[Shape, ...] = (
    lambda rng, words: rng.choice(words),
    lambda rng, words: f"{rng.choice(words)}{rng.randint(1, 999)}",
    lambda rng, words: f"{rng.choice(words).title()}!{rng.randint(10, 99)}",
    lambda rng, words: f"{rng.choice(words)}-{rng.choice(words)}-{rng.randint(1, 9)}",
    lambda rng, words: _some(rng, LETTERS, rng.randint(8, 12)) + "4x",
)  # fmt: skip
Plain = Callable[[random.Random], str]
ORDINARY: dict[str, tuple[Plain, ...]] = {
    "number": (
        lambda rng: str(rng.randint(0, 131072)),
        lambda rng: f"{rng.random():.4f}",
        lambda rng: f"{rng.randint(1, 9)}e-{rng.randint(1, 8)}",
        lambda rng: f"{rng.randint(1, 99)}{rng.choice(('s', 'm', 'MiB', 'GB', '%'))}",
    ),
    "word": (
        lambda rng: rng.choice(("auto", "none", "left", "mean", "default", "eager", "static")),
        lambda rng: rng.choice(("llama", "created_at", "whitespace", "file", "argon2", "oidc", "id")),
        lambda rng: rng.choice(("flash_attention_2", "bfloat16", "round-robin", "user_name", "utf-8")),
    ),
    "digest": (
        lambda rng: _some(rng, "0123456789abcdef", 40),
        lambda rng: "sha256:" + _some(rng, "0123456789abcdef", 64),
        lambda rng: _some(rng, "0123456789abcdef", rng.choice((7, 12))),
        _uuid,
    ),
    "version": (
        lambda rng: f"{rng.randint(0, 12)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
        lambda rng: f"{rng.randint(1, 3)}.{rng.randint(0, 9)}.0+cu{rng.randint(110, 130)}",
        lambda rng: f"{rng.randint(24, 26)}.{rng.randint(10, 12)}-py3",
    ),
    "path": (
        lambda rng: f"/run/secrets/{rng.choice(('db', 'hf', 'tls.key'))}",
        lambda rng: f"/opt/models/{rng.choice(('bert', 'vit', 'llama-3.1-8b'))}",
        lambda rng: f"~/.config/{rng.choice(('ml/token', 'app.toml'))}",
        lambda rng: f"configs/{rng.choice(('base', 'keys', 'prod'))}.yaml",
    ),
    "model": (
        lambda rng: rng.choice(("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-7B", "google/vit-base-patch16-224")),
        lambda rng: rng.choice(("mistralai/Mixtral-8x7B-v0.1", "openai/clip-vit-large-patch14", "bert-base-uncased")),
        lambda rng: rng.choice(("sentence-transformers/all-MiniLM-L6-v2", "facebook/opt-125m", "stabilityai/sdxl-turbo")),
    ),
}  # fmt: skip


def score(name: str, seed: int) -> Score:
    """Run a drawn set through the paths of capture."""
    found = Score()
    for item in draw(name, seed):
        shown, same = _kept(item)
        told = f"{item.place}: {item.text!r}"
        if item.secret:
            spelled = (item.secret, json.dumps(item.secret)[1:-1])
            hidden = not any(way in shown for way in spelled)
            found.secret(item.kind, hidden=hidden, told=told)
        else:
            found.setting(item.kind, shown=same, told=told)
    return found


def _kept(item: Drawn) -> tuple[str, bool]:
    """What is shown of a text, and whether it is what it was."""
    if item.place == "text":
        shown = messages.clean_message(item.text)
        return shown, shown == item.text
    tree = config_trees.parse(item.text, item.place, quotes=True)
    gaps: dict[str, str] = {}
    kept = config_trees.redact(tree, ("app",), gaps)
    return json.dumps(kept) + json.dumps(gaps), kept == tree and not gaps
