"""What a recording keeps of a tensor: an exact digest, statistics, and a sketch.

The digest is the CRC-32 of the values in logical order, so that it does not depend on strides;
it tells accidents apart, not attacks. The sketch adds the values, each with a pseudo-random
sign, into 251 buckets: the length of the difference of two sketches estimates that of the
tensors within a tenth. The count is prime because strides of tensors are not: a divisor of a
channel's stride would put a whole channel into one bucket (as a multiple of 251 still does: there
the estimate is only good for a factor).
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import struct
import zlib
from typing import Any

BUCKETS = 251
ROWS = 1021
SPAN = BUCKETS * ROWS
BLOCKS = 1 << 12
TOGETHER = 16  # blocks that are widened to float64 at once
# Values that only say "not here" (a mask's -1e9, a dtype's lowest): as large, nearly one value,
# and as far from all others. Beside them a length shows nothing of the others.
FILLED, GAP = 1e3, 1000.0


NO_VALUES = "no values: on the meta device, or inside a transform of torch.func"


def raw_bytes(tensor: Any) -> Any:
    """The bytes of a contiguous tensor on the CPU, not copied; valid while the tensor lives."""
    size = tensor.numel() * tensor.element_size()
    return (ctypes.c_char * size).from_address(tensor.data_ptr()) if size else b""


def is_nested(tensor: Any) -> bool:
    """Whether a tensor's rows have lengths of their own, so that it has no shape."""
    return bool(getattr(tensor, "is_nested", False))


def settled(tensor: Any) -> Any:
    """A plain contiguous copy, or the tensor itself where it is one. Raises ValueError."""
    if tensor.is_meta:
        raise ValueError(NO_VALUES)
    if tensor.is_sparse or tensor.is_quantized:
        raise ValueError("a sparse or quantized tensor")
    plain = tensor.detach()
    if is_nested(tensor):  # rows of several lengths, as torch's own encoder makes of padded ones
        plain = plain.to_padded_tensor(0.0)
    kind: Any = type(plain)
    base = next(item for item in kind.__mro__ if item.__module__ == "torch")
    if kind.__torch_dispatch__ is not base.__torch_dispatch__:
        raise ValueError(f"a {kind.__name__}, whose values lie elsewhere")
    plain = plain.as_subclass(base)
    if plain.device.type != "cpu":
        plain = plain.cpu()
    plain = plain.resolve_conj().resolve_neg().contiguous()
    try:
        plain.data_ptr()
    except RuntimeError:
        raise ValueError(NO_VALUES) from None
    return plain


def digest(plain: Any) -> str:
    """The CRC-32 of a settled tensor."""
    return f"{zlib.crc32(raw_bytes(plain)):08x}"


def dtype_name(dtype: Any) -> str:
    """`float32` for `torch.float32`."""
    return str(dtype).rpartition(".")[2]


