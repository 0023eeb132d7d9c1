"""The caller's modes: random states that are put back, autocast and gradients that are set anew."""

from __future__ import annotations

import contextlib
import copy
import random
import sys
from collections.abc import Iterator
from typing import Any

from .summary import dtype_name


def autocast(torch: Any) -> str | None:
    """The dtype of a running autocast, on the accelerator or on the CPU."""
    devices = ["cuda", "cpu"] if torch.cuda.is_initialized() else ["cpu"]
    for device in devices:
        try:
            if torch.is_autocast_enabled(device):
                return dtype_name(torch.get_autocast_dtype(device))
        except TypeError:  # torch before 2.4
            on = torch.is_autocast_cpu_enabled() if device == "cpu" else torch.is_autocast_enabled()
            if on:
                return "bfloat16" if device == "cpu" else "float16"
    return None


def is_fake(torch: Any) -> bool:
    """Whether tensors have no values now, as where a program works out shapes alone."""
    if "torch._subclasses.fake_tensor" not in sys.modules:
        return False
    kinds = getattr(torch._C, "_TorchDispatchModeKey", None)
    return kinds is not None and torch._C._get_dispatch_mode(kinds.FAKE) is not None


@contextlib.contextmanager
def as_called(torch: Any, *, grad: bool, autocast_dtype: str | None, device: str) -> Iterator[None]:
    """Run as the script ran: gradients and autocast as they were."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.set_grad_enabled(grad))
        if autocast_dtype is not None:
            dtype = getattr(torch, autocast_dtype)
            stack.enter_context(torch.autocast(device, dtype=dtype))
        yield


@contextlib.contextmanager
def random_states_kept(torch: Any) -> Iterator[None]:
    """Put every random generator back where it was.

    By the generators themselves: the functions that everybody calls may be watched for seeds.
    """
    numpy = sys.modules.get("numpy")
    python, own = random.getstate(), torch.default_generator.get_state()
    others = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    legacy = numpy.random.get_state() if numpy is not None else None
    try:
        yield
    finally:
        random.Random.setstate(random._inst, python)
        torch.default_generator.set_state(own)
        if others is not None:
            torch.cuda.set_rng_state_all(others)
        if numpy is not None:
            numpy.random.mtrand._rand.set_state(legacy)


@contextlib.contextmanager
def buffers_kept(module: Any) -> Iterator[None]:
    """Lend a module copies of its buffers: a batch norm in training writes them.

    The buffers themselves are not touched: autograd counts every write and refuses the script's
    backward pass after it, even where the same values are written back.
    """
    kept = [(item, dict(item._buffers)) for item in module.modules()]
    for item, buffers in kept:
        for name, buffer in buffers.items():
            if buffer is not None:
                item._buffers[name] = buffer.detach().clone()
    try:
        yield
    finally:
        for item, buffers in kept:
            item._buffers.update(buffers)


def untouched(module: Any) -> Any:
    """A module that may be run again: torch's own keep nothing, of others a copy is run.

    The copy has the same weights: they are most of it, and no forward writes to them.
    """
    own = all((type(item).__module__ or "").split(".")[0] == "torch" for item in module.modules())
    if own:
        return module
    return copy.deepcopy(module, {id(item): item for item in module.parameters()})
