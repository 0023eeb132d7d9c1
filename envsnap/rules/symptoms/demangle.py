"""C++ names as a reader knows them: the Itanium rules, as far as names go.

Of `_ZN3c105ErrorC2ENS_14SourceLocationE…` only `c10::Error::Error` is needed: whose it is. What
comes after the name (parameters, template arguments) is left out; what does not follow the rules
is given back as it is.
"""

from __future__ import annotations

LONGEST = 400
PREFIXES = ("_ZTV", "_ZTI", "_ZTS", "_ZGV", "_Z")
STANDARD = {"St": "std", "Sa": "std::allocator", "Ss": "std::string", "Sb": "std::basic_string",
            "Si": "std::istream", "So": "std::ostream", "Sd": "std::iostream"}  # fmt: skip
QUALIFIERS = "KVrRO"
DIGITS = "0123456789"  # no other sign is a length, though it may be called a digit
MANY = 24  # parts of a name that anyone needs


def demangled(symbol: str) -> str:
    """The qualified name of a symbol, without parameters."""
    symbol = symbol.partition("@")[0][:LONGEST]
    prefix = next((start for start in PREFIXES if symbol.startswith(start)), None)
    if prefix is None:
        return symbol
    parts = _parts(symbol[len(prefix) :])
    return "::".join(parts) if parts else symbol


def uses_new_strings(symbol: str) -> bool | None:
    """Which C++ ABI's strings a symbol has: the new one's (True), the old one's, or none (None)."""
    if "__cxx11" in symbol:
        return True
    return False if symbol.startswith("_Z") and "RKSs" in symbol else None


def _parts(text: str) -> list[str]:
    """The parts of a name, nested or plain."""
    nested = text.startswith("N")
    rest = text[1:].lstrip(QUALIFIERS) if nested else text
    found: list[str] = []
    while rest and len(found) < MANY:
        if rest[:2] in STANDARD:
            found.append(STANDARD[rest[:2]])
            rest = rest[2:]
        elif rest[0] in DIGITS:
            name, rest = _named(rest)
            found.append(name)
        elif rest[0] == "I":
            rest = _after_arguments(rest)
        elif rest[0] in "CD" and rest[1:2].isdigit() and found:
            found.append(("~" if rest[0] == "D" else "") + found[-1])
            break
        else:
            break
        if not nested and not (found and found[-1].startswith("std")):
            break
    return [part for part in found if part]


def _named(text: str) -> tuple[str, str]:
    """A name that is written as its length and its letters."""
    digits = text[: len(text) - len(text.lstrip(DIGITS))]
    length = int(digits[:4])
    end = len(digits) + length
    return text[len(digits) : end], text[end:]


def _after_arguments(text: str) -> str:
    """What follows template arguments; they may hold names and further arguments."""
    depth, place = 0, 0
    while place < len(text):
        letter = text[place]
        if letter in DIGITS and text[place - 1 : place] not in ("L", "S", "T"):
            _, rest = _named(text[place:])
            place = len(text) - len(rest)
            continue
        depth += (letter in "INXJ") - (letter == "E")
        place += 1
        if depth == 0:
            break
    return text[place:]
