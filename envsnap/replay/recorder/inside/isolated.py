"""Runs one layer at a time on inputs that were recorded.

On the host that records, each layer is run again, as it is and in float64: the difference is
the layer's own rounding error, the unit in which the comparison judges. On the host that
compares, each layer is run on the recorded inputs, so that it inherits no error from the layers
before it.
"""

from __future__ import annotations

import copy
import math
import os
import time
from typing import Any

from . import modes, modules, products, trees
from .spool import Spool, read
from .summary import digest, settled

LARGEST_ORACLE = 64 << 20
UNALIKE = 1e-2  # rows that differ by more when they are alone depend on each other


class Isolated:
    """The layers of one model, by name."""

    def __init__(self, torch: Any, root: Any, spool: Spool, grad: bool) -> None:
        self._torch, self._spool, self._grad = torch, spool, grad
        self._modules = {modules.plain(name): item for name, item in root.named_modules()}

    def rounding(self, leaves: list[dict[str, Any]]) -> None:
        """Add to each leaf whether it can be replayed, and its rounding error."""
        if not self._spool.keeps_values:
            return
        with modes.random_states_kept(self._torch):
            for leaf in leaves:
                try:
                    leaf["replay"] = self._measured(leaf)
                except Exception as error:
                    text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
                    leaf["replay"] = {"state": "impossible", "reason": text}

    def _measured(self, leaf: dict[str, Any]) -> dict[str, Any]:
        torch = self._torch
        module = self._modules.get(leaf["name"])
        if module is None:
            return {"state": "impossible", "reason": "not a named module of the model"}
        module = modes.untouched(module)
        if not (trees.can_rebuild(leaf["arguments"]) and trees.can_rebuild(leaf["named"])):
            return {"state": "impossible", "reason": "arguments that are neither tensors nor plain"}
        if "sample" in leaf:
            return self._sampled(module, leaf)
        given = trees.tensors(leaf["arguments"]) + trees.tensors(leaf["named"])
        if not all(map(self._spool.has, given)):
            return {"state": "impossible", "reason": "its inputs are more than what is kept"}

        def recorded(number: int) -> Any:
            return self._on_device(module, self._spool.values(torch, number))

        again = trees.flat(self._run(module, leaf, recorded, leaf["autocast"]), torch.Tensor)
        numbers = trees.tensors(leaf["result"])
        same = [
            digest(settled(tensor)) == self._spool.entry(number).get("crc32")
            for tensor, number in zip(again, numbers)
        ]
        found: dict[str, Any] = {"state": "exact" if all(same) else "wobbles"}
        rounding = self._errors(module, leaf, again)
        if rounding is None:
            return {**found, "reason": "no float64 reference"}
        found["rounding"] = rounding
        if not all(same):
            once_more = trees.flat(
                self._run(module, leaf, recorded, leaf["autocast"]), torch.Tensor
            )
            found["wobble"] = [_relative(one, other) for one, other in zip(once_more, again)]
        return found

    def _sampled(self, module: Any, leaf: dict[str, Any]) -> dict[str, Any]:
        """Whether some rows alone give what they gave among all, and their rounding error."""
        torch, sample = self._torch, leaf["sample"]
        part = {**leaf, **sample}
        among = part.pop("among")

        def recorded(number: int) -> Any:
            return self._on_device(module, self._spool.values(torch, number))

        try:
            result = self._run(module, part, recorded, leaf["autocast"])
        except Exception:
            del leaf["sample"]
            raise
        again = trees.flat(result, torch.Tensor)
        apart = [_relative(one, two) for one, two in zip(again, among) if one.shape == two.shape]
        if (
            len(apart) != len(among)
            or len(again) != len(among)
            or any(item is None or item > UNALIKE for item in apart)
        ):
            del leaf["sample"]
            return {"state": "impossible", "reason": "its inputs are more than what is kept"}
        sample["result"] = trees.encode(
            result, lambda tensor: self._spool.number(tensor, keep=False), torch.Tensor
        )
        del sample["among"]
        rounding = self._errors(module, part, again)
        if rounding is None:
            return {"state": "exact", "reason": "no float64 reference"}
        return {"state": "exact", "rounding": rounding}

    def _run(self, module: Any, leaf: dict[str, Any], tensor: Any, autocast: str | None) -> Any:
        torch = self._torch
        given: dict[int, Any] = {}

        def once(number: int) -> Any:
            """One object for one tensor: attention takes another path if its inputs are one."""
            if number not in given:
                given[number] = tensor(number)
            return given[number]

        arguments = trees.rebuild(leaf["arguments"], once)
        named = trees.rebuild(leaf["named"], once)
        device = next((item.device.type for item in module.parameters()), "cpu")
        called = modes.as_called(torch, grad=self._grad, autocast_dtype=autocast, device=device)
        with called, modes.buffers_kept(module):
            return module.forward(*arguments, **named)

    def _errors(
        self, module: Any, leaf: dict[str, Any], again: list[Any]
    ) -> list[float | None] | None:
        """The rounding error of each result; None where there is nothing to hold it against."""
        torch = self._torch
        wide = torch.float64, torch.complex128  # nothing is wider: it would look free of error
        if any(item.dtype in wide for item in again):
            return None
        numbers = trees.tensors(leaf["arguments"]) + trees.tensors(leaf["named"])
        if len(numbers) == len(again) == 1:
            given = self._on_device(module, self._spool.values(torch, numbers[0]))
            found = products.error(torch, module, given, again[0])
            if found is not None:
                return [found]
        exact = self._oracle(module, leaf)
        if exact is None or len(exact) != len(again):
            return None
        return [_relative(one, other) for one, other in zip(again, exact)]

    def _oracle(self, module: Any, leaf: dict[str, Any]) -> list[Any] | None:
        """The layer's result in float64; None where the layer is too large or cannot do it."""
        torch = self._torch
        size = sum(item.numel() * item.element_size() for item in module.parameters())
        if size > LARGEST_ORACLE:
            return None
        try:
            wide = self._widened(module)
        except (RuntimeError, TypeError, ValueError):
            return None

        def recorded(number: int) -> Any:
            tensor = self._on_device(module, self._spool.values(torch, number))
            return tensor.double() if tensor.is_floating_point() else tensor

        return trees.flat(self._run(wide, leaf, recorded, None), torch.Tensor)

    def _widened(self, module: Any) -> Any:
        """A copy of a layer in float64, whose weights are copied once."""
        known: dict[int, Any] = {}
        for item in module.parameters():
            if item.is_floating_point() and type(item) is self._torch.nn.Parameter:
                wide = self._torch.nn.Parameter(item.detach().double(), item.requires_grad)
                known[id(item)] = wide
        return copy.deepcopy(module, known).double()

    def _on_device(self, module: Any, tensor: Any) -> Any:
        own = next((item.device for item in module.parameters()), None)
        own = own or next((item.device for item in self._modules[""].parameters()), None)
        return tensor if own is None else tensor.to(own)

    def replays(
        self, task: dict[str, Any], call: str, own: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Run each layer of a call of another recording on the inputs recorded there.

        `task` names the file, the tensors in it and the leaves of its calls; `own` are the leaves
        that were recorded here, whose autocast counts.
        """
        modes_here = {(leaf["name"], leaf["nth"]): leaf["autocast"] for leaf in own}
        descriptor = os.open(task["file"], os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        found = []
        try:
            with modes.random_states_kept(self._torch):
                for leaf in task["calls"][call]:
                    key = leaf["name"], leaf["nth"]
                    told = self._replayed(leaf, task, descriptor, modes_here.get(key))
                    found.append({"name": leaf["name"], "nth": leaf["nth"], **told})
        finally:
            os.close(descriptor)
        return found

    def _replayed(
        self, leaf: dict[str, Any], task: dict[str, Any], descriptor: int, autocast: str | None
    ) -> dict[str, Any]:
        torch, tensors = self._torch, task["tensors"]
        module = self._modules.get(leaf["name"])
        if module is None:
            return {"reason": "there is no module of this name"}

        def recorded(number: int) -> Any:
            entry = tensors[str(number)]
            return self._on_device(module, read(torch, descriptor, entry["begin"], entry))

        try:
            module = modes.untouched(module)
            try:
                result = self._run(module, leaf, recorded, autocast)
            except Exception:  # once more: what fails by chance says nothing of the layer
                result = self._run(module, leaf, recorded, autocast)
        except Exception as error:
            return {"reason": " ".join(f"{type(error).__name__}: {error}".split())[:200]}

        def number(tensor: Any) -> int:
            return self._spool.number(tensor, keep=False)

        return {"result": trees.encode(result, number, torch.Tensor)}


def _relative(one: Any, exact: Any) -> float | None:
    """The length of the difference over the length of the exact result; None: not finite."""
    wide, exact = one.detach().double().cpu(), exact.detach().double().cpu()
    length = float(exact.norm())
    apart = float((wide - exact).norm())
    if not (math.isfinite(length) and math.isfinite(apart)):
        return None
    return apart / length if length else apart


def repeat(
    torch: Any, root: Any, arguments: Any, named: Any, times: int, grad: bool
) -> dict[str, Any]:
    """Call a model again with the same inputs; seconds of each call, and how many failed."""
    seconds: list[float] = []
    errors = 0
    kept = modes.random_states_kept(torch), modes.buffers_kept(root)
    with kept[0], kept[1], torch.set_grad_enabled(grad):
        for _ in range(times):
            started = time.perf_counter()
            try:
                root(*arguments, **named)
                if torch.cuda.is_initialized():
                    torch.cuda.synchronize()
            except Exception:
                errors += 1
            else:
                seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "errors": errors}
