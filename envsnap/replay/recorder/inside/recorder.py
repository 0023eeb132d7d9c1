"""Watches models through torch's global module hooks.

The first call of each distinct model is looked into, layer by layer, and its first call of
another form (a step after a prefill); of every further call the inputs and results are digested.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

from . import aside, detail, given, modes, modules, places, taps, trees
from .around import MOST_STAGES, Around
from .opened import Opened
from .roots import Root, Roots
from .spool import FEW, Spool

MOST_CALLS = 2000
MOST_IDS = 4096
MOST_FAILED = 5  # calls that could not be recorded, until no more is tried
SELDOM = 300  # times the time that it takes
PARAMETRIZE = (
    "torch.nn.utils.parametrize"  # a weight that is computed when it is asked for: no model
)


def _at_once(name: str, done: Callable[[Any], None]) -> None:
    """Tell of a module that is there already; nobody tells of later ones."""
    module = sys.modules.get(name)
    if module is not None:
        done(module)


class Recorder:
    """Records the calls of outermost modules that have parameters.

    `task` is a recording to replay against, see `isolated`; `calls` is how many calls of each
    model are looked into, of those in `roots` alone where it names any. `text` keeps the texts of
    token ids. `after` tells when a module has been imported.
    """

    def __init__(  # noqa: PLR0913
        self,
        torch: Any,
        folder: str,
        *,
        full: bool | None = None,
        calls: int = 1,
        repeat: int = 0,
        zoom: bool = False,
        roots: Any = (),
        text: bool = False,
        task: dict[str, Any] | None = None,
        after: Callable[[str, Callable[[Any], None]], None] = _at_once,
    ) -> None:
        self.torch, self.task, self.repeat, self.zoom = torch, task, repeat, zoom
        self._calls, self._wanted, self._text = calls, tuple(roots), text
        self.spool = Spool(torch, folder, full)
        self.notes: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self.stages: list[dict[str, Any]] = []
        self.roots = Roots(torch, f"torch {torch.__version__}")
        self.around = Around(self._stage, after)
        self.raised: dict[str, str] | None = None
        self.words: list[str] | None = None  # the command's arguments, of one that is recorded
        self._active: detail.Call | None = None
        self._thread: int | None = None
        self._handles: list[Any] = []
        self._aside: aside.Aside | None = None
        self._steps_aside = True
        self._busy, self._process = 0, os.getpid()  # the thread that is at work here
        self._without_parameters, self._elsewhere = "", 0
        self._pieces: dict[str, str] = {}
        self._spelled_by = -1
        self._ids: set[int] = set()
        self._failed = 0  # calls that could not be recorded
        self._skipped: Any = None  # the model of such a call, while it goes on
        self._found_around, self._script = -1, places.script()
        self._next_save = 0.0
        self._among: list[int] = []
        # The caller's modes, noted before they are switched off for our own work.
        self.autocast: str | None = None
        self.grad = False

    def start(self) -> None:
        """Add the hooks."""
        # torch.compile warns of global hooks, which is no news for the script.
        warnings.filterwarnings("ignore", message="Using `torch.compile.* global hooks")
        self._hook()
        self.around.start()
        taps.LISTENERS.append(self._tapped)

    def _hook(self) -> None:
        """See all modules."""
        hooks = self.torch.nn.modules.module
        self._handles = [hooks.register_module_forward_pre_hook(self._before)]
        try:
            after = hooks.register_module_forward_hook(
                self._after, with_kwargs=True, always_call=True
            )
        except TypeError:  # torch before 2.1
            after = hooks.register_module_forward_hook(self._after_positional)
            self._steps_aside = False
        self._handles.append(after)

    def _unhook(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _step_aside(self, root: Root, module: Any) -> None:
        """Wait for the end of a call alone: hooks on all modules below would cost a tenth of it.

        Only where no other thread could call a model meanwhile, and no compiled code would be
        compiled again for hooks that come and go.
        """
        if not (self._steps_aside and root.plain and aside.alone()):
            return
        self._unhook()
        self._aside = aside.Aside(module, self._after_alone)

    def _after_alone(self, module: Any, arguments: Any, named: Any, result: Any) -> None:
        """The call that was waited for has ended."""
        self._hook()
        self._after(module, arguments, named, result)

    def _let_go(self) -> None:
        """Remove the hooks of a call that has ended."""
        if self._aside is not None:
            self._aside.let_go()
            self._aside = None

    def stop(self) -> None:
        """Remove the hooks."""
        self._unhook()
        self._let_go()
        self.around.stop()
        if self._tapped in taps.LISTENERS:
            taps.LISTENERS.remove(self._tapped)

    def finish(self, *, complete: bool = True, error: BaseException | None = None) -> None:
        """Remove the hooks and write what was recorded."""
        self.stop()
        if not self.calls:
            only = self._without_parameters
            more = f"; only modules without parameters ({only})" if only else ""
            self.note(f"no model was called{more}")
        if self._elsewhere:
            self.note(f"{self._elsewhere} calls of modules by other threads were not seen")
        if error is not None and self.raised is None and not isinstance(error, SystemExit):
            self.raised = places.raised(error)
        self.save(complete)
        self.spool.close()

    def save(self, complete: bool) -> None:
        """Write what is known now; the next time when `SELDOM` times as long is over."""
        began = time.monotonic()
        roots = [
            root.closed() if complete else {**root.told, "calls": root.count}
            for root in self.roots.listed
        ]
        callers = [call["caller"] for call in self.calls if call["caller"]]
        record = {
            "roots": roots, "calls": self.calls, "stages": self.stages, "notes": self.notes,
            "framework": f"torch {self.torch.__version__}", "complete": complete,
            "parts": self.around.parts, "pieces": self._pieces, "raised": self.raised,
            "among": self._among,
            **(given.told(self.words, self._script, callers) if complete else {}),
        }  # fmt: skip
        self.spool.write(record)
        now = time.monotonic()
        self._next_save = now + SELDOM * (now - began)

    def note(self, text: str) -> None:
        """Add a note to the recording, once."""
        text = " ".join(text.split())[:300]
        if text not in self.notes and len(self.notes) < 100:
            self.notes.append(text)

    def _idle(self) -> bool:
        """Whether this call is none of ours: traced, forked, of another thread, or our own."""
        own = threading.get_ident()
        if self._busy == own or os.getpid() != self._process:
            return True
        if self.torch._C._get_tracing_state() is not None:
            return True
        if modes.is_fake(self.torch):
            return True
        if self._busy or self._thread not in (None, own):
            self._elsewhere += 1
            return True
        return False

    def _before(self, module: Any, arguments: tuple[Any, ...]) -> None:
        if _compiling(self.torch):
            return
        active = self._active
        if active is not None and not active.detailed and module is not active.module:
            return
        if self._skipped is not None or self._idle():
            return
        self.grad = self.torch.is_grad_enabled()
        self.autocast = modes.autocast(self.torch)
        self._guarded(self._enter, module, arguments)

    def _after_positional(self, module: Any, arguments: tuple[Any, ...], result: Any) -> None:
        self._after(module, arguments, {}, result)

    def _after(self, module: Any, arguments: tuple[Any, ...], *rest: Any) -> None:
        """Called with keywords and result; where the module raised, without the keywords."""
        if _compiling(self.torch):
            return
        active = self._active
        if module is self._skipped:
            self._skipped = None
        if active is None or (not active.detailed and module is not active.module):
            return
        if self._idle():
            return
        error = sys.exc_info()[1]
        if len(rest) == 1 or (rest[1] is None and error is not None):
            self._guarded(self._fail, module, error)
        else:
            self._guarded(self._leave, module, *rest)
        if module is self._skipped:
            self._skipped = None

    def _guarded(self, work: Any, *arguments: Any) -> None:
        """Whatever goes wrong here ends the recording of a call, not the script."""
        torch = self.torch
        self._busy = threading.get_ident()
        try:
            with torch.no_grad(), torch.autocast("cpu", enabled=False):
                work(*arguments)
        except Exception as error:
            self.note(f"the recording stopped: {type(error).__name__}: {error}")
            self._give_up(arguments[0])
        finally:
            self._busy = 0

    def _give_up(self, module: Any) -> None:
        """Record no more of this call; after a few that failed, nothing at all."""
        active, self._active, self._thread = self._active, None, None
        self._failed += 1
        if self._failed >= MOST_FAILED or not self._handles or not self._steps_aside:
            self.stop()
        else:
            self._skipped = active.module if active is not None else module

    def _enter(self, module: Any, arguments: tuple[Any, ...]) -> None:
        active = self._active
        if active is not None:
            active.enter(module, arguments)
            return
        if type(module).__module__ == PARAMETRIZE or places.converting():
            return
        if not modules.has_weights(module):
            self._without_parameters = type(module).__name__
            return
        root = self.roots.of(module)
        if root is None:
            self.note("only the first 64 models are recorded")
            return
        self._begin(root, module, arguments)

    def _begin(self, root: Root, module: Any, arguments: tuple[Any, ...]) -> None:
        nth = root.count
        root.count += 1
        named, unused = modules.keywords(module) or {}, places.unused()
        is_new = not unused and root.form(arguments, named)
        detailed = self._looks_into(root, nth, is_new=is_new, unused=unused)
        root.unused += unused
        self._thread = threading.get_ident()
        self._among = self._among or places.among(self.torch)
        if len(self.calls) < MOST_CALLS:
            self._look_around(root)
        told = {
            "root": root.name, "nth": nth, "detailed": detailed, "grad": self.grad,
            "training": root.training(module), "caller": places.caller(),
            "seed": str(self.torch.initial_seed()), "random": self._random(),
            "written": root.written(module) if nth else [], "leaves": [], "unused": unused,
        }  # fmt: skip
        told["arguments"] = self.encode(arguments, keep=detailed, ends=True)
        told["named"] = self.encode(named, keep=detailed, ends=True)
        if nth and detailed:
            told["modules"] = root.moved(module)
        if len(self.calls) < MOST_CALLS:
            self.calls.append(told)
        kind = detail.Detailed if detailed and len(self.calls) < MOST_CALLS else detail.Brief
        self._active = kind(self, root, module, told)
        self._active.begin(arguments, named)
        self._let_go()
        if not self._active.detailed:
            self._step_aside(root, module)

    def _looks_into(self, root: Root, nth: int, *, is_new: bool, unused: bool) -> bool:
        """Whether a call is looked into: of a form that is new, one of the first, or replayed.

        What follows a warm-up is the first of its kind.
        """
        if self.task is not None and f"{nth} {root.name}" in self.task["calls"]:
            return True
        asked = not self._wanted or root.name in self._wanted
        before = nth if unused else nth - root.unused
        return asked and (before < self._calls or is_new)

    def _random(self) -> str:
        import zlib

        try:
            return f"{zlib.crc32(bytes(self.torch.get_rng_state().numpy())):08x}"
        except RuntimeError:  # inside a transform of torch.func, where it has no values
            return ""

    def _look_around(self, root: Root) -> None:
        """Look for what stands around, when a model is called for the first time."""
        if root.count == 1:
            self.around.owned_by(places.owner(root.module()))
        if root.count > 1 or self._found_around >= 3:
            return
        self._found_around += 1
        if any(name in sys.modules for name in ("transformers", "diffusers", "torch.utils.data")):
            self.around.look()

    def encode(self, value: Any, *, keep: bool, ends: bool = False, opened: bool = False) -> Any:
        """Describe a nest; `ends` says that it is what a model itself was given or gave.

        `opened` looks into arrays and objects, too.
        """

        def number(tensor: Any) -> int:
            size = tensor.numel() * tensor.element_size()
            small = size <= FEW if not tensor.is_floating_point() else tensor.numel() <= 64
            kept = (keep and self.spool.fits(size // 4)) or (ends and small)
            return self.spool.number(tensor, keep=kept, brief=not keep, rows=ends)

        return trees.encode(
            value, number, self.torch.Tensor, opened=Opened(self.torch) if opened else None
        )

    def _fail(self, module: Any, error: BaseException | None) -> None:
        """A module raised: nothing is known of its result."""
        active = self._active
        if active is not None and active.fail(module, error):
            self._close(active)

    def _leave(self, module: Any, named: dict[str, Any], result: Any) -> None:
        active = self._active
        if active is not None and active.leave(module, named, result):
            self._close(active)

    def _close(self, active: detail.Call) -> None:
        """A call of a model is over."""
        active.close()
        self._active, self._thread = None, None
        if (
            active.told.get("result") is not None
            and len(self.calls) >= MOST_CALLS
            and (not self.calls or active.told is not self.calls[-1])
        ):
            numbers = trees.tensors(active.told["result"])
            active.root.add_rest([str(self.spool.entry(item).get("crc32")) for item in numbers])
        if active.detailed or time.monotonic() > self._next_save:
            self.save(complete=False)  # for a process that dies before its end
        if self._spelled_by != self.around.tokens.at_work:  # another one may know ids otherwise
            self._spelled_by = self.around.tokens.at_work
            self._pieces = self._texts(active)

    def _texts(self, active: detail.Call) -> dict[str, str]:
        """The texts of ids that models were given, and of those that they were given elsewhere."""
        ids = self.around.tokens.special()
        if self._text and self.task is not None:
            ids += self.task["ids"]
        if self._text:
            for tensor in active.given:
                if not tensor.is_floating_point() and tensor.numel() <= MOST_IDS:
                    self._ids.update(map(int, tensor.reshape(-1).tolist()))
        return self.around.tokens.texts([*ids, *self._ids])

    def _stage(self, kind: str, name: str, facts: dict[str, Any], value: Any = None) -> None:
        if len(self.stages) >= MOST_STAGES or self._busy:
            return
        nth = sum(item["kind"] == kind and item["name"] == name for item in self.stages)
        told = {"kind": kind, "name": name, "nth": nth, "at": len(self.calls)}
        # What tells settings is called before its result is there; a tap is made for what it tells.
        told["unused"] = kind != "tap" and places.unused(2)
        self.stages.append({**told, "caller": places.caller(2), "facts": facts, "value": value})

    def _tapped(self, name: str, value: Any) -> None:
        torch = self.torch
        if (
            isinstance(value, list)
            and len(value) > 16
            and all(type(item) is float for item in value)
        ):
            value = torch.tensor(value, dtype=torch.float64)
        with torch.no_grad():
            told = self.encode(value, keep=True, ends=True, opened=True)
        self._stage("tap", str(name)[:100], {}, told)


def _compiling(torch: Any) -> bool:
    compiler = getattr(torch, "compiler", None)
    asks = getattr(compiler, "is_compiling", None)
    return bool(asks is not None and asks())
