"""Looks at an input as a picture: each channel's mean, spread and sketch.

The sketch is of the centred channel, so that two sketches point the same way where two channels
differ in scale and offset only: that tells a wrong mean, a wrong spread, swapped channels and
another decoder apart without keeping the picture.
"""

from __future__ import annotations

from typing import Any

from .summary import Measure, digest

# What models call inputs that only look like pictures.
NO_PICTURES = (
    "feature", "latent", "noise", "noisy", "hidden", "embed", "mel", "audio", "spec", "sample",
    "wave", "mask",
)  # fmt: skip
LEAST_SIDE = 16  # of a picture without a batch
MOST_CHANNELS = 4  # one (grey), three (colours), four (with alpha)


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """The axis that holds colours: the second of NCHW, the first of CHW, or the last."""
    if len(shape) not in (3, 4):
        return None
    first = len(shape) - 3
    for axis in (first, len(shape) - 1):
        if shape[axis] in (1, 3, 4) and all(
            size > MOST_CHANNELS for place, size in enumerate(shape) if place > 0 and place != axis
        ):
            return axis
    return None


def describe(
    plain: Any, measure: Measure, name: str = ""
) -> tuple[dict[str, Any], list[list[float]]] | None:
    """The channels of a settled tensor, and a sketch of each; None where it is no picture.

    `name` is what the model calls it: latents and spectrograms have the shape of pictures.
    """
    axis = channel_axis(tuple(plain.shape))
    if axis is None or plain.is_complex() or not _may_be_picture(plain, axis, name):
        return None
    rows, sketches = [], []
    for place in range(plain.shape[axis]):
        part = plain.select(axis, place).contiguous()
        wide = part.double()
        mean = float(wide.mean())
        spread = float(wide.std(unbiased=False))
        if mean != mean or spread != spread:  # noqa: PLR0124
            return None
        _, sketch = measure(wide - mean)
        rows.append({"mean": mean, "std": spread, "crc32": digest(part)})
        sketches.append(sketch)
    return {"axis": axis, "rows": rows}, sketches


def _may_be_picture(plain: Any, axis: int, name: str) -> bool:
    count = plain.shape[axis]
    if str(plain.dtype) == "torch.uint8":
        return True
    if any(word in name.lower() for word in NO_PICTURES):
        return False
    if count == 4 or (count == 1 and plain.dim() == 3):
        return False
    if plain.dim() == 3 and (axis == 2 or min(plain.shape[1:]) < LEAST_SIDE):
        return False  # series: of three features, or three of them, of few features each
    return not _is_noise(plain)


def _is_noise(plain: Any) -> bool:
    """Whether values are normal numbers that know nothing of their neighbours."""
    if not plain.is_floating_point():
        return False
    wide = plain.float()
    mean, spread = float(wide.mean()), float(wide.std())
    if not (abs(mean) < 0.15 and abs(spread - 1) < 0.15):
        return False
    apart = wide[..., 1:] - wide[..., :-1]
    return float(apart.pow(2).mean()) > 1.6 * spread * spread
