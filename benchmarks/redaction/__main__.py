"""Prints both errors of redaction, by kind: `python -m benchmarks.redaction [--half seen|unseen] [--show]`.

The lines of the two tables are split in halves by their digest. What decides is tuned on the one
half; the other is only counted. Every secret is made anew from the seed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import re
import string
from collections import Counter
from pathlib import Path

from benchmarks.redaction.places import PLACES

HERE = Path(__file__).parent
WORDS = "summer winter dragon monkey tiger purple rocket harbor silver maple falcon copper".split()


def password(rng: random.Random) -> str:
    """A password as people choose them: short, long, with and without signs."""
    word = rng.choice(WORDS)
    forms = (
        f"{word}{rng.randint(1, 99)}",
        f"{word.title()}{rng.randint(1, 9999)}!",
        f"{word[:4]}{rng.randint(0, 9)}{word[4:].title()}#{rng.randint(0, 9)}",
        f"{word.title()}-{rng.choice(WORDS)}-{rng.randint(10, 99)}",
        "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(8, 16))) + "7a",
        f"p4ss{word}",
        f"hunter{rng.randint(2, 99)}",
    )
    return rng.choice(forms)


def pem(rng: random.Random) -> str:
    """A private key that is none."""
    body = "\n".join(base64.b64encode(rng.randbytes(48)).decode() for _ in range(6))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def certificate(rng: random.Random) -> str:
    """A certificate that is none."""
    return pem(rng).replace("PRIVATE KEY", "CERTIFICATE")


ALPHABETS = {
    "b62": string.ascii_letters + string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    "b32": string.ascii_uppercase + "234567",
    "hex": "0123456789abcdef",
    "low": string.ascii_lowercase,
    "up": string.ascii_uppercase + string.digits,
    "dig": string.digits,
}


def made(text: str, rng: random.Random) -> str:
    """Fill the shapes of a line."""

    def fill(match: re.Match[str]) -> str:
        name, size = match.group(1), match.group(2)
        if size:
            return "".join(rng.choices(ALPHABETS[name], k=int(size)))
        if name == "uuid":
            digits = f"{rng.getrandbits(128):032x}"
            return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return {
            "pw": lambda: password(rng),
            "pem": lambda: pem(rng),
            "cert": lambda: certificate(rng),
            "pemb64": lambda: base64.b64encode(pem(rng).encode()).decode(),
            "certb64": lambda: base64.b64encode(certificate(rng).encode()).decode(),
            "dockerauth": lambda: base64.b64encode(f"me:{password(rng)}".encode()).decode(),
        }[name]()

    return re.sub(
        r"\{(b62|b64|b32|hex|low|up|dig|uuid|pw|pem|cert|pemb64|certb64|dockerauth)(?::(\d+))?\}",
        fill,
        text,
    )


def rows(name: str, half: str) -> list[list[str]]:
    """The lines of a table that belong to a half."""
    found = []
    for line in (HERE / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        seen = hashlib.sha256(line.encode()).digest()[0] % 2 == 0
        if half == "all" or (half == "seen") == seen:
            cells = re.split(r" (?<!\\)\| ", line, maxsplit=3 if name == "secrets.txt" else 2)
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


def leaks(half: str, seed: int, rounds: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Secrets of each kind, those let through, and which."""
    asked: Counter[str] = Counter()
    through: Counter[str] = Counter()
    shown = []
    for turn in range(rounds):
        rng = random.Random(seed + turn)
        for kind, place, key, template in rows("secrets.txt", half):
            text = made(template, rng)
            secrets = re.findall(r"<<(.*?)>>", text, re.DOTALL)
            value = re.sub(r"<<(.*?)>>", r"\1", text, flags=re.DOTALL)
            kept = PLACES[place](key, value)
            asked[kind] += 1
            if any(
                secret in kept.text or json.dumps(secret)[1:-1] in kept.text for secret in secrets
            ):
                through[kind] += 1
                shown.append(f"{kind}: {place}: {key} = {value[:120]!r}")
            elif not kept.gaps:
                shown.append(f"without a gap: {place}: {key} = {value[:120]!r}")
                through[kind] += 1
    return asked, through, shown


def altered(half: str, seed: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Settings of each place, those not shown as they are, and which."""
    asked: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    shown = []
    rng = random.Random(seed)
    for place, key, template in rows("settings.txt", half):
        kept = PLACES[place](key, made(template, rng))
        asked[place] += 1
        if kept.gaps or not kept.same:
            changed[place] += 1
            shown.append(f"{place}: {key} = {template[:120]!r} {kept.gaps}")
    return asked, changed, shown


def table(title: str, asked: Counter[str], wrong: Counter[str]) -> None:
    """Print the share that went wrong, by kind and in all."""
    print(
        f"{title}: {wrong.total()} of {asked.total()} ({100 * wrong.total() / asked.total():.1f} %)"
    )
    for kind in asked:
        print(
            f"  {kind:18} {wrong[kind]:4} of {asked[kind]:4} ({100 * wrong[kind] / asked[kind]:.1f} %)"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.redaction")
    parser.add_argument("--half", choices=("seen", "unseen", "all"), default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--show", action="store_true", help="Name what went wrong.")
    asked = parser.parse_args()
    found = leaks(asked.half, asked.seed, asked.rounds)
    table("secrets let through", *found[:2])
    settings = altered(asked.half, asked.seed)
    table("settings altered", *settings[:2])
    if asked.show:
        print(*dict.fromkeys((*found[2], *settings[2])), sep="\n")


if __name__ == "__main__":
    main()
