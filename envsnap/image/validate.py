"""What may reach a generated file: one anchored pattern a type; everything else is refused.

A manifest is hostile input. Nothing is escaped into shape here: a value either is what its type
says, from its first character to its last, or it ends in an InputError that names its place.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import NoReturn

from envsnap.errors import InputError

PACKAGE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# _libgcc_mutex is one; manifests of before spell it -libgcc-mutex.
CONDA_PACKAGE = re.compile(r"[_-]{0,2}[a-z0-9]+(?:[._-][a-z0-9]+)*-{0,2}")
# Without what apt understands in a name: a minus at the end removes, a dot or a plus is a pattern.
APT_PACKAGE = re.compile(
    r"(?=.{2,100}$)[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])|\+\+|(?<=[0-9])\.(?=[0-9]))*(?<!-)"
)
# A name with a version behind it is no pattern.
DPKG_PACKAGE = re.compile(r"(?=.{2,100}$)[a-z0-9](?:[a-z0-9]|[.-](?=[a-z0-9])|\+\+)*")
APT_VERSION = re.compile(r"(?:[0-9]{1,9}:)?[0-9](?:[A-Za-z0-9.+~-]{0,98}[A-Za-z0-9])?")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}")
PYTHON = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}(?:(?:a|b|rc)[0-9]{1,3})?\+?")
NUMBERS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{4,240}\.whl")
FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}")
HTTPS = re.compile(
    r"https://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9])"
    r"(?P<path>(?:/(?:[A-Za-z0-9._~+=!-]|%[0-9A-Fa-f]{2})+)+/?)"
)
ADDRESS = re.compile(r"(?:[A-Za-z0-9._~+=!:/@-]|%[0-9A-Fa-f]{2}){1,2000}")
PYTORCH_INDEX = re.compile(r"https://download\.pytorch\.org/whl(?:/nightly)?/[a-z0-9.]{2,20}")
PRINTABLE = re.compile(r"[A-Za-z0-9 ()/.,_+-]{1,100}")
IMAGE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
    r"(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?P<digest>@sha256:[0-9a-f]{64})?"
)
LOCAL_IMAGE = re.compile(rf"sha256:[0-9a-f]{{64}}|{IMAGE.pattern}")
LONGEST_VALUE = 8192
LONGEST_ADDRESS = 2000
LONGEST_REFERENCE = 512
LONGEST_NAME = 200
LONGEST_SHOWN = 40
UNPRINTABLE = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")


def refuse(place: str, why: str) -> NoReturn:
    """Refuse a manifest's value in one line that names its place."""
    raise InputError(f"{place}: {why}")


def shown(value: str) -> str:
    """Quote a refused value for a message: ASCII, one line, cut off when long."""
    return json.dumps(value[:LONGEST_SHOWN]) + ("…" if len(value) > LONGEST_SHOWN else "")


def matched(value: str, pattern: re.Pattern[str], place: str, what: str) -> str:
    """Return the value if the pattern describes all of it."""
    if not pattern.fullmatch(value):
        why = f"{shown(value)} is no {what}; it cannot go into a Dockerfile"
        advice = (
            "" if place.startswith("--") else " (capture again, or take it out of the manifest)"
        )
        refuse(place, why + advice)
    return value


def pinned_version(value: str, place: str) -> str | None:
    """Return a version as PEP 440 spells it; None for a harmless one that pip cannot pin."""
    from packaging.version import Version

    matched(value, VERSION, place, "version")
    try:
        return str(Version(value))
    except ValueError:
        return None


def variable_value(value: str, place: str) -> str:
    """Return the value of an environment variable; what cannot stand on one line is refused."""
    if len(value) > LONGEST_VALUE:
        refuse(place, f"longer than {LONGEST_VALUE} characters; it cannot go into a Dockerfile")
    for character in value:
        if unicodedata.category(character) in UNPRINTABLE:
            refuse(
                place,
                f"holds the character U+{ord(character):04X}, which cannot go into a Dockerfile",
            )
    return value


def image_reference(value: str, place: str) -> str:
    """Return an image reference that names one image for good: by a fixed tag or a digest."""
    if len(value) > LONGEST_REFERENCE:
        refuse(place, f"longer than {LONGEST_REFERENCE} characters; it is no image reference")
    match = IMAGE.fullmatch(value)
    if match is None:
        refuse(place, f"{shown(value)} is no image reference (NAME:TAG or NAME@sha256:DIGEST)")
    if not match["digest"] and match["tag"] in (None, ":latest"):
        refuse(place, f"{shown(value)} moves with time; name a fixed tag or a digest")
    return value


def https_address(value: str, place: str) -> str:
    """Return an https address whose host is a name and which has no credentials or query."""
    if len(value) > LONGEST_ADDRESS:
        refuse(place, f"longer than {LONGEST_ADDRESS} characters; it is no address")
    return matched(value, HTTPS, place, "plain https address with a host name and a path")


FOLDER = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}){0,20}"
)


def folder(name: object, joined: str, place: str) -> str:
    """What a requirement says of its project's folder, behind `joined`. Raises InputError."""
    if not isinstance(name, str) or not name:
        return ""
    matched(name, FOLDER, f"{place}.origin.subdirectory", "relative path")
    return f"{joined}subdirectory={name}"
