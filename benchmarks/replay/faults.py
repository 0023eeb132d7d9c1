"""What goes wrong: each fault changes a model, its input or torch, and may not apply."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.replay.models import MODELS, picture

NORMS = (nn.LayerNorm, nn.modules.batchnorm._BatchNorm, nn.GroupNorm)  # noqa: SLF001


class Fault:
    """A fault in place: the input to use, how to run, and the layer that must be named."""

    def __init__(self, given: Tensor, layer: str | None = None) -> None:
        self.given, self.layer = given, layer
        self.around: Callable[[], contextlib.AbstractContextManager[object]] = (
            contextlib.nullcontext
        )


def norm_eps(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """Another eps in every norm: 1e-6 for 1e-5, in batch norms 1e-3."""
    norms = [item for item in model.modules() if isinstance(item, NORMS)]
    for item in norms:
        item.eps = 1e-6 if isinstance(item, nn.LayerNorm | nn.GroupNorm) else 1e-3
    return Fault(given) if norms else None


def one_norm_eps(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """Another eps in one norm."""
    found = [(key, item) for key, item in model.named_modules() if isinstance(item, nn.LayerNorm)]
    if not found or name == "encoder":
        return None
    key, item = found[len(found) // 2]
    item.eps = 1e-6
    return Fault(given, key)


def scaled_weight(name: str, model: nn.Module, given: Tensor) -> Fault:
    """One weight matrix times 1.00001."""
    layer = MODELS[name][2]
    with torch.no_grad():
        model.get_submodule(layer).weight.mul_(1.00001)
    return Fault(given, layer)


def exponent_bit(name: str, model: nn.Module, given: Tensor) -> Fault:
    """One bit of one weight's exponent."""
    layer = MODELS[name][2]
    weight = model.get_submodule(layer).weight
    with torch.no_grad():
        flat = weight.view(-1)
        place = int(flat.abs().argmax())
        flat.view(torch.int32)[place] ^= 1 << 24
    return Fault(given, layer)


def half_weights(name: str, model: nn.Module, given: Tensor) -> Fault:
    """Weights that went through float16."""
    with torch.no_grad():
        for item in model.parameters():
            item.copy_(item.half().float())
    return Fault(given)


def gelu(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """The tanh approximation of GELU in one layer."""
    found = [(key, item) for key, item in model.named_modules() if isinstance(item, nn.GELU)]
    if not found:
        return None
    key, item = found[len(found) // 2]
    item.approximate = "tanh"
    return Fault(given, key)


def medium_products(name: str, model: nn.Module, given: Tensor) -> Fault:
    """torch.set_float32_matmul_precision("medium"), which some CPUs take as bfloat16."""
    fault = Fault(given)

    @contextlib.contextmanager
    def around() -> Iterator[None]:
        torch.set_float32_matmul_precision("medium")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision("highest")

    fault.around = around
    return fault


def autocast(name: str, model: nn.Module, given: Tensor) -> Fault:
    """Autocast to bfloat16."""
    fault = Fault(given)
    fault.around = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    return fault


def no_eval(name: str, model: nn.Module, given: Tensor) -> Fault:
    """Eval() was forgotten."""
    model.train()
    return Fault(given)


def bgr(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """Channels in the order of OpenCV."""
    return Fault(picture(bgr=True)) if given.ndim == 4 else None


def spread(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """A std that is 1 % too large."""
    return Fault(picture(spread=1.01)) if given.ndim == 4 else None


def no_mask(name: str, model: nn.Module, given: Tensor) -> Fault | None:
    """No causal mask, in code that no module shows."""
    fault = Fault(given)

    @contextlib.contextmanager
    def around() -> Iterator[None]:
        right = functional.scaled_dot_product_attention
        functional.scaled_dot_product_attention = lambda q, k, v, is_causal: right(q, k, v)
        try:
            yield
        finally:
            functional.scaled_dot_product_attention = right

    fault.around = around
    return fault if name == "gpt" else None


# Name -> the fault, and the subjects of a verdict that are right for it.
FAULTS = {
    "all norms' eps": (norm_eps, ("structure",)),
    "one norm's eps": (one_norm_eps, ("structure",)),
    "weight x1.00001": (scaled_weight, ("weights",)),
    "exponent bit": (exponent_bit, ("weights",)),
    "float16 weights": (half_weights, ("weights",)),
    "wrong GELU": (gelu, ("structure",)),
    "medium products": (medium_products, ("precision",)),
    "bf16 autocast": (autocast, ("precision",)),
    "missing eval()": (no_eval, ("mode",)),
    "BGR": (bgr, ("inputs",)),
    "std x1.01": (spread, ("inputs",)),
    "no causal mask": (no_mask, ("code",)),
}
