"""Secrets made up from a shape: `{hex:40}`, `{b62:24}`, `{pw}`, `{pem}` and the like."""

from __future__ import annotations

import base64
import random
import re
import string

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
