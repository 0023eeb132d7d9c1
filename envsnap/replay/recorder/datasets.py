"""Reads a data set's columns and describes each by quantiles, mean, spread and what is missing.

npy, npz, csv and parquet; numpy reads the numbers (the extra `drift`), pyarrow parquet. Files are
opened once, measured before they are read, and never unpickled.
"""

from __future__ import annotations

import csv
import io
import math
import os
import stat
import zipfile
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from envsnap.errors import InputError
from envsnap.model import scan
from envsnap.replay.esr.recording import QUANTILES, Feature

if TYPE_CHECKING:
    import numpy as np

LARGEST = 4 << 30
MOST_FEATURES = 2000
NOT_A_VALUE = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))
Columns = Iterator[tuple[str, "np.ndarray[Any, Any]"]]


def describe(path: str) -> tuple[dict[str, Feature], tuple[str, ...]]:
    """The features of a file, and notes on what is none. Raises InputError in one line."""
    read = _reader(path)
    try:
        import numpy as np
    except ImportError:
        raise InputError(
            f"{path}: reading data needs numpy: install envsnap with the extra `drift`"
        ) from None
    notes: list[str] = []
    found: dict[str, Feature] = {}
    with _opened(path) as stream:
        try:
            for name, values in read(stream, path, notes):
                if len(found) >= MOST_FEATURES:
                    scan.refuse(path, f"has more than {MOST_FEATURES} features")
                found[name] = _feature(np, values)
        except (ValueError, EOFError, OSError, zipfile.BadZipFile, MemoryError) as error:
            scan.refuse(path, f"cannot be read: {' '.join(str(error).split())[:150]}")
    if not found:
        scan.refuse(path, "holds no column of numbers")
    return found, tuple(notes)


def _reader(path: str) -> Callable[[BinaryIO, str, list[str]], Columns]:
    kinds = {".npy": _npy, ".npz": _npz, ".csv": _csv, ".parquet": _parquet}
    read = kinds.get(os.path.splitext(path)[1].lower())
    if read is None:
        raise InputError(f"{path}: data is read from {', '.join(kinds)} files")
    return read


