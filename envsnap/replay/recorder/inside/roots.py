"""The models that a script calls: what is told of each once, and whether its weights stay."""

from __future__ import annotations

import weakref
import zlib
from typing import Any

from . import modules, settings
from .summary import digest, settled

MOST_ROOTS = 64
MOST_FORMS = 2
WHOLE = 1 << 27  # weights up to so many bytes are digested once more at the end
FEW, LOOKED_AT = 32, 1 << 20  # weights, and their bytes, that are looked at in each call

BOTH = ("_parameters", "_buffers")


class Root:
    """One outermost module: its description, its calls, and the state of its parameters."""

    def __init__(self, torch: Any, module: Any, name: str, framework: str) -> None:
        self.name, self.count = name, 0
        self.forms: set[Any] = set()
        self.names = modules.named(module)
        self.rest = 0
        self._torch = torch
        self.module = weakref.ref(module)
        kind = type(module)
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
            "parameters": modules.parameters(torch, module),
            "config": settings.of_model(module),
            "changed": [],
        }
        self._inner = _Inner(module)
        compiled = (getattr(item, "_compiled_call_impl", None) for item in module.modules())
        self.plain = not self.told["opaque"] and not any(compiled)  # nothing in it is compiled
        self._versions = _seen(self._inner.tensors(module, BOTH))
        self._order = list(self._inner.tensors(module, ("_parameters",)))
        self._digests = {
            key: self.told["parameters"].get(modules.plain(key), {}).get("crc32")
            for key in self._order
        }
        self._next = 0

    def training(self, module: Any) -> int:
        """How many modules are in training mode."""
        return sum(bool(item.training) for _, item in self._inner.of(module))

    def written(self, module: Any) -> list[str]:
        """The weights that were written to, or exchanged, since this was last asked.

        A write through `.data` counts no version: some values are looked at in each call, too.
        """
        tensors = self._inner.tensors(module, BOTH)
        now = _seen(tensors)
        names = [name for name, seen in now.items() if self._versions.get(name) != seen]
        self._versions = now
        names += [name for name in self._looked_at(tensors) if name not in names]
        kept = self.told["parameters"]
        return [
            name
            for name in map(modules.plain, names)
            if kept.get(name, {}).get("role") in ("parameter", "buffer")
            and not name.endswith("num_batches_tracked")
        ][:100]

    def _looked_at(self, own: dict[str, Any]) -> list[str]:
        """Weights whose values have changed, of the few whose turn it is."""
        found: list[str] = []
        size = 0
        for count in range(min(FEW, len(self._order))):
            name = self._order[self._next % len(self._order)]
            tensor, known = own.get(name), self._digests.get(name)
            if tensor is not None and known is not None:
                size += tensor.numel() * tensor.element_size()
                if size > LOOKED_AT and count:
                    break
                now = digest(settled(tensor))
                if now != known:
                    found.append(name)
                    self._digests[name] = now
            self._next += 1
        return found

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


class _Inner:
    """The modules below a root, which every call asks for: walking to them takes a while."""

    def __init__(self, module: Any) -> None:
        self._found: list[tuple[str, Any]] = []
        self._children: list[tuple[Any, ...]] = []
        self.of(module)

    def of(self, module: Any) -> list[tuple[str, Any]]:
        """Names and modules; looked for again once any of them has got another child."""
        children = [tuple(item._modules.values()) for _, item in self._found]
        if not self._found or children != self._children:
            self._found = list(module.named_modules())
            self._children = [tuple(item._modules.values()) for _, item in self._found]
        return self._found

    def tensors(self, module: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
        """Parameters or buffers by name; one that several modules share has its first name."""
        found: dict[str, Any] = {}
        known: set[int] = set()
        for kind in kinds:
            for name, item in self.of(module):
                for key, tensor in getattr(item, kind).items():
                    if tensor is not None and id(tensor) not in known:
                        known.add(id(tensor))
                        found[f"{name}.{key}" if name else key] = tensor
        return found


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
