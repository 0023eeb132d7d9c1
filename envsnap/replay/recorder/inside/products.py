"""The rounding error of a matrix product, from some of its results.

To compute all of a large layer once more in float64 takes as long as the model itself, most of it
to widen the weights. Its results are independent of each other: those that are largest are
computed, and one in so many of the others, which stand for the rest.
"""

from __future__ import annotations

import math
from typing import Any

LARGEST, OTHERS = 32, 96
WORTH = 4 * (LARGEST + OTHERS)  # a layer of fewer results is computed as a whole
CONV1D = "transformers.pytorch_utils", "Conv1D"


def error(torch: Any, module: Any, given: Any, result: Any) -> float | None:
    """How far a layer's result is from the exact one, as a ratio; None where this cannot tell."""
    axis = _axis(torch, module)
    if axis is None or not _fit(torch, module.weight, axis, given, result):
        return None
    weight, count = module.weight.detach(), module.weight.shape[axis]
    rows = result.detach().reshape(-1, count)
    sizes = torch.linalg.vector_norm(rows, dim=0, dtype=torch.float64)
    chosen, stand_for = _chosen(torch, sizes)
    some = weight.index_select(axis, chosen).double()
    exact = given.detach().reshape(-1, weight.shape[1 - axis]).double() @ (
        some if axis else some.t()
    )
    if module.bias is not None:
        exact += module.bias.detach()[chosen].double()
    apart = torch.linalg.vector_norm(rows.index_select(1, chosen).double() - exact, dim=0)
    length, squares = float(sizes.norm()), float(torch.dot(apart * apart, stand_for))
    if not (math.isfinite(length) and math.isfinite(squares)):
        return None
    return math.sqrt(squares) / length if length else math.sqrt(squares)


def _axis(torch: Any, module: Any) -> int | None:
    """The side of a weight that counts results, of a layer that is a matrix product and no more."""
    kind = type(module)
    if "forward" in vars(module):
        return None
    axis = {(torch.nn.Linear.__module__, "Linear"): 0, CONV1D: 1}.get((kind.__module__, kind.__qualname__))  # fmt: skip
    return axis if axis is not None and module.weight.dim() == 2 else None


def _fit(torch: Any, weight: Any, axis: int, given: Any, result: Any) -> bool:
    """Whether the numbers are plain ones and enough of them."""
    return (
        weight.shape[axis] >= WORTH
        and all(isinstance(item, torch.Tensor) for item in (given, result))
        and all(item.is_floating_point() for item in (weight, given, result))
        and given.shape[-1:] == (weight.shape[1 - axis],)
        and result.shape == (*given.shape[:-1], weight.shape[axis])
        and result.numel() > 0
    )


def _chosen(torch: Any, sizes: Any) -> tuple[Any, Any]:
    """The places of the largest results and of some of the others, and how many each stands for."""
    order = torch.argsort(sizes, descending=True)
    rest = order[LARGEST:]
    step = torch.arange(OTHERS, device=rest.device) * len(rest) // OTHERS
    chosen, places = torch.cat([order[:LARGEST], rest[step]]).sort()
    each = torch.where(places < LARGEST, 1.0, len(rest) / OTHERS)
    return chosen, each.to(torch.float64)
