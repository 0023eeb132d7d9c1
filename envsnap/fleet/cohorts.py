"""Which hosts are compared with each other: all, or those of one hardware."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from envsnap.fleet.kinds import Kind
from envsnap.model import reading
from envsnap.model.manifest import Manifest

SMALLEST_MAJORITY = 3  # hosts; of two none is more than the other
ALL = "all hosts"


class Hardware(Struct, frozen=True, kw_only=True):
    """Models of a host: of its GPUs, and of its processor."""

    cards: frozenset[str]
    processor: str

    def told(self) -> str:
        """Both in one line."""
        return ", ".join([*sorted(self.cards), self.processor])


def split(kinds: Sequence[Kind], *, by_hardware: bool) -> list[tuple[str, list[Kind]]]:
    """Kinds that are compared with each other, the largest cohort first."""
    if not by_hardware or not kinds:
        return [(ALL, list(kinds))] if kinds else []
    found: dict[Hardware, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(_hardware(kind.build()), []).append(kind)
    sized = sorted(found.items(), key=lambda item: -size(item[1]))
    large = [(own, members) for own, members in sized if size(members) >= SMALLEST_MAJORITY]
    for own, members in sized:
        if size(members) < SMALLEST_MAJORITY:
            home = next((rest for other, rest in large if _lacks_of(own, other)), None)
            if home is None:
                large.append((own, members))
            else:
                home.extend(members)
    return [(own.told(), members) for own, members in large]


def _lacks_of(own: Hardware, other: Hardware) -> bool:
    """Whether hardware could be another's with cards that failed, or were exchanged."""
    return own.processor == other.processor and (not own.cards or bool(own.cards & other.cards))


def _hardware(manifest: Manifest) -> Hardware:
    """What decides which hosts could be alike at all: models of GPUs and of processors."""
    cards = {gpu.name for gpu in reading.gpus(manifest).values() if isinstance(gpu.name, str)}
    cpu = reading.stated(manifest, "system", "cpu") or reading.stated(
        manifest, "system", "architecture"
    )
    return Hardware(cards=frozenset(cards), processor=str(cpu or "unknown processor"))


def size(kinds: Sequence[Kind]) -> int:
    """How many hosts are of these kinds."""
    return sum(len(kind.hosts) for kind in kinds)
