"""Keeps what was recorded until it becomes a file: distinct tensors once, values on disk."""

from __future__ import annotations

import array
import json
import os
from typing import Any, BinaryIO

from . import attended
from .summary import BUCKETS, Measure, digest, dtype_name, is_nested, raw_bytes, settled

AUTOMATIC = 48 << 20  # what is kept in all; with sketches a file stays below 64 MiB
LARGEST_SHARE, SMALLEST_SHARE = 4 << 20, 64 << 10  # of one layer's inputs
SKETCHED = 1 << 22  # values of a tensor of a call that is not looked into
FEW = 1 << 14
MOST_ROWS = 512


class Spool:
    """A folder with `record.json`, `sketch.f32` and `values.bin`.

    Every distinct tensor has a number. Its values are kept where they were asked for, up to a
    bound in all and a share for each layer; of a layer that needs more, some rows are kept.
    """

    def __init__(self, torch: Any, folder: str, full: bool | None) -> None:
        self.folder, self._full = folder, full
        self.keeps_values = full is not False
        self.measure = Measure(torch)
        self.share = LARGEST_SHARE
        self.left_out = 0
        self.attended: Any = None  # which positions the call that is running keeps
        self._entries: list[dict[str, Any]] = []
        self._numbers: dict[tuple[str, tuple[int, ...], str], int] = {}
        self._sketches = array.array("f")
        self._values: BinaryIO = open(os.path.join(folder, "values.bin"), "w+b")  # noqa: SIM115
        self._size = 0

    def divide(self, layers: int) -> None:
        """Divide what is left among the layers of a model."""
        left = (AUTOMATIC - self._size) // 2
        self.share = max(SMALLEST_SHARE, min(LARGEST_SHARE, left // max(1, layers)))

    def fits(self, size: int) -> bool:
        """Whether a layer's inputs of so many bytes are kept as they are."""
        return self._full is not None or size <= self.share

    def number(self, tensor: Any, *, keep: bool, brief: bool = False, rows: bool = False) -> int:
        """Record a tensor and return its number; `keep` its values for isolated replay.

        `brief` measures only what is not too large for it; `rows` adds a digest of each.
        """
        try:
            plain = settled(tensor)
        except (ValueError, RuntimeError, NotImplementedError) as error:
            return self._add({**_form(tensor), "reason": " ".join(str(error).split())[:200]})
        form = _form(plain)
        key = (form["dtype"], tuple(form["shape"]), digest(plain))
        found = self._numbers.get(key)
        if found is None:
            entry = {**form, "device": tensor.device.type, "crc32": key[2]}
            if not brief or plain.numel() <= SKETCHED:
                stats, sketch = self.measure(plain)
                entry.update(stats, sketch=self.add_sketch(sketch))
                self._add_part(entry, "rest", self.measure.rest(plain, stats))
                self._add_part(entry, "attended", self._attended(plain))
            found = self._add(entry)
            self._numbers[key] = found
        if rows and "rows" not in self._entries[found]:
            self._add_rows(found, plain)
        keep = keep and not is_nested(tensor)  # what is kept is given to the layer again
        if keep and self.keeps_values and "begin" not in self._entries[found]:
            self._keep(found, plain)
        return found

    def _attended(self, plain: Any) -> tuple[dict[str, Any], list[float]] | None:
        part = None if self.attended is None else attended.of(self.attended, plain)
        return None if part is None else self.measure.kept(plain, part)

    def _add_part(
        self, entry: dict[str, Any], name: str, found: tuple[dict[str, Any], list[float]] | None
    ) -> None:
        if found is not None:
            entry[name] = {**found[0], "sketch": self.add_sketch(found[1])}

    def _add_rows(self, number: int, plain: Any) -> None:
        if plain.dim() and 1 < plain.shape[0] <= MOST_ROWS:
            self._entries[number]["rows"] = [digest(part) for part in plain]

    def _add(self, entry: dict[str, Any]) -> int:
        self._entries.append(entry)
        return len(self._entries) - 1

    def add_sketch(self, sketch: list[float]) -> int:
        """Keep a sketch; returns its row."""
        self._sketches.extend(sketch)
        return len(self._sketches) // BUCKETS - 1

    def _keep(self, number: int, plain: Any) -> None:
        size = plain.numel() * plain.element_size()
        if self._full is None and self._size + size > AUTOMATIC:
            self.left_out += 1
            return
        self._values.write(raw_bytes(plain))
        self._entries[number]["begin"] = self._size
        self._size += size

    def has(self, number: int) -> bool:
        """Whether a tensor's values are kept."""
        return "begin" in self._entries[number]

    def entry(self, number: int) -> dict[str, Any]:
        """What was recorded of a tensor."""
        return self._entries[number]

    def values(self, torch: Any, number: int) -> Any:
        """A kept tensor, read back. Raises KeyError where its values were not kept."""
        self._values.flush()
        entry = self._entries[number]
        return read(torch, self._values.fileno(), entry["begin"], entry)

    def close(self) -> None:
        """Close the file of values."""
        self._values.close()

    def write(self, record: dict[str, Any]) -> None:
        """Write what was recorded; the record comes last, so that its being there says enough."""
        self._values.flush()
        with open(os.path.join(self.folder, "sketch.f32"), "wb") as stream:
            stream.write(self._sketches.tobytes())
        record = {
            **record,
            "tensors": self._entries,
            "full": self.keeps_values and not self.left_out,
        }
        temporary = os.path.join(self.folder, "record.tmp")
        with open(temporary, "w", encoding="ascii") as stream:
            stream.write(json.dumps(record))  # `dump` is written in Python and costs ten times it
        os.replace(temporary, os.path.join(self.folder, "record.json"))


def _form(tensor: Any) -> dict[str, Any]:
    shape = [] if is_nested(tensor) else list(tensor.shape)
    return {"dtype": dtype_name(tensor.dtype), "shape": shape}


def read(torch: Any, descriptor: int, begin: int, entry: dict[str, Any]) -> Any:
    """A tensor whose values lie in a file."""
    dtype = getattr(torch, entry["dtype"])
    shape = entry["shape"]
    tensor = torch.empty(shape, dtype=dtype, device="cpu")
    target = memoryview(raw_bytes(tensor)).cast("B") if tensor.numel() else None
    done = 0
    while target is not None and done < len(target):
        piece = os.pread(descriptor, min(len(target) - done, 1 << 24), begin + done)
        if not piece:
            raise OSError("the recording is cut off")
        target[done : done + len(piece)] = piece
        done += len(piece)
    return tensor
