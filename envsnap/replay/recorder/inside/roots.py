"""The models that a script calls: what is told of each once, and whether its weights stay."""

from __future__ import annotations

import weakref
import zlib
from itertools import chain
from operator import attrgetter, is_, methodcaller
from typing import Any

from . import modules, settings, weights
from .summary import digest, settled

MOST_ROOTS = 64
MOST_FORMS = 2
WHOLE = 1 << 27  # weights up to so many bytes are digested once more at the end

KINDS = ("_parameters", "_buffers")
TRAINING, VERSION, VALUES = attrgetter("training"), attrgetter("_version"), methodcaller("values")


class Root:
    """One outermost module: its description, its calls, and the state of its parameters."""

    def __init__(self, torch: Any, module: Any, name: str, framework: str) -> None:
        self.name, self.count, self.unused = name, 0, 0
        self.forms: set[Any] = set()
        self.names = modules.named(module)
        self.rest = 0
        self._torch = torch
        self.module = weakref.ref(module, self._gone)
        kind = type(module)
        states: dict[str, list[int]] = {}
        self.told: dict[str, Any] = {
            "name": name,
            "type": modules.title(module),
            "module": (kind.__module__ or "")[:200],
            "framework": framework,
            "names": modules.argument_names(module),
            "opaque": modules.opaque(module),
            "modules": {
                modules.plain(key): modules.describe(item) for key, item in module.named_modules()
            },
            "parameters": modules.parameters(torch, module, states),
            "config": settings.of_model(module),
            "changed": [],
        }
        self._inner = _Inner(module)
        compiled = (getattr(item, "_compiled_call_impl", None) for item in module.modules())
        self.plain = not self.told["opaque"] and not any(compiled)  # nothing in it is compiled
        tensors, _ = self._inner.tensors(module)
        self._versions = _seen(tensors)
        self._counts = _counts(tensors)
        self._looks = weights.Looks(states)

    def _gone(self, _: Any) -> None:
        """The script has let go of the model: what was noted of it must not keep it in memory."""
        self._inner.forget()

    def training(self, module: Any) -> int:
        """How many modules are in training mode."""
        found = self._inner.modules(module)
        try:
            return sum(map(bool, map(TRAINING, found)))
        except AttributeError:  # TorchScript that is frozen has no modes
            return sum(bool(getattr(item, "training", False)) for item in found)

    def written(self, module: Any) -> list[str]:
        """The weights that were written to, or exchanged, since this was last asked.

        A write through `.data` counts no version: some values are looked at in each call, too.
        """
        tensors, kept = self._inner.tensors(module)
        counts = _counts(tensors)
        names: list[str] = []
        if not kept or counts is None or counts != self._counts:
            now = _seen(tensors)
            names = [name for name, seen in now.items() if self._versions.get(name) != seen]
            self._versions, self._counts = now, counts
        names += [name for name in self._looks.changed(tensors) if name not in names]
        told = self.told["parameters"]
        return [
            name
            for name in map(modules.plain, names)
            if told.get(name, {}).get("role") in ("parameter", "buffer")
            and not name.endswith("num_batches_tracked")
        ][:100]

    def moved(self, module: Any) -> dict[str, Any]:
        """The modules whose settings are no longer those of the first call."""
        known = self.told["modules"]
        found = {}
        for name, item in module.named_modules():
            told = modules.describe(item)
            if told != known.get(modules.plain(name)):
                found[modules.plain(name)] = told
        return found

    def form(self, arguments: Any, named: Any) -> bool:
        """Whether a call has a form that was not seen yet: a prefill and a step differ in it."""
        form = _form(self._torch, (arguments, named), 0)
        if form in self.forms or len(self.forms) >= MOST_FORMS:
            return False
        self.forms.add(form)
        return True

    def add_rest(self, digests: list[str]) -> None:
        """Take in the results of a call that is not listed."""
        self.rest = zlib.crc32(",".join(digests).encode("ascii"), self.rest)

    def closed(self) -> dict[str, Any]:
        """What is told of the model at the end of the run."""
        module = self.module()
        if module is not None:
            self.told["changed"] = self._rechecked(module)
        self.told["calls"] = self.count
        if self.rest:
            self.told["rest"] = f"{self.rest:08x}"
        return self.told

    def _rechecked(self, module: Any) -> list[str]:
        """The parameters whose values are not those that were digested at first.

        A write through `.data` counts no version, so that values are looked at, where they are not
        too many: digesting half a gigabyte takes half a second.
        """
        found = []
        items = list(module.named_parameters())
        size = sum(item.numel() * item.element_size() for _, item in items)
        for name, tensor in items:
            before = self.told["parameters"].get(modules.plain(name), {})
            if before.get("crc32") is None:
                continue
            try:
                if tensor.shape != tuple(before["shape"]) or (
                    size <= WHOLE and digest(settled(tensor)) != before["crc32"]
                ):
                    found.append(modules.plain(name))
            except (ValueError, RuntimeError, NotImplementedError):
                continue
        return found[:100]


