"""Compares weights and structure of two models."""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

from envsnap.replay.esr.recording import Call, Parameter

COUNTERS = ("num_batches_tracked",)
MOST_NAMED = 6


class Weights(Struct, frozen=True, kw_only=True):
    """Parameters and buffers that differ, with what their sizes suggest."""

    count: int
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    clue: str = ""

    @property
    def differ(self) -> bool:
        """Whether anything does."""
        return bool(self.changed or self.missing or self.added)


def weights(golden: Call, other: Call) -> Weights:
    """Compare digests by name."""
    here, there = golden.parameters, other.parameters
    shared = [name for name in here if name in there and not name.endswith(COUNTERS)]
    unread = [name for name in shared if here[name].crc32 is None or there[name].crc32 is None]
    changed = [
        name
        for name in shared
        if name not in unread and _identity(here[name]) != _identity(there[name])
    ]
    return Weights(
        count=len(here),
        changed=tuple(changed),
        missing=tuple(name for name in here if name not in there),
        added=tuple(name for name in there if name not in here),
        unread=tuple(unread),
        clue=_clue(here, there, changed),
    )


def _identity(item: Parameter) -> tuple[str, tuple[int, ...], str | None]:
    return item.dtype, item.shape, item.crc32


def _clue(here: dict[str, Parameter], there: dict[str, Parameter], changed: list[str]) -> str:
    """What happened to the weights, where their lengths or bits tell it."""
    for name in changed:
        one, two = here[name], there[name]
        if one.dtype != two.dtype:
            return f"{name} is {two.dtype}, not {one.dtype}"
        if one.shape != two.shape:
            return f"{name} has the shape {list(two.shape)}, not {list(one.shape)}"
    narrowed = {there[name].fits for name in changed if not here[name].fits and there[name].fits}
    if len(narrowed) == 1:
        return f"the values fit into {narrowed.pop()}: they were stored or cast in it"
    widened = {here[name].fits for name in changed if here[name].fits and not there[name].fits}
    if len(widened) == 1:
        return f"the golden values fit into {widened.pop()}, these do not"
    if len(changed) == 1:
        one, two = here[changed[0]], there[changed[0]]
        if one.l2 and two.l2 and one.l2 != two.l2:
            return f"its length is {two.l2 / one.l2:.8g} x the golden one"
    return ""


class Setting(Struct, frozen=True, kw_only=True):
    """One setting that differs in the same way in one or more modules."""

    type: str
    setting: str
    left: str
    right: str
    modules: tuple[str, ...]

    @property
    def text(self) -> str:
        """For example: LayerNorm.eps 1e-05 -> 1e-06 (17 modules)."""
        many = f" ({len(self.modules)} modules)" if len(self.modules) > 1 else ""
        return f"{self.type}.{self.setting} {self.left} -> {self.right}{many}"


class Structure(Struct, frozen=True, kw_only=True):
    """What differs between the modules of two models, and between the calls of their layers."""

    settings: tuple[Setting, ...] = ()
    calls: tuple[str, ...] = ()
    autocast: str = ""
    opaque: tuple[str, ...] = ()

    def about(self, module: str) -> tuple[Setting, ...]:
        """What differs in one module and below it; settings before modes."""
        found = [
            item
            for item in self.settings
            if any(name == module or name.startswith(f"{module}.") for name in item.modules)
        ]
        return tuple(sorted(found, key=lambda item: item.setting == "training"))

    @property
    def modes(self) -> tuple[Setting, ...]:
        """Modules that train in one run only."""
        return tuple(item for item in self.settings if item.setting == "training")


def structure(golden: Call, other: Call) -> Structure:
    """Compare modules by name, and the calls of layers by name and number."""
    opaque = _opaque(golden, other)
    groups: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for name, one in golden.modules.items():
        two = other.modules.get(name)
        if two is None or (opaque and one.type != two.type):
            continue  # what is compiled on one side only has other types
        left = {"type": one.type, "training": one.training, **one.settings}
        right = {"type": two.type, "training": two.training, **two.settings}
        for key in left.keys() | right.keys():
            if left.get(key) != right.get(key):
                told = str(left.get(key)), str(right.get(key))
                groups[one.type, key, *told].append(name)
    settings = [
        Setting(type=kind, setting=key, left=a, right=b, modules=tuple(names))
        for (kind, key, a, b), names in sorted(groups.items())
    ]
    calls = _calls(golden, other)
    if calls and opaque:  # the other layers are those that a graph does not call
        return Structure(settings=tuple(settings), opaque=opaque)
    return Structure(
        settings=tuple(settings), calls=tuple(calls), autocast=_autocast(golden, other)
    )


def _opaque(golden: Call, other: Call) -> tuple[str, ...]:
    """What is compiled, scripted or traced in one of two runs."""
    return (
        *(f"{text} in the golden run" for text in golden.opaque if text not in other.opaque),
        *(f"{text} here" for text in other.opaque if text not in golden.opaque),
    )


def _autocast(golden: Call, other: Call) -> str:
    """Which autocast was active, where that differs."""
    here, there = ({leaf.autocast or "off" for leaf in call.leaves} for call in (golden, other))
    if here == there:
        return ""
    return f"{' and '.join(sorted(here))} -> {' and '.join(sorted(there))}"


def _calls(golden: Call, other: Call) -> list[str]:
    here, there = [leaf.key for leaf in golden.leaves], [leaf.key for leaf in other.leaves]
    if here == there:
        return []
    missing = [name for name, nth in here if (name, nth) not in set(there)]
    added = [name for name, nth in there if (name, nth) not in set(here)]
    lines = []
    if missing:
        lines.append(f"not called here: {listed(missing)}")
    if added:
        lines.append(f"called here only: {listed(added)}")
    return lines or ["the layers are called in another order"]


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Names in a row, the first few of many."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(name or "(the model)" for name in names[:MOST_NAMED]) + more
