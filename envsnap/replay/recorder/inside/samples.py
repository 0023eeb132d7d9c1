"""Some rows of a layer's inputs, where all of them are more than what is kept."""

from __future__ import annotations

from typing import Any

from . import trees


class Rows:
    """Cuts tensors that share their first sides with the largest one down to a few rows."""

    def __init__(self, torch: Any, value: Any, most: int) -> None:
        self._torch = torch
        tensors = trees.flat(value, torch.Tensor)
        largest = max(tensors, key=lambda item: item.numel() * item.element_size(), default=None)
        self._sides: tuple[int, ...] = ()
        self._keep: tuple[int, ...] = ()
        if largest is None or largest.dim() < 2:
            return
        shape = tuple(largest.shape)
        rows = 2 if largest.dim() == 3 else 1
        size = largest.element_size()
        for side in shape[rows:]:
            size *= side
        many = max(1, most // max(1, size))
        self._sides = shape[:rows]
        self._keep = (1, min(shape[1], many)) if rows == 2 else (min(shape[0], many),)

    @property
    def any(self) -> bool:
        """Whether there is something to cut."""
        return bool(self._sides) and self._keep != self._sides

    def cut(self, tensor: Any) -> Any:
        """The few rows of a tensor that has such sides, else the tensor."""
        sides = self._sides
        if tensor.dim() <= len(sides) or tuple(tensor.shape[: len(sides)]) != sides:
            return tensor
        for axis, count in enumerate(self._keep):
            tensor = tensor.narrow(axis, 0, count)
        return tensor
