"""One call of a model: its ends alone, or every layer in it."""

from __future__ import annotations

import time
from typing import Any

from . import attended, channels, isolated, kernels, modules, places, samples, trees
from .roots import Root
from .summary import settled

MOST_LEAVES = 100_000


class Call:
    """A call that is running. `told` is its entry in the recording."""

    detailed = False

    def __init__(self, recorder: Any, root: Root, module: Any, told: dict[str, Any]) -> None:
        self.recorder, self.root, self.module, self.told = recorder, root, module, told
        self.given: list[Any] = []
        self._depth = 0
        self._started = 0.0

    def begin(self, arguments: Any, named: Any) -> None:
        """The model is called."""
        torch, spool = self.recorder.torch, self.recorder.spool
        self.given = trees.flat((arguments, named), torch.Tensor)
        spool.attended = attended.positions(self._input_names(), self.given)
        self._depth = 1
        self._started = time.perf_counter()

    def enter(self, module: Any, arguments: tuple[Any, ...]) -> None:
        """A module below it is called; of a brief call only the model itself."""
        self._depth += 1

    def leave(self, module: Any, named: dict[str, Any], result: Any) -> bool:
        """A module ends; whether that is the model."""
        self._depth -= 1
        if self._depth:
            return False
        self.told["seconds"] = time.perf_counter() - self._started
        self.told["result"] = self.recorder.encode(result, keep=False, ends=True, opened=True)
        return True

    def fail(self, module: Any, error: BaseException | None) -> bool:
        """A module raised; whether that ends the model."""
        self._depth -= 1
        if self._depth:
            return False
        self.told["raised"] = places.raised(error) if error else {"type": "an exception"}
        return True

    def close(self) -> None:
        """Nothing more comes."""
        self.recorder.spool.attended = None

    def _input_names(self) -> list[str]:
        """What the model's forward calls each tensor that it was given."""
        found: list[str] = []
        known = self.root.told["names"]
        for place, item in enumerate(self.told["arguments"].get("items", ())):
            name = known[place] if place < len(known) else ""
            found += [name] * len(trees.tensors(item))
        named = self.told["named"]
        for key, item in zip(named.get("keys", ()), named.get("items", ())):
            found += [key] * len(trees.tensors(item))
        return found


class Brief(Call):
    """A call of which the inputs and the results are digested."""


class Frame:
    """A module that is being called."""

    def __init__(self, module: Any, arguments: tuple[Any, ...]) -> None:
        self.module, self.arguments = module, arguments
        self.node: Any = None
        self.rows: samples.Rows | None = None
        self.cut: Any = None
        self.saw_inner = False
        self.has_children = next(module.children(), None) is not None
        self.autocast: str | None = None


