"""Names, dtypes and shapes of the tensors in a weight file, read without loading or unpickling.

Sources: the safetensors format (an 8-byte little-endian length, then a JSON header, then data
without holes) and torch's zip checkpoints (a pickle inside a stored zip archive). The pickle is
walked as a list of opcodes; the globals it names are never imported.
"""

import hashlib
import json
import re
import struct

from .dtypes import BITS

LARGEST_HEADER = 100 << 20
MOST_LISTED = 20000
ZIP_START = b"PK\x03\x04"
WEIGHT_ENDINGS = (".bin", ".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".gguf", ".h5")
# How the files of some endings begin: an ONNX model with the field of its version.
BEGINNINGS = ((".gguf", b"GGUF"), (".h5", b"\x89HDF"), (".onnx", b"\x08"))
# A .bin may be anything, but under these names torch reads it.
OF_TORCH = re.compile(
    r"(?:^|[/\\])(?:\w*pytorch_model|adapter_model)[\w.-]*\.bin$|\.(?:pt|pth|ckpt)$"
)


def describe(path: str, size: int) -> dict:
    """Return {format, tensors, tensor_count, tensors_sha256, ...} of a weight file, or {}.

    Raises ValueError for a truncated or damaged file, and what zipfile raises for its archives.
    """
    with open(path, "rb") as stream:
        start = stream.read(8)
    if start[:4] == ZIP_START:
        if path.endswith(".safetensors"):
            raise ValueError("a zip archive, and no safetensors file")
        from . import checkpoints

        return _table("torch-zip", *checkpoints.tensors(path))
    if path.endswith(".safetensors"):
        return _table("safetensors", _safetensors(path, size), {})
    if size == 0 and path.endswith(WEIGHT_ENDINGS):
        raise ValueError("the file is empty")
    if start.startswith(b"\x80"):
        from . import pickles

        # Torch before 1.6, or no torch at all: by digest, and by what it says of its writer.
        told = {"written_by": pickles.written_by(path), "foreign_symbols": pickles.commands(path)}
        return dict({key: value for key, value in told.items() if value}, format="pickle")
    if start[:5].lower() in (b"<!doc", b"<html") and path.endswith(WEIGHT_ENDINGS):
        raise ValueError("an HTML page, and no weights")
    if OF_TORCH.search(path):
        raise ValueError("neither a zip archive nor a pickle: truncated or damaged")
    for ending, begins in BEGINNINGS:
        if path.endswith(ending) and not start.startswith(begins):
            raise ValueError("it does not begin as a %s file does" % ending)
    return {}


def _table(kind: str, found: dict, extra: dict) -> dict:
    """Describe a table of tensors; a very long one by count and digest only."""
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    facts = {
        "format": kind,
        "tensor_count": len(found),
        "tensors_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    if len(found) <= MOST_LISTED:
        facts["tensors"] = found
    facts.update(extra)
    return facts


def _safetensors(path: str, size: int) -> dict:
    with open(path, "rb") as stream:
        head = stream.read(8)
        if len(head) < 8:
            raise ValueError("truncated: no room for the header's length")
        length = struct.unpack("<Q", head)[0]
        if length > LARGEST_HEADER or 8 + length > size:
            raise ValueError(
                "truncated or damaged: the header is said to be %d bytes long" % length
            )
        header = json.loads(stream.read(length).decode("utf-8"), parse_int=_whole)
    if not isinstance(header, dict):
        raise ValueError("the header is not a JSON object")
    header.pop("__metadata__", None)
    found, ranges = {}, []
    for name, facts in header.items():
        found[name], offsets = _tensor(facts)
        ranges.append(offsets)
    end = 0
    for begin, last in sorted(ranges):
        if begin != end:
            raise ValueError("damaged: the tensors overlap, or leave a hole at byte %d" % end)
        end = last
    if 8 + length + end != size:
        raise ValueError(
            "truncated or damaged: the header promises %d bytes, the file has %d"
            % (8 + length + end, size)
        )
    return found


def _tensor(facts) -> tuple:
    """Return ({dtype, shape}, range of its data); raises ValueError for what is no tensor."""
    if not isinstance(facts, dict) or not isinstance(facts.get("dtype"), str):
        raise ValueError("the header names a tensor without a type")
    shape, offsets = facts.get("shape"), facts.get("data_offsets")
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or not all(_is_size(number) for number in numbers):
            raise ValueError("the header's shapes or offsets are no sizes")
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ValueError("the header's offsets are no range")
    bits = BITS.get(facts["dtype"])
    if bits and bits * _product(shape) != 8 * (offsets[1] - offsets[0]):
        raise ValueError("damaged: a tensor has more or fewer bytes than its shape needs")
    return {"dtype": facts["dtype"][:40], "shape": shape}, offsets


def _product(shape: list) -> int:
    """The number of elements."""
    count = 1
    for size in shape:
        count *= size
    return count


def _is_size(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 62


def _whole(digits: str) -> int:
    """Read a whole number that could be a size; Python 3.6 would take minutes for a long one."""
    if len(digits) > 20:
        raise ValueError("the header holds a number of %d digits" % len(digits))
    return int(digits)
