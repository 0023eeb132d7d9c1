"""Gathers hosts of folders, files and stores into one fleet."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from msgspec import Struct, structs

from envsnap.errors import InputError
from envsnap.fleet import answers, kinds, nodeset, silence, store
from envsnap.fleet.kinds import Noise, Same
from envsnap.wording import counted, few

NOTE_TWICE = "hosts that answered before are counted again"
NOTE_STALE = "captured weeks before most of the others"
NOTE_SEALED = "edited after capture, and sealed"
MOST_TOLD = 5


class Gathered(Struct, frozen=True, kw_only=True):
    """Hosts by number: their names, those that are alike, who was silent, and who should be there."""

    names: Sequence[tuple[str, ...]]
    same: list[Same]
    silent: dict[str, str]
    inventory: tuple[str, ...]
    noise: tuple[Noise, ...]
    notes: tuple[str, ...] = ()


def read(
    paths: Sequence[str], opened: contextlib.ExitStack, inventory: Sequence[str] = ()
) -> Gathered:
    """Gather every host; stores stay open until `opened` ends. Raises InputError.

    Without an inventory it is the one that captures recorded. Where there is one, folders may be
    empty: then all of it is missing.
    """
    stores = [path for path in paths if store.is_store(path)]
    files = [path for path in paths if path not in stores]
    found = Gathered(names=[], same=[], silent={}, inventory=tuple(inventory), noise=())
    for path in stores:
        one = opened.enter_context(store.opened(path))
        named, same = one.current(aliases=bool(inventory) or len(paths) > 1)
        found = _joined(found, named, same, tuple(one.noise()))
        found = structs.replace(found, silent={**found.silent, **silence.known(one.connection)})
    if files:
        fleet = answers.read(files)
        if not (fleet.hosts or fleet.silent or fleet.inventory or inventory or stores):
            raise InputError(
                f"{', '.join(files)[:200]}: holds no manifest and no output of the probe;"
                " `envsnap fleet capture -o FOLDER` writes them"
            )
        found = _joined(found, fleet.names, kinds.gathered(fleet.hosts), ())
        listed = found.inventory or fleet.inventory
        silent = {**found.silent, **fleet.silent}
        told = ((NOTE_TWICE, fleet.twice), (NOTE_SEALED, fleet.sealed), (NOTE_STALE, fleet.stale()))
        notes = tuple(f"{note}: {_some(who)}" for note, who in told if who)
        found = structs.replace(found, silent=silent, inventory=listed, notes=notes)
    return found


def _some(who: Sequence[str]) -> str:
    """A few, and how many more; names of hosts folded as their numbers are."""
    if len(who) > MOST_TOLD and all(" " not in name for name in who):
        return f"{nodeset.fold(who)} ({counted(len(who), 'host')})"
    return few(who, MOST_TOLD)


def _joined(
    found: Gathered, names: Sequence[tuple[str, ...]], same: list[Same], noise: tuple[Noise, ...]
) -> Gathered:
    """Both; hosts that come second are counted on, and get other names where theirs are taken."""
    first = len(found.names)
    if not first:
        return structs.replace(found, names=names, same=same, noise=noise)
    taken = {name[0] for name in found.names}
    later = [(answers.free(name[0], taken), *name[1:]) for name in names]
    shifted = [
        structs.replace(group, hosts=[number + first for number in group.hosts]) for group in same
    ]
    return structs.replace(
        found,
        names=[*found.names, *later],
        same=[*found.same, *shifted],
        noise=(*found.noise, *noise),
    )
