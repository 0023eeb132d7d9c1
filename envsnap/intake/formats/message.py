"""What the user is told of a foreign file: what was read, of which state, how much, what not."""

from __future__ import annotations

from msgspec import UNSET

from envsnap.intake.formats.draft import Draft, State
from envsnap.model.manifest import Sections, present
from envsnap.wording import counted, few

STATES: dict[State, str] = {
    "installed": "what is installed",
    "wanted": "what is wanted",
    "stated": "what it states",
}
NOUNS = {
    "packages": ("package", "packages"),
    "wanted": ("package", "packages"),
    "frameworks": ("framework", "frameworks"),
    "gpus": ("GPU", "GPUs"),
    "env_vars": ("variable", "variables"),
    "configs": ("config file", "config files"),
    "weights": ("weight file", "weight files"),
    "files": ("file", "files"),
    "tools": ("tool", "tools"),
}
MOST_GAPS = 5
NOTHING = "nothing"


def note(name: str, draft: Draft, sections: Sections) -> str:
    """One line for the reader."""
    parts = [f"{name}: read as {draft.what}, {STATES[draft.state]}: {_counted(sections)}"]
    conditional = _conditional(sections)
    if conditional:
        parts.append(f"{conditional} of them on some platforms or Pythons only, by their markers")
    optional = _optional(sections)
    if optional:
        parts.append(f"{optional} by extras or groups only")
    if draft.left:
        told = ", ".join(_left(what, count) for what, count in draft.left.items())
        parts.append(f"not read: {told}")
    gaps = [
        f"{section}{'' if path.startswith('[') else '.'}{path}"
        for section, found in present(sections).items()
        for path in found.gaps
    ]
    if gaps:
        parts.append(f"it does not state {few(gaps, MOST_GAPS)}")
    return "; ".join(parts)


def states_anything(sections: Sections) -> bool:
    """Whether any fact was read."""
    return _counted(sections) != NOTHING or sections.identity is not UNSET


def _counted(sections: Sections) -> str:
    told = []
    facts = 0
    for name, section in present(sections).items():
        entries = getattr(section, "entries", UNSET)
        if name in NOUNS and entries is not UNSET and entries:
            one, many = NOUNS[name]
            told.append(f"{len(entries)} {one if len(entries) == 1 else many}")
        elif name != "identity":
            fields = set(section.__struct_fields__) - {
                "complete",
                "names_complete",
                "digest",
                "gaps",
            }
            facts += sum(getattr(section, field) not in (UNSET, {}) for field in fields)
    if facts:
        told.append(f"{counted(facts, 'fact')} of Python and the machine")
    return ", ".join(told) or NOTHING


def _conditional(sections: Sections) -> int:
    wanted = sections.wanted
    if wanted is UNSET or wanted.entries is UNSET:
        return 0
    return sum(
        entry.marker is not UNSET or entry.alternatives is not UNSET
        for entry in wanted.entries.values()
    )


def _optional(sections: Sections) -> int:
    wanted = sections.wanted
    if wanted is UNSET or wanted.entries is UNSET:
        return 0
    return sum(entry.groups is not UNSET for entry in wanted.entries.values())


def _left(what: str, count: int) -> str:
    return what if count == 1 else f"{count} {what}"
