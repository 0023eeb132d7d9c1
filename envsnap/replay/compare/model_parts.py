"""Compares weights and structure of two models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from envsnap.replay.compare.verdict import Layer
from envsnap.replay.compare.view import View
from envsnap.replay.esr.recording import Call, Module, Parameter, Root
from envsnap.wording import few

COUNTERS = ("num_batches_tracked",)
COMPUTED = ("inv_freq", "position_ids", "masked_bias", "attn.bias", "causal_mask")
MOST_NAMED = 6
# Settings of modules that say nothing of what they compute.
UNTOLD = ("gradient_checkpointing", "name_or_path", "warnings_issued", "is_gradient_checkpointing")


class Weights(Struct, frozen=True, kw_only=True):
    """Parameters and buffers that differ, with what their sizes suggest."""

    count: int
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # the same values under another name
    clue: str = ""
    dtype: str = ""
    tiny: bool = False

    @property
    def differ(self) -> bool:
        """Whether anything does; what a model computes from its configuration is no weight."""
        return bool(self.changed or self.missing or self.added)


def weights(golden: Root, other: Root) -> Weights:
    """Compare digests by name."""
    here, there = golden.parameters, other.parameters
    computed = {name for name in (*here, *there) if _is_computed(name, here, there)}
    shared = [name for name in here if name in there and not name.endswith(COUNTERS)]
    unread = {name for name in shared if None in (here[name].crc32, there[name].crc32)}
    read = _without(shared, unread)
    differ = [name for name in read if _identity(here[name]) != _identity(there[name])]
    changed = list(_without(differ, computed))
    missing, added = (
        _without(here, there.keys() | computed),
        _without(there, here.keys() | computed),
    )
    renamed = _renamed(here, missing, there, added)
    return Weights(
        count=len(here.keys() - computed),
        changed=tuple(changed),
        missing=_without(missing, set(dict(renamed))),
        added=_without(added, set(dict(renamed).values())),
        renamed=renamed,
        unread=tuple(name for name in shared if name in unread),
        computed=tuple(name for name in differ if name in computed),
        clue=_clue(here, there, changed),
        dtype=_dtype(here, there, changed),
        tiny=_are_tiny(here, there, changed),
    )


def _renamed(
    here: dict[str, Parameter], missing: Iterable[str],
    there: dict[str, Parameter], added: Iterable[str],
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """Weights that have another name in the other model and the same values, in their order.

    Another version of a library names modules otherwise and loads the same checkpoint. Of weights
    with equal values, as biases of zeros are, the first is paired with the first.
    """
    places: dict[tuple[str, tuple[int, ...], str | None], list[str]] = defaultdict(list)
    for name in added:
        places[_identity(there[name])].append(name)
    found = []
    for name in missing:
        names = places[_identity(here[name])] if here[name].crc32 is not None else []
        if names:
            found.append((name, names.pop(0)))
    return tuple(found)


def _without(names: Iterable[str], known: AbstractSet[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in known)


def _is_computed(name: str, here: dict[str, Parameter], there: dict[str, Parameter]) -> bool:
    """Whether a buffer follows from the configuration, by either side's word."""
    sides = [side[name] for side in (here, there) if name in side]
    return any(item.role == "computed" for item in sides) or (
        # Recordings of version 1 knew no such role: these are not in checkpoints.
        all(item.role == "buffer" for item in sides) and name.endswith(COMPUTED)
    )


def _dtype(here: dict[str, Parameter], there: dict[str, Parameter], changed: list[str]) -> str:
    """The dtype that a whole model has taken on, as `float32 -> bfloat16`; empty: it has not."""
    pairs = {(here[name].dtype, there[name].dtype) for name in changed}
    kinds = {item.dtype for item in there.values() if item.role == "parameter"}
    if len(pairs) == 1 and len(kinds) == 1:
        one, two = pairs.pop()
        if one != two:
            return f"{one} -> {two}"
    return ""


