"""Quantities of memory and processors, as Kubernetes and Compose write them."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType

MEMORY = re.compile(r"^(\d{1,15})(?:\.0)?\s*([kKMGTPE]i?[bB]?|[bB])?$")
LOWER = re.compile(r"^(\d{1,15})\s*([kmgt]b?|b)?$", re.IGNORECASE)
FACTORS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def memory(value: object, *, powers_of_two: bool = False) -> int | UnsetType:
    """Bytes: `16Gi`, `512M`; Compose's and Slurm's units are powers of two without the i."""
    found = (LOWER if powers_of_two else MEMORY).match(str(value).strip())
    if found is None:
        return UNSET
    unit = (found[2] or "").upper() if powers_of_two else found[2] or ""
    if unit[:1] not in FACTORS:
        return int(found[1])
    base = 1024 if powers_of_two or "i" in unit else 1000
    return int(found[1]) * int(base ** FACTORS[unit[0]])


def processors(value: object) -> float | UnsetType:
    """Processors: `4`, `2.5`, `500m`."""
    text = str(value).strip()
    if re.fullmatch(r"\d{1,9}m", text):
        return int(text[:-1]) / 1000
    return float(text) if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text) else UNSET