class Detailed(Call):
    """A call of which every layer is recorded.

    Leaves are modules without children, and those whose children were not called through
    (fused paths).
    """

    detailed = True

    def begin(self, arguments: Any, named: Any) -> None:
        """The model is called."""
        super().begin(arguments, named)
        recorder = self.recorder
        self._leaves: list[dict[str, Any]] = self.told["leaves"]
        self._seen: dict[str, int] = {}
        self._stack: list[Frame] = []
        self._arguments, self._named = arguments, named
        self._failed = ""
        recorder.spool.divide(sum(1 for _ in self.module.modules()))
        for text in self.root.told["opaque"]:
            recorder.note(f"{text}: layers inside it may not be seen")
        frame = Frame(self.module, arguments)
        frame.node, frame.autocast = self.told["arguments"], recorder.autocast
        self._stack.append(frame)
        # What a model writes to must not be what is looked at afterwards.
        self.told["pictures"] = self._pictures()
        self._started = time.perf_counter()

    def enter(self, module: Any, arguments: tuple[Any, ...]) -> None:
        """A module below is called."""
        self._stack[-1].saw_inner = True
        frame = Frame(module, arguments)
        if not frame.has_children:
            self._given(frame)
            frame.autocast = self.recorder.autocast
        self._stack.append(frame)

    def _given(self, frame: Frame) -> None:
        """Record what a layer is given, or some rows of it."""
        recorder = self.recorder
        torch, spool = recorder.torch, recorder.spool
        tensors = trees.flat(frame.arguments, torch.Tensor)
        size = sum(item.numel() * item.element_size() for item in tensors)
        if spool.fits(size):
            frame.node = self._encode(frame.arguments, keep=True)
            return
        frame.node = self._encode(frame.arguments, keep=False)
        rows = samples.Rows(torch, frame.arguments, spool.share)
        if rows.any and spool.keeps_values:
            frame.rows, frame.cut = rows, self._cut(rows, frame.arguments)

    def _cut(self, rows: samples.Rows, value: Any) -> Any:
        spool = self.recorder.spool

        def number(tensor: Any) -> int:
            return int(spool.number(rows.cut(tensor), keep=True))

        return trees.encode(value, number, self.recorder.torch.Tensor)

    def _encode(self, value: Any, *, keep: bool) -> Any:
        spool = self.recorder.spool

        def number(tensor: Any) -> int:
            return int(spool.number(tensor, keep=keep))

        return trees.encode(value, number, self.recorder.torch.Tensor)

    def _pop(self, module: Any) -> Frame | None:
        """The frame of a module that ends; those above it raised, and somebody caught that."""
        while self._stack and self._stack[-1].module is not module:
            self._stack.pop()
        return self._stack.pop() if self._stack else None

    def fail(self, module: Any, error: BaseException | None) -> bool:
        """A module raised; the innermost one is where."""
        if not self._failed:
            name = self.root.names.get(id(module), "")
            self._failed = f"{name or 'the model'} ({type(module).__name__})"
        self._pop(module)
        if self._stack:
            return False
        told = places.raised(error, self._failed) if error else {"type": "an exception"}
        self.told["raised"] = told
        return True

    def leave(self, module: Any, named: dict[str, Any], result: Any) -> bool:
        """A module ends."""
        frame = self._pop(module)
        if frame is None:
            return True
        self._failed = ""
        if not self._stack:
            self._end(frame, named, result)
            return True
        if frame.has_children and frame.saw_inner:
            return False
        if len(self._leaves) >= MOST_LEAVES:
            self.recorder.note(f"only the first {MOST_LEAVES} layers are recorded")
        else:
            self._leaves.append(self._call(frame, named, result))
        return False

    def _call(self, frame: Frame, named: dict[str, Any], result: Any) -> dict[str, Any]:
        if frame.node is None:  # a module whose children were passed by: nothing changed its input
            self._given(frame)
        name = modules.plain(self.root.names.get(id(frame.module), ""))
        if not name:
            name = f"({type(frame.module).__name__})"
        nth = self._seen[name] = self._seen.get(name, -1) + 1
        told = {
            "name": name,
            "nth": nth,
            "type": modules.title(frame.module),
            "arguments": frame.node,
            "named": self._encode(named, keep=frame.rows is None),
            "result": self._encode(result, keep=False),
            "autocast": frame.autocast,
        }
        if frame.rows is not None:
            among = trees.flat(result, self.recorder.torch.Tensor)
            told["sample"] = {
                "arguments": frame.cut,
                "named": self._cut(frame.rows, named),
                "among": [frame.rows.cut(item).detach().clone() for item in among],
            }
        return told

    def _end(self, frame: Frame, named: dict[str, Any], result: Any) -> None:
        recorder, call = self.recorder, self.told
        call["seconds"] = time.perf_counter() - self._started
        if not self._leaves:
            frame.rows = None
            self._leaves.append({**self._call(frame, named, result), "name": ""})
        call["result"] = recorder.encode(result, keep=True, ends=True, opened=True)
        keeper = isolated.Isolated(recorder.torch, frame.module, recorder.spool, call["grad"])
        keeper.rounding(self._leaves)
        for leaf in self._leaves:
            leaf.get("sample", {}).pop("among", None)
            if "result" not in leaf.get("sample", {"result": None}):
                del leaf["sample"]
        key = f"{call['nth']} {call['root']}"
        if recorder.task is not None and key in recorder.task["calls"]:
            call["replays"] = keeper.replays(recorder.task, key, self._leaves)
        if recorder.zoom:
            self._list_kernels(frame)
        if recorder.repeat and not call["nth"]:
            call["repeats"] = isolated.repeat(
                recorder.torch, frame.module, frame.arguments, named, recorder.repeat, call["grad"]
            )

    def _list_kernels(self, frame: Frame) -> None:
        """Name the kernels of a call, in one more run of the model."""
        recorder, call = self.recorder, self.told
        spool, given = recorder.spool, [call["arguments"], call["named"]]
        numbers = [number for part in given for number in trees.tensors(part)]
        if not (spool.keeps_values and all(map(spool.has, numbers))):
            recorder.note("the kernels are not known: inputs are not kept (--full keeps them)")
            return
        if not all(map(trees.can_rebuild, given)):
            recorder.note("the kernels are not known: arguments that are neither tensors nor plain")
            return
        try:
            values = [
                trees.rebuild(part, lambda number: spool.values(recorder.torch, number))
                for part in given
            ]
            found, whole = kernels.listed(
                recorder.torch, frame.module, values[0], values[1], frame.autocast
            )
        except Exception as error:
            recorder.note(f"the kernels are not known: {type(error).__name__}: {error}")
            return
        call["kernels"] = found
        if not whole:
            recorder.note(f"only the first {kernels.MOST} kernels are named")

    def _pictures(self) -> dict[str, Any]:
        """The inputs that look like pictures, by their tensor's number."""
        spool = self.recorder.spool
        numbers = trees.tensors(self.told["arguments"]) + trees.tensors(self.told["named"])
        found: dict[str, Any] = {}
        names = self._input_names()
        for number, tensor, name in zip(numbers, self.given, names):
            if "crc32" not in spool.entry(number):
                continue
            told = channels.describe(settled(tensor), spool.measure, name)
            if told is not None:
                picture, sketches = told
                for row, sketch in zip(picture["rows"], sketches):
                    row["sketch"] = spool.add_sketch(sketch)
                found[str(number)] = picture
        return found
