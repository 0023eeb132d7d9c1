"""Distributions that are released for each other: who goes back with one goes back with the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from envsnap.changes.change import Difference
from envsnap.rules.finding import Finding, Severity

# Each asks for one release, or a narrow range, of the others in its own requirements.
FAMILIES = (
    ("torch", "torchvision", "torchaudio"),
    ("transformers", "tokenizers"),
    ("tensorflow", "keras"),
    ("jax", "jaxlib"),
    ("pydantic", "pydantic-core"),
    ("spacy", "thinc"),
    ("boto3", "botocore"),
)


def together(found: Sequence[Finding], difference: Difference) -> tuple[Finding, ...]:
    """The findings; a fix that pins one of a family pins those that moved with it, too."""
    moved = {
        change.path[1]: change.reference
        for change in difference.changes
        if len(change.path) == 3
        and change.path[0] == "packages"
        and change.path[2] == "version"
        and isinstance(change.reference, str)
        and isinstance(change.other, str)
    }
    return tuple(_with_family(item, moved) for item in found)


def _with_family(found: Finding, moved: dict[str, str]) -> Finding:
    name = found.path[1] if found.path[0] == "packages" and found.path[1:] else ""
    alone = f"Install {name}=={moved.get(name)}."
    if found.severity is Severity.INFO or not found.fix.startswith(alone):
        return found
    others = [item for item in _family(name) if item != name and item in moved]
    if not others:
        return found
    pins = " and ".join(f"{item}=={moved[item]}" for item in others)
    both = f"{alone[:-1]} with {pins}: they belong together."
    return replace(found, fix=both + found.fix.removeprefix(alone))


def _family(name: str) -> Iterable[str]:
    return next((family for family in FAMILIES if name in family), ())
