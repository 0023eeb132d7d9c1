"""Names the kernels that a model calls, module by module, in one more run of it.

The run is without gradients and outside of inference mode, where composites such as attention
stay one name; it takes the recorded inputs, so that nothing of the script's is written to.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import modes, modules
from .summary import dtype_name

MOST = 20_000
LONGEST = 200


def listed(
    torch: Any, root: Any, arguments: Any, named: Any, autocast: str | None
) -> tuple[list[dict[str, Any]], bool]:
    """The kernels of each stretch of one module's code, in order, and whether that is all."""
    module = modes.untouched(root)
    where = _Where(module)
    mode = _mode(torch, where)
    device = next((item.device.type for item in module.parameters()), "cpu")
    with contextlib.ExitStack() as stack:
        stack.enter_context(modes.random_states_kept(torch))
        stack.enter_context(modes.buffers_kept(module))
        stack.enter_context(torch.inference_mode(False))
        called = modes.as_called(torch, grad=False, autocast_dtype=autocast, device=device)
        stack.enter_context(called)
        stack.enter_context(where.followed(torch))
        stack.enter_context(mode)
        module(*arguments, **named)
    return [item for item in where.stretches if item["calls"]], where.count < MOST


class _Where:
    """Which module's code is running, and the kernels that it has called."""

    def __init__(self, root: Any) -> None:
        self._names = modules.named(root)
        self._stack: list[list[Any]] = []
        self._seen: dict[str, int] = {}
        self._after = ""
        self.stretches: list[dict[str, Any]] = []
        self.count = 0

    @contextlib.contextmanager
    def followed(self, torch: Any) -> Iterator[None]:
        """Follow the calls of modules by hooks of our own."""
        hooks = torch.nn.modules.module
        handles = [
            hooks.register_module_forward_pre_hook(self._enter),
            hooks.register_module_forward_hook(self._leave),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, module: Any, arguments: Any) -> None:
        name = self._names.get(id(module), f"({type(module).__name__})")
        if self._stack:
            self._stack[-1][2] = True
        nth = self._seen[name] = self._seen.get(name, -1) + 1
        self._stack.append([name, nth, False])
        self._begin()

    def _leave(self, module: Any, arguments: Any, result: Any) -> None:
        name, nth, saw_inner = self._stack.pop()
        if not saw_inner:
            self._after = name + (f"#{nth}" if nth else "")
        if self._stack:
            self._begin()

    def _begin(self) -> None:
        name, nth, _ = self._stack[-1]
        self.stretches.append({"inside": name, "nth": nth, "after": self._after, "calls": []})

    def add(self, text: str) -> None:
        """A kernel is called."""
        if self._stack and self.count < MOST:
            self.count += 1
            self.stretches[-1]["calls"].append(text[:LONGEST])


def _mode(torch: Any, where: _Where) -> Any:
    """A dispatch mode that names what passes, but for views, which compute nothing."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Naming(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, function: Any, types: Any, arguments: Any = (), named: Any = None
        ) -> Any:
            if getattr(function, "is_view", False) or function._schema.name == "aten::_unsafe_view":
                return function(*arguments, **(named or {}))
            forms = [_form(item) for item in arguments if isinstance(item, torch.Tensor)]
            name = function._schema.name.rpartition("::")
            kind = "" if name[0] == "aten" else f"{name[0]}::"
            where.add(" ".join([kind + name[2], *forms]))
            return function(*arguments, **(named or {}))

    return Naming()


def _form(tensor: Any) -> str:
    return f"{dtype_name(tensor.dtype)}[{','.join(map(str, tensor.shape))}]"
