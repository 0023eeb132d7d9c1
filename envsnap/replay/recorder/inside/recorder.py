"""Watches a model through torch's global module hooks and records its first calls."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from typing import Any

from . import channels, isolated, kernels, modes, modules, trees
from .spool import Spool
from .summary import settled

MOST_LEAVES = 100_000


class Frame:
    """A module that is being called."""

    def __init__(self, module: Any, arguments: tuple[Any, ...]) -> None:
        self.module, self.arguments = module, arguments
        self.node: Any = None
        self.saw_inner = False
        self.has_children = next(module.children(), None) is not None
        self.autocast: str | None = None


class Recorder:
    """Records the first calls of outermost modules that have parameters.

    Leaves are modules without children, and those whose children were not called through
    (fused paths). `task` is a recording to replay against; see `isolated`.
    """

    def __init__(
        self,
        torch: Any,
        folder: str,
        *,
        full: bool | None = None,
        calls: int = 1,
        repeat: int = 0,
        zoom: bool = False,
        task: dict[str, Any] | None = None,
    ) -> None:
        self._torch, self._calls_left, self._task = torch, calls, task
        self._repeat, self._zoom = repeat, zoom
        self.spool = Spool(torch, folder, full)
        self.notes: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self._stack: list[Frame] = []
        self._leaves: list[dict[str, Any]] = []
        self._names: dict[int, str] = {}
        self._seen: dict[str, int] = {}
        self._thread: int | None = None
        self._handles: list[Any] = []
        self._busy = False
        self._process = os.getpid()
        self._without_parameters = ""
        # The caller's modes, noted before they are switched off for our own work.
        self._autocast: str | None = None
        self._grad = False
        self._started = 0.0

    def start(self) -> None:
        """Add the hooks."""
        # torch.compile warns of global hooks, which is no news for the script.
        warnings.filterwarnings("ignore", message="Using `torch.compile.* global hooks")
        hooks = self._torch.nn.modules.module
        self._handles = [hooks.register_module_forward_pre_hook(self._before)]
        try:
            after = hooks.register_module_forward_hook(
                self._after, with_kwargs=True, always_call=True
            )
        except TypeError:  # torch before 2.1
            after = hooks.register_module_forward_hook(self._after_positional)
        self._handles.append(after)

    def stop(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def finish(self, *, complete: bool = True) -> None:
        """Remove the hooks and write what was recorded."""
        self.stop()
        if not self.calls:
            only = self._without_parameters
            more = f"; only modules without parameters ({only})" if only else ""
            self.note(f"no model was called{more}")
        self._save(complete)
        self.spool.close()

    def _save(self, complete: bool) -> None:
        framework = f"torch {self._torch.__version__}"
        record = {"calls": self.calls, "notes": self.notes, "framework": framework}
        self.spool.write({**record, "complete": complete})

    def note(self, text: str) -> None:
        """Add a note to the recording, once."""
        text = " ".join(text.split())[:300]
        if text not in self.notes and len(self.notes) < 100:
            self.notes.append(text)

    def _idle(self) -> bool:
        """Whether this call is none of ours: traced, forked, of another thread, or our own."""
        torch = self._torch
        if self._busy or os.getpid() != self._process:
            return True
        if torch._C._get_tracing_state() is not None:
            return True
        return self._thread is not None and self._thread != threading.get_ident()

    def _before(self, module: Any, arguments: tuple[Any, ...]) -> None:
        if _compiling(self._torch) or self._idle():
            return
        self._grad = self._torch.is_grad_enabled()
        self._autocast = modes.autocast(self._torch)
        self._guarded(self._enter, module, arguments)

    def _after_positional(self, module: Any, arguments: tuple[Any, ...], result: Any) -> None:
        self._after(module, arguments, {}, result)

    def _after(self, module: Any, arguments: tuple[Any, ...], *rest: Any) -> None:
        """Called with keywords and result; where the module raised, without the keywords."""
        if _compiling(self._torch) or self._idle() or not self._stack:
            return
        if len(rest) == 1 or (rest[1] is None and sys.exc_info()[0] is not None):
            self._guarded(self._fail, module)
        else:
            self._guarded(self._leave, module, *rest)

    def _guarded(self, work: Any, *arguments: Any) -> None:
        """Whatever goes wrong here ends the recording, not the script."""
        torch = self._torch
        self._busy = True
        try:
            with torch.no_grad(), torch.autocast("cpu", enabled=False):
                work(*arguments)
        except Exception as error:
            self.note(f"the recording stopped: {type(error).__name__}: {error}")
            self._stack, self._thread = [], None
            self.stop()
        finally:
            self._busy = False

    def _enter(self, module: Any, arguments: tuple[Any, ...]) -> None:
        if not self._stack:
            if not _has_parameters(module):
                self._without_parameters = type(module).__name__
                return
            self._begin(module)
        else:
            self._stack[-1].saw_inner = True
        frame = Frame(module, arguments)
        if not frame.has_children or len(self._stack) == 0:
            frame.node = self._encode(arguments, keep=True)
            frame.autocast = self._autocast
        self._stack.append(frame)

    def _begin(self, root: Any) -> None:
        torch = self._torch
        self._thread = threading.get_ident()
        self._names, self._leaves, self._seen = modules.named(root), [], {}
        opaque = modules.opaque(root)
        for text in opaque:
            self.note(f"{text}: layers inside it may not be seen")
        self.calls.append(
            {
                "type": type(root).__qualname__[:200],
                "grad": self._grad,
                "names": modules.argument_names(root),
                "opaque": opaque,
                "modules": {
                    modules.plain(name): modules.describe(item)
                    for name, item in list(root.named_modules())[:MOST_LEAVES]
                },
                "parameters": modules.parameters(torch, root),
                "leaves": self._leaves,
            }
        )
        self._started = time.perf_counter()

    def _encode(self, value: Any, *, keep: bool) -> Any:
        def number(tensor: Any) -> int:
            return self.spool.number(tensor, keep=keep)

        return trees.encode(value, number, self._torch.Tensor)

    def _pop(self, module: Any) -> Frame | None:
        """The frame of a module that ends; those above it raised, and somebody caught that."""
        while self._stack and self._stack[-1].module is not module:
            self._stack.pop()
        return self._stack.pop() if self._stack else None

    def _fail(self, module: Any) -> None:
        """A module raised: nothing is known of its result."""
        frame = self._pop(module)
        if frame is not None and not self._stack:
            self.calls[-1]["failed"] = True
            self._close(frame, {})

    def _leave(self, module: Any, named: dict[str, Any], result: Any) -> None:
        frame = self._pop(module)
        if frame is None:
            return
        if not self._stack:
            self._end(frame, named, result)
        elif frame.has_children and frame.saw_inner:
            return
        elif len(self._leaves) >= MOST_LEAVES:
            self.note(f"only the first {MOST_LEAVES} layers are recorded")
        else:
            self._leaves.append(self._call(frame, named, result))

    def _call(self, frame: Frame, named: dict[str, Any], result: Any) -> dict[str, Any]:
        if frame.node is None:  # a module whose children were passed by: nothing changed its input
            frame.node = self._encode(frame.arguments, keep=True)
        name = self._names.get(id(frame.module), "")
        if not name:
            name = f"({type(frame.module).__name__})"
        nth = self._seen[name] = self._seen.get(name, -1) + 1
        return {
            "name": name,
            "nth": nth,
            "type": type(frame.module).__qualname__[:200],
            "arguments": frame.node,
            "named": self._encode(named, keep=True),
            "result": self._encode(result, keep=False),
            "autocast": frame.autocast,
        }

    def _end(self, frame: Frame, named: dict[str, Any], result: Any) -> None:
        torch, call = self._torch, self.calls[-1]
        call["seconds"] = time.perf_counter() - self._started
        if not self._leaves:
            self._leaves.append({**self._call(frame, named, result), "name": ""})
        call["result"] = self._encode(result, keep=True)
        keeper = isolated.Isolated(torch, frame.module, self.spool, call["grad"])
        keeper.rounding(self._leaves)
        place = len(self.calls) - 1
        if self._task is not None and place < len(self._task["calls"]):
            call["replays"] = keeper.replays(self._task, place, self._leaves)
        if self._zoom:
            self._list_kernels(frame, named)
        if self._repeat:
            call["repeats"] = isolated.repeat(
                torch, frame.module, frame.arguments, named, self._repeat, call["grad"]
            )
        self._close(frame, named)

    def _list_kernels(self, frame: Frame, named: dict[str, Any]) -> None:
        """Name the kernels of a call, in one more run of the model."""
        node = self._encode(named, keep=True)
        if not self.spool.keeps_values:
            self.note("the kernels are not known: inputs are not kept (--full keeps them)")
            return
        if not (trees.can_rebuild(frame.node) and trees.can_rebuild(node)):
            self.note("the kernels are not known: arguments that are neither tensors nor plain")
            return
        try:
            given = [
                trees.rebuild(part, lambda number: self.spool.values(self._torch, number))
                for part in (frame.node, node)
            ]
            found, whole = kernels.listed(
                self._torch, frame.module, given[0], given[1], frame.autocast
            )
        except Exception as error:
            self.note(f"the kernels are not known: {type(error).__name__}: {error}")
            return
        self.calls[-1]["kernels"] = found
        if not whole:
            self.note(f"only the first {kernels.MOST} kernels are named")

    def _close(self, frame: Frame, named: dict[str, Any]) -> None:
        """A call of a model is over."""
        call = self.calls[-1]
        call["arguments"] = frame.node
        call["named"] = self._encode(named, keep=True)
        call["pictures"] = self._pictures(frame.arguments, named, call)
        self._thread = None
        self._calls_left -= 1
        if self._calls_left <= 0:
            self.stop()
        self._save(complete=False)  # for a process that dies before its end

    def _pictures(self, arguments: Any, named: Any, call: dict[str, Any]) -> dict[str, Any]:
        """The inputs that look like pictures, by their tensor's number."""
        torch = self._torch
        given = trees.flat((arguments, named), torch.Tensor)
        numbers = trees.tensors(call["arguments"]) + trees.tensors(call["named"])
        found: dict[str, Any] = {}
        for number, tensor in zip(numbers, given):
            if "crc32" not in self.spool.entry(number):
                continue
            told = channels.describe(settled(tensor), self.spool.measure)
            if told is not None:
                picture, sketches = told
                for row, sketch in zip(picture["rows"], sketches):
                    row["sketch"] = self.spool.add_sketch(sketch)
                found[str(number)] = picture
        return found


def _has_parameters(module: Any) -> bool:
    return next(module.parameters(), None) is not None


def _compiling(torch: Any) -> bool:
    compiler = getattr(torch, "compiler", None)
    asks = getattr(compiler, "is_compiling", None)
    return bool(asks is not None and asks())
