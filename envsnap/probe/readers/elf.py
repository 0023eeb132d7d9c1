"""Reads facts out of ELF files without loading them."""

import struct

NOTE_SEGMENT = 4
INTERPRETER_SEGMENT = 3
GNU_BUILD_ID = 3
LARGEST_SEGMENT = 65536


def build_id(path: str) -> str:
    """Return the GNU build id of an ELF file in hexadecimal, or None where it has none.

    Raises OSError for an unreadable file and ValueError for one that is not ELF.
    """
    for data, order in _segments(path, NOTE_SEGMENT):
        found = _build_id_in_notes(data, order)
        if found:
            return found
    return None


def interpreter(path: str) -> str:
    """Return the dynamic loader that an ELF program names, or None for a static one."""
    for data, _ in _segments(path, INTERPRETER_SEGMENT):
        return data.rstrip(b"\0").decode("ascii", "backslashreplace")
    return None


def _segments(path: str, wanted: int) -> list:
    """Return (bytes, byte order) of each program segment of one type."""
    found = []
    with open(path, "rb") as stream:
        head = stream.read(64)
        if head[:4] != b"\x7fELF" or len(head) < 52:
            raise ValueError("not an ELF file: %s" % path)
        order = "<" if head[5] == 1 else ">"
        table, size, count, layout = _header_table(head, order)
        stream.seek(table)
        headers = stream.read(size * count)
        for start in range(0, len(headers) - size + 1, size):
            kind, offset, length = _header(headers, start, order, layout)
            if kind == wanted and length <= LARGEST_SEGMENT:
                stream.seek(offset)
                found.append((stream.read(length), order))
    return found


def _header_table(head: bytes, order: str) -> tuple:
    """Return offset, entry size, entry count and word size of the program header table."""
    if head[4] == 2:
        size, count = struct.unpack_from(order + "HH", head, 54)
        return struct.unpack_from(order + "Q", head, 32)[0], size or 56, count, 64
    size, count = struct.unpack_from(order + "HH", head, 42)
    return struct.unpack_from(order + "I", head, 28)[0], size or 32, count, 32


def _header(headers: bytes, start: int, order: str, bits: int) -> tuple:
    """Return type, file offset and file size of one program header."""
    if bits == 64:
        kind, _, offset, _, _, length = struct.unpack_from(order + "IIQQQQ", headers, start)
    else:
        kind, offset, _, _, length = struct.unpack_from(order + "IIIII", headers, start)
    return kind, offset, length


def _build_id_in_notes(notes: bytes, order: str) -> str:
    place = 0
    while place + 12 <= len(notes):
        name_size, value_size, kind = struct.unpack_from(order + "III", notes, place)
        name_at = place + 12
        value_at = name_at + (name_size + 3) // 4 * 4
        if kind == GNU_BUILD_ID and notes[name_at : name_at + 3] == b"GNU":
            return notes[value_at : value_at + value_size].hex()
        place = value_at + (value_size + 3) // 4 * 4
    return None
