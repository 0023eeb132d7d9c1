"""The positions that a call's attention mask keeps.

What a model computes at the others is nobody's result: kernels of attention differ there, and none
is wrong.
"""

from __future__ import annotations

from typing import Any

# True or 1 where a position is kept; in torch's own layers where it is padding.
KEPT, PADDING = "attention_mask", "key_padding_mask"
OTHER_SEQUENCE = "decoder_", "encoder_"  # the mask is of one sequence, results are of another


def positions(names: list[str], given: list[Any]) -> Any:
    """A mask of rows and positions, True where one is kept; None where all are, or nobody says."""
    if any(name.startswith(OTHER_SEQUENCE) for name in names):
        return None
    for name, tensor in zip(names, given):
        if not name.endswith((KEPT, PADDING)) or tensor.dim() != 2 or tensor.is_floating_point():
            continue
        found = tensor.detach() != 0
        if name.endswith(PADDING):
            found = ~found
        some, whole = bool(found.any()), bool(found.all())
        return found.cpu() if some and not whole else None
    return None


def of(kept: Any, plain: Any) -> Any:
    """The values of a settled tensor at positions that are kept; None where it has none of those."""
    if not plain.is_floating_point():
        return None
    if plain.dim() > 2 and plain.shape[:2] == kept.shape:
        return plain[kept]
    if plain.dim() == 2 and plain.shape[0] == kept.numel():
        return plain[kept.reshape(-1)]
    return None