class Measure:
    """Statistics and sketches; holds the signs, which are the same wherever it runs."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        data = hashlib.shake_128(b"envsnap sketch 1").digest((SPAN + 7) // 8 + 4 * BLOCKS)
        packed = torch.frombuffer(bytearray(data[: -4 * BLOCKS]), dtype=torch.uint8)
        masks = torch.tensor([1 << place for place in range(8)], dtype=torch.uint8, device="cpu")
        bits = (packed.unsqueeze(1) & masks).reshape(-1)[:SPAN] != 0
        signs = bits.to(torch.float64) * 2 - 1
        # Each block takes the signs from another place on, round the end, so that what is alike
        # in all blocks does not cancel.
        self._signs = torch.cat([signs, signs])
        shifts = struct.unpack(f"<{BLOCKS}I", data[-4 * BLOCKS :])
        self._shifts = [shift % SPAN for shift in shifts]

    def __call__(self, plain: Any) -> tuple[dict[str, Any], list[float]]:
        """Statistics of a settled tensor, and its sketch; of values that are finite."""
        torch = self._torch
        flat = (torch.view_as_real(plain) if plain.is_complex() else plain).reshape(-1)
        if not flat.numel():
            return {"nan": 0, "inf": 0}, [0.0] * BUCKETS
        total, squares, buckets = self._sums(flat)
        nan = inf = 0
        holes = {}
        if not math.isfinite(squares):
            nan, inf = int(torch.isnan(flat).sum()), int(torch.isinf(flat).sum())
            holes = {"holes": self._holes(flat)} if nan or inf else {}
            flat = torch.where(torch.isfinite(flat), flat, torch.zeros_like(flat))
            total, squares, buckets = self._sums(flat)
        low, high = (float(end) for end in torch.aminmax(flat))
        count = flat.numel() - nan - inf
        found = {"nan": nan, "inf": inf, "min": low, "max": high}
        found["mean"], found["l2"] = total / max(1, count), math.sqrt(squares)
        return {**{key: _finite(value) for key, value in found.items()}, **holes}, buckets.tolist()

    def _holes(self, flat: Any) -> str:
        """The digest of where NaN and both infinities are."""
        torch = self._torch
        kinds = torch.isnan(flat).to(torch.uint8)
        kinds += 2 * torch.isposinf(flat).to(torch.uint8) + 3 * torch.isneginf(flat).to(torch.uint8)
        return digest(kinds)

    def rest(self, plain: Any, stats: dict[str, Any]) -> tuple[dict[str, Any], list[float]] | None:
        """What is left of a settled tensor without values that fill it; None: none does."""
        torch = self._torch
        end = max(abs(stats.get("min") or 0.0), abs(stats.get("max") or 0.0))
        if end < FILLED or not plain.is_floating_point():
            return None
        size = plain.reshape(-1).abs()
        far = (size > end / 2) & torch.isfinite(size)
        left = torch.where(torch.isfinite(size) & ~far, plain.reshape(-1), 0.0)
        low, largest = float(size[far].min()), float(left.abs().max())
        if not 0 < largest <= end / GAP or end - low > end / GAP:
            return None
        _, squares, buckets = self._sums(left)
        found = {"filled": int(far.sum()), "l2": math.sqrt(squares)}
        return found, buckets.tolist()

    def kept(self, plain: Any, part: Any) -> tuple[dict[str, Any], list[float]] | None:
        """The same of a part of a tensor whose other values are nobody's; None: it is not finite."""
        if not part.numel():
            return None
        _, squares, buckets = self._sums(part.reshape(-1))
        if not math.isfinite(squares):
            return None
        found = {"filled": plain.numel() - part.numel(), "l2": math.sqrt(squares)}
        return found, buckets.tolist()

    def _sums(self, flat: Any) -> tuple[float, float, Any]:
        torch = self._torch
        if flat.numel() <= SPAN:  # one block, as most results of layers are
            piece = flat.to(torch.float64)
            squares = float(torch.dot(piece, piece))
            return float(piece.sum()), squares, self._block(piece, 0)
        total = squares = 0.0
        buckets = torch.zeros(BUCKETS, dtype=torch.float64, device="cpu")
        step = TOGETHER * SPAN
        for start in range(0, flat.numel(), step):
            piece = flat[start : start + step].to(torch.float64)
            total += float(piece.sum())
            squares += float(torch.dot(piece, piece))
            buckets += self._sketch(piece, start // SPAN)
        return total, squares, buckets

    def _sketch(self, piece: Any, block: int) -> Any:
        torch = self._torch
        found = torch.zeros(BUCKETS, dtype=torch.float64, device="cpu")
        for start in range(0, piece.numel(), SPAN):
            found += self._block(piece[start : start + SPAN], block + start // SPAN)
        return found

    def _block(self, part: Any, number: int) -> Any:
        """The buckets of one block."""
        shift = self._shifts[number % BLOCKS]
        signed = part * self._signs[shift : shift + part.numel()]
        rest = -signed.numel() % BUCKETS
        if rest:  # the last block only: padding copies
            signed = self._torch.nn.functional.pad(signed, (0, rest))
        return signed.view(-1, BUCKETS).sum(0)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