def _are_tiny(here: dict[str, Parameter], there: dict[str, Parameter], changed: list[str]) -> bool:
    """Whether lengths differ by rounding alone, in more than one tensor, as of one seed on two CPUs."""
    return len(changed) > 1 and all(
        one.shape == two.shape
        and one.l2 is not None
        and two.l2 is not None
        and abs(two.l2 - one.l2) <= 1e-6 * max(one.l2, 1e-30)
        for one, two in ((here[name], there[name]) for name in changed)
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
            return f"the norm of {changed[0]} is {two.l2 / one.l2:.8g} times the golden one's"
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
        """For example: LayerNorm.eps 1e-05 -> 1e-06 (17 modules), or the name of the only one."""
        one = f" ({self.modules[0]})" if self.modules[0] else ""
        many = f" ({len(self.modules)} modules)" if len(self.modules) > 1 else one
        return f"{self.type}.{self.setting} {self.left} -> {self.right}{many}"


class Structure(Struct, frozen=True, kw_only=True):
    """What differs between the modules of two models, and between the calls of their layers."""

    settings: tuple[Setting, ...] = ()
    calls: tuple[str, ...] = ()
    autocast: str = ""
    opaque: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether another model is built, or other layers are called."""
        return bool(self.settings or self.calls or self.opaque or self.gone or self.come)

    def felt(self, layers: Sequence[Layer]) -> tuple[Setting, ...]:
        """Settings of layers that did not give the same bits; what one side only knows is none."""
        moved = {item.name for item in layers if item.judgement not in ("equal", "unjudged")}
        return tuple(
            item
            for item in self.settings
            if item.setting not in ("training", "type")
            and "None" not in (item.left, item.right)
            and any(name in moved for name in item.modules)
        )

    @property
    def types(self) -> tuple[Setting, ...]:
        """Modules that are of another type."""
        return tuple(item for item in self.settings if item.setting == "type")

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


def structure(golden: View, other: View) -> Structure:
    """Compare modules by name, and the calls of layers by name and number."""
    here, there = golden.root, other.root
    opaque = _opaque(here, there)
    groups: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    later = {**here.modules, **golden.call.modules}, {**there.modules, **other.call.modules}
    for name, one in later[0].items():
        two = later[1].get(name)
        if two is None or (opaque and one.type != two.type):
            continue  # what is compiled on one side only has other types
        for key, told in _differences(one, two):
            groups[one.type, key, *told].append(name)
    settings = [
        Setting(type=kind, setting=key, left=a, right=b, modules=tuple(names))
        for (kind, key, a, b), names in sorted(groups.items())
    ]
    calls = _calls(golden.call, other.call)
    gone = [name for name in here.modules if name not in there.modules]
    come = [name for name in there.modules if name not in here.modules]
    if opaque:  # the other layers are those that a graph does not call
        return Structure(settings=tuple(settings), opaque=opaque)
    return Structure(
        settings=tuple(settings), calls=tuple(calls), autocast=_autocast(golden.call, other.call),
        gone=tuple(gone), come=tuple(come),
    )  # fmt: skip


def _differences(one: Module, two: Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """What differs between two modules of one name; settings that only one has, where types agree."""
    if (one.type, one.module) != (two.type, two.module):
        kinds = one.type, two.type
        if one.type == two.type:  # two classes share a name, as Linear and its quantised kin
            kinds = f"{one.module}.{one.type}", f"{two.module}.{two.type}"
        if one.type != two.type or _family(one.module) != _family(two.module):
            yield "type", kinds
    if one.training != two.training:
        yield "training", (str(one.training), str(two.training))
    for key in one.settings.keys() | two.settings.keys():
        left, right = one.settings.get(key), two.settings.get(key)
        if left == right or (one.type != two.type and None in (left, right)):
            continue
        if key in UNTOLD or any(_is_text(item) for item in (left, right)):
            continue
        yield key, (str(left), str(right))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.startswith("#")


def _family(module: str) -> str:
    """What of a module's place counts: two versions of a library move classes about."""
    return "quantised" if "quant" in module else module.partition(".")[0]


def _opaque(golden: Root, other: Root) -> tuple[str, ...]:
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
    return few([name or "(the model)" for name in names], MOST_NAMED)