def _opened(path: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
        os.close(descriptor)
        scan.refuse(path, f"is no regular file of at most {LARGEST >> 30} GiB")
    return os.fdopen(descriptor, "rb")


def _feature(np: Any, values: Any) -> Feature:
    """Describe one column; NaN and infinities count as missing."""
    wide = np.asarray(values, dtype="float64").reshape(-1)
    good = wide[np.isfinite(wide)]
    missing = 1 - good.size / wide.size if wide.size else 0.0
    if not good.size:
        return Feature(count=0, missing=missing, mean=0.0, std=0.0, quantiles=())
    quantiles = np.quantile(good, np.linspace(0, 1, QUANTILES))
    with np.errstate(over="ignore"):
        mean, std = float(good.mean()), float(good.std())
    if not (math.isfinite(mean) and math.isfinite(std)):
        raise ValueError("values are too large to take a mean of")
    return Feature(
        count=int(good.size), missing=missing, mean=mean, std=std,
        quantiles=tuple(float(f"{value:.9g}") for value in quantiles.tolist()),
    )  # fmt: skip


def _columns(name: str, values: Any, path: str) -> Columns:
    """The columns of an array: rows come first, all that is left are features."""
    if values.dtype.kind not in "fiub" or not values.ndim:
        scan.refuse(path, f"{name or 'the array'} holds no numbers in rows")
    if values.ndim == 1:
        yield name or "0", values
        return
    flat = values.reshape(len(values), -1)
    if flat.shape[1] > MOST_FEATURES:
        scan.refuse(path, f"{flat.shape[1]} features a row are more than {MOST_FEATURES}")
    for place in range(flat.shape[1]):
        yield f"{name}[{place}]" if name else str(place), flat[:, place]


def _header(stream: Any) -> tuple[tuple[int, ...], bool, Any]:
    """Shape, order and dtype of an npy file; what cannot be plain numbers is refused."""
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError("an npy version that is not read here")
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("holds pickled objects")
    return shape, fortran, dtype


def _npy(stream: BinaryIO, path: str, _: list[str]) -> Columns:
    import numpy as np

    shape, fortran, dtype = _header(stream)
    size = math.prod(shape) * dtype.itemsize
    if size != os.fstat(stream.fileno()).st_size - stream.tell():
        raise ValueError("its header states another size")
    data = np.frombuffer(stream.read(size), dtype=dtype)
    yield from _columns("", data.reshape(shape, order="F" if fortran else "C"), path)


def _npz(stream: BinaryIO, path: str, _: list[str]) -> Columns:
    import numpy as np

    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if len(members) > MOST_FEATURES or sum(item.file_size for item in members) > LARGEST:
            scan.refuse(path, f"unpacks to more than {LARGEST >> 30} GiB or {MOST_FEATURES} arrays")
        for item in members:
            with archive.open(item) as member:
                shape, fortran, dtype = _header(member)
                size = math.prod(shape) * dtype.itemsize
                if size != item.file_size - member.tell():
                    raise ValueError(f"{item.filename[:60]!r} states another size")
                data = np.frombuffer(member.read(size), dtype=dtype)
            name = item.filename.removesuffix(".npy")[:200]
            yield from _columns(name, data.reshape(shape, order="F" if fortran else "C"), path)


def _csv(stream: BinaryIO, path: str, notes: list[str]) -> Columns:
    import numpy as np

    try:
        with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
            names, columns, words = _cells(csv.reader(text), path)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    for place, name in enumerate(names):
        if place in words:
            notes.append(f"column {name[:60]!r} holds text and is not described")
        else:
            yield name, np.frombuffer(columns[place], dtype="float64")


def _cells(rows: Any, path: str) -> tuple[list[str], list[array[float]], set[int]]:
    """Names, numbers, and the columns that hold words."""
    names = [name[:200] for name in next(rows, [])]
    if len(names) > MOST_FEATURES or len(set(names)) < len(names):
        scan.refuse(path, f"has a name twice or more than {MOST_FEATURES} columns")
    columns = [array("d") for _ in names]
    words: set[int] = set()
    for row in rows:
        if row and len(row) != len(names):
            scan.refuse(path, f"line {rows.line_num} has another number of columns")
        for place, cell in enumerate(row):
            if place not in words and not _append(columns[place], cell):
                words.add(place)
                columns[place] = array("d")
    return names, columns, words


def _append(column: array[float], cell: str) -> bool:
    """Add a cell's number; False where it is none."""
    if cell.strip().lower() in NOT_A_VALUE:
        column.append(math.nan)
        return True
    try:
        column.append(float(cell))
    except ValueError:
        return False
    return True


def _parquet(stream: BinaryIO, path: str, notes: list[str]) -> Columns:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            f"{path}: reading parquet needs pyarrow: install it beside envsnap"
        ) from None
    try:
        table = parquet.ParquetFile(stream)
        if table.metadata.num_rows * table.metadata.num_columns * 8 > LARGEST:
            scan.refuse(path, f"unpacks to more than {LARGEST >> 30} GiB")
        for field in table.schema_arrow:
            kinds = pa.types
            if not any(
                test(field.type) for test in (kinds.is_integer, kinds.is_floating, kinds.is_boolean)
            ):
                notes.append(f"column {field.name[:60]!r} holds no numbers and is not described")
                continue
            column = table.read(columns=[field.name])[field.name]
            if kinds.is_boolean(field.type):
                column = column.cast(pa.int8())
            wide = column.cast(pa.float64())
            yield field.name[:200], wide.to_numpy()
    except (pa.ArrowException, KeyError) as error:
        raise ValueError(str(error)) from None
