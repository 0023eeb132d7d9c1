"""The `.esr` file: what is written is read, and what was not written here is refused."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.replay.esr import archive, tables
from envsnap.replay.esr.recording import Record, Tensor
from tests.conftest import Run

RECORD = {
    "recording_version": 1, "recording_revision": 0, "envsnap_version": "0",
    "created_at": "2026-01-01T00:00:00Z", "label": None, "complete": True, "full": True,
    "framework": None, "notes": [], "calls": [], "tensors": [],
}  # fmt: skip
SKETCH = tables.write_sketches(b"\0" * 4 * tables.BUCKETS)


def members(**changes: object) -> dict[str, bytes]:
    """The members of a small recording."""
    return {
        "record.json": json.dumps({**RECORD, **changes}).encode(),
        "sketch.npy": SKETCH,
        "tensors.safetensors": safetensors({"t0": ("F32", [2], [0, 8])}, b"\0" * 8),
    }


def safetensors(tensors: dict[str, tuple[str, list[int], list[int]]], values: bytes) -> bytes:
    header = json.dumps(
        {k: {"dtype": d, "shape": s, "data_offsets": o} for k, (d, s, o) in tensors.items()}
    ).encode()
    return struct.pack("<Q", len(header)) + header + values


def write(path: Path, parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> str:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return str(path)


def refused(path: str) -> str:
    with pytest.raises(InputError) as caught:
        archive.read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path in message
    return message


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "values").write_bytes(b"12345678")
    tensor = Tensor(dtype="float32", shape=(2,), crc32="00000000", sketch=0, stored="t0")
    record = Record(
        **{**RECORD, "recording_version": 2, "notes": (), "calls": (), "tensors": (tensor,)}
    )
    path = str(tmp_path / "it.esr")
    stored = {"t0": tables.Stored("float32", (2,), 0, 8)}
    archive.write(path, record, None, b"\0" * 4 * 251, str(tmp_path / "values"), stored)
    found = archive.read(path)
    assert found.record == record
    place = archive.values_place(found, "t0")
    assert Path(path).read_bytes()[place : place + 8] == b"12345678"
    assert Path(path).stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as zipped:
        assert {item.compress_type for item in zipped.infolist()} == {zipfile.ZIP_STORED}


def test_other_readers_understand_the_arrays(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    values = struct.pack("<502f", *range(502))
    table = numpy.load(io.BytesIO(tables.write_sketches(values)), allow_pickle=False)
    assert table.shape == (2, 251)
    assert [list(row) for row in table] == [
        list(row) for row in tables.read_sketches(tables.write_sketches(values), "x")
    ]


@pytest.mark.parametrize(
    ("name", "word"),
    [("../evil", "no part of a recording"), ("/etc/x", "no part"), ("a" * 5000, "directory")],
)
def test_names_that_are_none_of_ours(name: str, word: str, tmp_path: Path) -> None:
    assert word in refused(write(tmp_path / "x.esr", {**members(), name: b""}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.esr"
    with zipfile.ZipFile(path, "w") as made:
        for name, data in (("record.json", b"{}"), *members().items()):
            made.writestr(name, data)
    assert "twice" in refused(str(path))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    parts = {**members(), "record.json": b" " * (200 << 20)}
    path = write(tmp_path / "x.esr", parts, zipfile.ZIP_DEFLATED)
    assert Path(path).stat().st_size < 1 << 20
    del parts
    tracemalloc.start()
    assert "compressed" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_directory_of_many_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.esr", {f"{number}": b"" for number in range(5000)})
    assert "directory" in refused(path)


def test_a_size_that_lies(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "x.esr", members()))
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1 << 30)
    path.write_bytes(data)
    assert "two sizes" in refused(str(path))


@pytest.mark.parametrize(
    "data", [b"", b"PK\x05\x06", b"nothing of the kind" * 10, b"PK\x05\x06" + b"\xff" * 18]
)
def test_no_zip_at_all(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.esr"
    path.write_bytes(data)
    refused(str(path))


def test_every_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.esr"
    whole = Path(write(tmp_path / "whole.esr", members())).read_bytes()
    archive.read(str(tmp_path / "whole.esr"))
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        refused(str(path))


def test_every_flipped_byte_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.esr"
    whole = Path(write(tmp_path / "whole.esr", members())).read_bytes()
    refusals = 0
    for place in range(0, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 0xFF
        path.write_bytes(data)
        try:
            archive.read(str(path))
        except InputError as error:
            refusals += 1
            assert "\n" not in str(error)
    assert refusals > 50


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 251), }", "32-bit"),
        (b"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 251), }", "table"),
        (b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 250), }", "table"),
        (b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 251), }", "rows"),
        (b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 251), }", "2 rows"),
        (b"__import__('os').system('true')", "cannot be read"),
        (b"(" * 5000, "cannot be read"),
    ],
)
def test_npy_of_another_kind(header: bytes, word: str, tmp_path: Path) -> None:
    data = tables.NPY + struct.pack("<H", len(header)) + header + b"\0" * 1004
    assert word in refused(write(tmp_path / "x.esr", {**members(), "sketch.npy": data}))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "header"),
        (struct.pack("<Q", 1 << 62) + b"{}", "larger than the file"),
        (struct.pack("<Q", 2) + b"[]", "no object"),
        (safetensors({"a": ("F32", [2], [0, 8]), "b": ("F32", [2], [4, 12])}, b"\0" * 12), "over"),
        (safetensors({"a": ("F32", [2], [8, 16])}, b"\0" * 16), "hole"),
        (safetensors({"a": ("F32", [3], [0, 8])}, b"\0" * 8), "fill"),
        (safetensors({"a": ("F32", [-2, -1], [0, 8])}, b"\0" * 8), "impossible"),
        (safetensors({"a": ("F32", [2], [0, 8])}, b"\0" * 9), "need 8 bytes"),
        (safetensors({"a": ("object", [2], [0, 8])}, b"\0" * 8), "dtype"),
    ],
)
def test_safetensors_that_do_not_fit(data: bytes, word: str, tmp_path: Path) -> None:
    assert word in refused(write(tmp_path / "x.esr", {**members(), "tensors.safetensors": data}))


CALL = {"type": "Net", "grad": False, "modules": {}, "parameters": {}, "leaves": []}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"recording_version": 3}, "newer"),
        ({"recording_version": "1"}, "positive integer"),
        ({"calls": [{**CALL, "result": {"kind": "tensor", "tensor": 5}}]}, "does not describe"),
        ({"calls": [{**CALL, "result": {"kind": "shell", "value": "x"}}]}, "Invalid enum"),
        ({"tensors": [{"dtype": "float32", "shape": [2], "sketch": 7}]}, "sketch"),
        ({"tensors": [{"dtype": "float32", "shape": [3], "stored": "t0"}]}, "not stored"),
        ({"tensors": [{"dtype": "float32", "shape": [-1]}]}, "Expected"),
    ],
)
def test_records_that_contradict_the_file(changes: dict, word: str, tmp_path: Path) -> None:
    assert word in refused(write(tmp_path / "x.esr", members(**changes)))


def test_json_is_bounded_as_in_manifests(tmp_path: Path) -> None:
    twice = b'{"recording_version": 1, "recording_version": 1}'
    deep = b'{"recording_version":1,"notes":' + b"[" * 200 + b"]" * 200 + b"}"
    for data, word in ((twice, "twice"), (deep, "deeper"), (b'{"a": NaN}', "NaN")):
        assert word in refused(write(tmp_path / "x.esr", {**members(), "record.json": data}))


def test_runs_without_calls_are_compared_without_a_crash(envsnap: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.esr", members())
    done = envsnap("compare", "a.esr", "b.esr")
    assert done.returncode in (0, 2, 6), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file(kind: str, tmp_path: Path) -> None:
    import os

    path = tmp_path / "x.esr"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    refused(str(path))


@pytest.mark.parametrize(
    ("key", "axis", "count"),
    [("1", 0, 3), ("x", 0, 3), ("0", 9, 3), ("0", 1, 3), ("0", 0, 2), ("-1", 0, 3)],
)
def test_a_picture_that_cannot_be(key: str, axis: int, count: int, tmp_path: Path) -> None:
    """What is read from a picture's values relies on its axis and channels."""
    row = {"mean": 0.0, "std": 1.0, "crc32": "0", "sketch": 0}

    def written(name: str, place: int, rows: int) -> str:
        call = {
            "type": "Net", "grad": False, "modules": {}, "parameters": {}, "leaves": [],
            "pictures": {name: {"axis": place, "rows": [row] * rows}},
        }  # fmt: skip
        tensor = {"dtype": "float32", "shape": [3, 8, 8], "sketch": 0}
        return write(tmp_path / "x.esr", members(calls=[call], tensors=[tensor]))

    archive.read(written("0", 0, 3))
    assert "picture" in refused(written(key, axis, count))
