"""Seeds as they are set, and which generators were drawn from without ever being seeded."""

from __future__ import annotations

import os
import sys

from . import wrappers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Module -> attribute -> (name that people know, argument, generators that it seeds).
FUNCTIONS: dict[str, dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "random": {
        "seed": ("random.seed", "a", ("random",)),
        "setstate": ("random.setstate", "state", ("random",)),
    },
    "numpy.random": {
        "seed": ("numpy.random.seed", "seed", ("numpy",)),
        "set_state": ("numpy.random.set_state", "state", ("numpy",)),
        "default_rng": ("numpy.random.default_rng", "seed", ()),
    },
    "torch.random": {
        "manual_seed": ("torch.manual_seed", "seed", ("torch", "torch_cuda")),
        "set_rng_state": ("torch.set_rng_state", "new_state", ("torch",)),
    },
    "torch.cuda.random": {
        "manual_seed": ("torch.cuda.manual_seed", "seed", ("torch_cuda",)),
        "manual_seed_all": ("torch.cuda.manual_seed_all", "seed", ("torch_cuda",)),
    },
    "torch": {"use_deterministic_algorithms": ("torch.use_deterministic_algorithms", "mode", ())},
    "tensorflow.python.framework.random_seed": {
        "set_seed": ("tensorflow.random.set_seed", "seed", ("tensorflow",))
    },
}
# They seed each other: what the script called is told, not what follows from it.
INNER = ("torch.random", "torch.cuda.random")
# What torch itself sets aside and puts back, above all while it compiles.
RESTORED = ("random.setstate", "torch.set_rng_state", "torch.use_deterministic_algorithms")
MOST_CALLS = 200
MOST_WORDS = 8
FROM_SYSTEM = "from the system"


class Seeds:
    """The seeding of one process."""

    def __init__(self, journal: Any, imports: Any) -> None:
        self._journal = journal
        self._told: set[tuple[str, str, str]] = set()
        self._seeded: set[str] = set()
        self._states: dict[str, int | None] = {}
        for module, functions in FUNCTIONS.items():
            for attribute, known in functions.items():
                imports.after(module, self._wrap(attribute, *known))
        for module, name in (("random", "random"), ("numpy.random", "numpy"), ("torch", "torch")):
            imports.after(module, self._remember(name))

    def forked(self) -> None:
        """A copy of a process: what it inherits is told by the one that did it.

        Its generators of numpy and torch are not looked at: a thread that the copy does not have
        may have locked them.
        """
        self._told = set()
        self._states = dict.fromkeys(self._states)

    def _remember(self, name: str) -> Any:
        def remember(module: Any) -> None:
            self._states[name] = _state(name)
            if name == "random":
                # It seeds itself anew in a copy, just before this.
                os.register_at_fork(after_in_child=self._random_is_new)

        return remember

    def _random_is_new(self) -> None:
        self._seeded.discard("random")
        self._states["random"] = _state("random")

    def _wrap(self, attribute: str, function: str, argument: str, seeds: tuple[str, ...]) -> Any:
        def before(args: Any, kwargs: Any) -> None:
            asker = sys._getframe(2).f_globals.get("__name__") or ""
            if asker in INNER or (function in RESTORED and asker.startswith("torch.")):
                return
            value = _spelled(args[0] if args else kwargs.get(argument))
            if "state" in argument:
                if function == "random.setstate" and hash(args[0]) == _state("random"):
                    return  # as a compiled function does after its work: nothing has changed
                value = "a state"
            if value != FROM_SYSTEM:
                self._seeded.update(seeds)
            place = wrappers.caller(os.path.dirname(__file__))
            told = (function, value, place)
            if told not in self._told and len(self._told) < MOST_CALLS:
                self._told.add(told)
                self._journal.write("seed", *told)

        return lambda module: wrappers.watch(module, attribute, before)

    def end(self) -> None:
        """Tell of each generator whether it was seeded, and if not, whether it was drawn from."""
        for name, before in self._states.items():
            if name in self._seeded:
                self._journal.write("generator", name, "seeded")
            else:
                self._journal.write("generator", name, _use(name, before))
        torch = sys.modules.get("torch")
        cuda = getattr(torch, "cuda", None)
        if cuda is not None and cuda.is_initialized() and not cuda._is_in_bad_fork():
            seeded = "torch_cuda" in self._seeded
            self._journal.write("generator", "torch_cuda", "seeded" if seeded else "unseeded")


def _use(name: str, before: int | None) -> str:
    """Whether an unseeded generator was drawn from, if its state was known before."""
    if before is None:
        return "unseeded"
    return "untouched" if _state(name) == before else "drawn"


def _spelled(value: Any) -> str:
    """A seed as text: whole numbers and lists of them; of anything else its type."""
    if value is None:
        return FROM_SYSTEM
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)) and len(value) <= MOST_WORDS:
        return "[%s]" % ", ".join([_spelled(item) for item in value])
    try:
        return str(value.__index__())[:80]
    except Exception:  # whatever it is, it is no whole number
        return type(value).__name__


def _state(name: str) -> int:
    """What changes when a generator is drawn from. Nothing is drawn."""
    module = sys.modules
    if name == "random":
        return hash(module["random"].getstate())
    if name == "numpy":
        kind, keys, position, gauss, cached = module["numpy.random"].get_state()
        return hash((kind, keys.tobytes(), position, gauss, cached))
    return hash(tuple(module["torch"].get_rng_state().tolist()))
