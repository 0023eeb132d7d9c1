"""Quantities of memory and processors, as Kubernetes and Compose write them."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from msgspec import UNSET, UnsetType

MEMORY = re.compile(
    r"^(\d{1,15}(?:\.\d{1,9})?)(?:[eE]\+?(\d{1,2})(?=$))?\s*([kKMGTPE]i?[bB]?|[bB]|m)?$"
)
LOWER = re.compile(r"^(\d{1,15}(?:\.\d{1,9})?)()\s*([kmgt]b?|b)?$", re.IGNORECASE)
FACTORS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def memory(value: object, *, powers_of_two: bool = False) -> int | UnsetType:
    """Bytes: `1.5Gi`, `512M`, `1e9`, thousandths with `m`; a part of one counts whole.

    Compose's and Slurm's units are powers of two without the i, and a part of a byte is dropped.
    """
    found = (LOWER if powers_of_two else MEMORY).match(str(value).strip())
    if found is None:
        return UNSET
    number, unit = Decimal(f"{found[1]}e{found[2] or 0}"), found[3] or ""
    if powers_of_two:
        unit = unit.upper()
    if unit == "m":
        return math.ceil(number / 1000)
    if unit[:1] in FACTORS:
        base = 1024 if powers_of_two or "i" in unit else 1000
        number *= Decimal(base) ** FACTORS[unit[0]]
    return int(number) if powers_of_two else math.ceil(number)


def processors(value: object) -> float | UnsetType:
    """Processors: `4`, `2.5`, `500m`."""
    text = str(value).strip()
    if re.fullmatch(r"\d{1,9}m", text):
        return int(text[:-1]) / 1000
    return float(text) if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text) else UNSET