def _seen(tensors: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Which tensor each name has, and how often it was written to."""
    found = {}
    for name, tensor in tensors.items():
        try:
            version = tensor._version
        except RuntimeError:  # a tensor of inference mode counts nothing
            version = 0
        found[name] = (id(tensor), version)
    return found


def _counts(tensors: dict[str, Any]) -> list[int] | None:
    """How often each tensor was written to; None where one of inference mode counts nothing."""
    try:
        return list(map(VERSION, tensors.values()))
    except RuntimeError:
        return None


class _Inner:
    """The modules and tensors below a root, which every call asks for.

    Walking to them takes a while, so that only what holds them is looked at again: a dictionary of
    children, parameters or buffers with another entry. The root itself is not held here.
    """

    def __init__(self, module: Any) -> None:
        self._modules: list[Any] = []
        self._children: list[Any] = []
        self._known: list[Any] = []
        self._holders: list[dict[str, Any]] = []
        self._held: list[Any] = []
        self._tensors: dict[str, Any] = {}
        self._walk(module)

    def _walk(self, module: Any) -> None:
        names, found = map(list, zip(*module.named_modules()))
        self._modules = found[1:]
        self._children = [item._modules for item in found]
        self._known = _entries(self._children)
        self._holders = [getattr(item, kind) for kind in KINDS for item in found]
        self._held = _entries(self._holders)
        tensors: dict[str, Any] = {}
        known: set[int] = set()
        for prefix, holder in zip(names * len(KINDS), self._holders):
            for key, tensor in holder.items():
                if tensor is not None and id(tensor) not in known:
                    known.add(id(tensor))
                    tensors[f"{prefix}.{key}" if prefix else key] = tensor
        self._tensors = tensors

    def forget(self) -> None:
        """Let go of everything."""
        self._modules, self._children, self._known = [], [], []
        self._holders, self._held, self._tensors = [], [], {}

    def modules(self, module: Any) -> list[Any]:
        """All modules; looked for again once any of them has got another child."""
        if not _same(_entries(self._children), self._known):
            self._walk(module)
        return [module, *self._modules]

    def tensors(self, module: Any) -> tuple[dict[str, Any], bool]:
        """Parameters and buffers by name, and whether they are those of the last time.

        One that several modules share has its first name.
        """
        before = self._tensors
        self.modules(module)
        if not _same(_entries(self._holders), self._held):
            self._walk(module)
        return self._tensors, self._tensors is before


def _entries(holders: list[dict[str, Any]]) -> list[Any]:
    """The values of some dictionaries in a row."""
    return list(chain.from_iterable(map(VALUES, holders)))


def _same(one: list[Any], two: list[Any]) -> bool:
    """Whether two lists hold the very same objects."""
    return len(one) == len(two) and all(map(is_, one, two))


def _form(torch: Any, value: Any, depth: int) -> Any:
    """The form of arguments: names, dtypes and ranks, and which sides are one."""
    if isinstance(value, torch.Tensor):
        sides = tuple(min(side, 2) for side in value.shape)
        return str(value.dtype), sides
    if depth < 3 and isinstance(value, (list, tuple)):
        return tuple(_form(torch, item, depth + 1) for item in value)
    if depth < 3 and isinstance(value, dict):
        return tuple((str(key), _form(torch, item, depth + 1)) for key, item in value.items())
    return value is None


class Roots:
    """All models of a process, in the order of their first calls."""

    def __init__(self, torch: Any, framework: str) -> None:
        self._torch, self._framework = torch, framework
        self._known: dict[int, Root] = {}
        self._types: dict[str, int] = {}
        self.beyond = 0
        self.listed: list[Root] = []

    def of(self, module: Any) -> Root | None:
        """The entry of a module, made at its first call; None where there are too many."""
        root = self._known.get(id(module))
        if root is not None and root.module() is module:
            return root
        if len(self.listed) >= MOST_ROOTS:
            self.beyond += 1
            return None
        kind = modules.title(module)[:180]
        if kind == "OptimizedModule":  # the shell of torch.compile
            inner = getattr(module, "_orig_mod", module)
            kind = modules.title(inner)[:180]
        count = self._types[kind] = self._types.get(kind, 0) + 1
        name = kind if count == 1 else f"{kind}#{count}"
        root = self._known[id(module)] = Root(self._torch, module, name, self._framework)
        self.listed.append(root)
        return root
