"""Reads facts out of ELF files without loading them."""

import os
import struct

from ..record import open_regular

LOADED_SEGMENT = 1
DYNAMIC_SEGMENT = 2
NOTE_SEGMENT = 4
INTERPRETER_SEGMENT = 3
GNU_BUILD_ID = 3
LARGEST_SEGMENT = 65536
# Tags of the dynamic section, and of strings in it.
END, NEEDED, STRING_TABLE, STRING_SIZE, RPATH, RUNPATH = 0, 1, 5, 10, 15, 29
LARGEST_STRINGS = 16 << 20
# What files need, by their identity: device, inode, size and both times.
_KNOWN, MOST_KNOWN = {}, 4096  # type: dict, int
SECTION_ENTRY, SECTION_ENTRY_SIZE = "IIQQQQIIQQ", 64
LARGEST_SECTION = 64 << 20


def build_id(path: str) -> str:
    """Return the GNU build id of an ELF file in hexadecimal, or None where it has none.

    Raises OSError for an unreadable file and ValueError for one that is not ELF.
    """
    for data, order in _segments(path, NOTE_SEGMENT):
        found = _build_id_in_notes(data, order)
        if found:
            return found
    return None


def end_of_segments(path: str) -> int:
    """Return the size that a file must have for what it says is in it.

    Raises OSError for an unreadable file and ValueError for one that is not ELF.
    """
    with open_regular(path) as stream:
        headers = _headers(stream, path)[0]
    return max([offset + length for _, offset, length, _ in headers] or [0])


def interpreter(path: str) -> str:
    """Return the dynamic loader that an ELF program names, or None for a static one."""
    for data, _ in _segments(path, INTERPRETER_SEGMENT):
        return data.rstrip(b"\0").decode("ascii", "backslashreplace")
    return None


def machine(path: str) -> bytes:
    """Return what tells for which processor an ELF file is: equal for files that go together.

    Raises OSError for an unreadable file and ValueError for one that is not ELF.
    """
    with open_regular(path) as stream:
        head = stream.read(20)
    if head[:4] != b"\x7fELF" or len(head) < 20:
        raise ValueError("not an ELF file: %s" % path)
    return head[4:6] + head[18:20]


def dependencies(path: str) -> tuple:
    """Return (names, rpath, runpath): the libraries a file needs, and where it says they are.

    `rpath` and `runpath` are lists of folders as the file spells them ($ORIGIN and all). A file
    that several ask about is read once: it is known by its identity. Raises OSError for an
    unreadable file and ValueError for one that is not ELF or is damaged.
    """
    with open_regular(path) as stream:
        key = identity(stream)
        if key not in _KNOWN:
            if len(_KNOWN) >= MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[key] = _dependencies(stream, path)
    return _KNOWN[key]


def identity(stream) -> tuple:
    """Return what tells two states of an open file apart without reading it."""
    facts = os.fstat(stream.fileno())
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime, facts.st_ctime


def _dependencies(stream, path: str) -> tuple:
    headers, order, bits = _headers(stream, path)
    entries = []
    for kind, offset, length, _ in headers:
        if kind == DYNAMIC_SEGMENT and length <= LARGEST_SEGMENT:
            stream.seek(offset)
            data = stream.read(length)
            data = data[: len(data) // (bits // 4) * (bits // 4)]
            pairs = struct.iter_unpack(order + ("QQ" if bits == 64 else "II"), data)
            entries.extend(pairs)
    table = _strings(stream, headers, dict(reversed(entries)))
    found = {NEEDED: [], RPATH: [], RUNPATH: []}
    for tag, value in entries:
        if tag == END:
            break
        if tag in found and value < len(table):
            found[tag].append(table[value : table.index(b"\0", value)].decode("utf-8", "replace"))
    folders = [
        [entry for text in found[tag] for entry in text.split(":") if entry]
        for tag in (RPATH, RUNPATH)
    ]
    return found[NEEDED], folders[0], folders[1]


def section(path: str, name: bytes) -> bytes:
    """Return what one section of an ELF file holds, or None where it has no such section.

    Raises OSError for an unreadable file and ValueError for one that is not ELF.
    """
    with open_regular(path) as stream:
        head = stream.read(64)
        if head[:4] != b"\x7fELF" or len(head) < 64:
            raise ValueError("not an ELF file: %s" % path)
        if head[4] != 2:
            return None  # files of 32 bits are too small for this to be worth it
        order = "<" if head[5] == 1 else ">"
        table = struct.unpack_from(order + "Q", head, 40)[0]
        size, count, names = struct.unpack_from(order + "HHH", head, 58)
        if size != SECTION_ENTRY_SIZE or names >= count:
            return None
        stream.seek(table)
        data = stream.read(size * count)
        if len(data) < size * count:
            raise ValueError("a damaged ELF file, the table of sections is cut: %s" % path)
        entries = list(struct.iter_unpack(order + SECTION_ENTRY, data))
        text = _piece(stream, entries[names]) if len(entries) == count else b""
        for entry in entries:
            if text[entry[0] : entry[0] + len(name) + 1] == name + b"\0":
                return _piece(stream, entry)
    return None


def _piece(stream, entry: tuple) -> bytes:
    """Read a section by its entry in the table of sections."""
    offset, length = entry[4], entry[5]
    if length > LARGEST_SECTION:
        return b""
    stream.seek(offset)
    return stream.read(length)


def _strings(stream, headers: list, tags: dict) -> bytes:
    """Return the strings of the dynamic section; its address leads through the loaded segments."""
    address, size = tags.get(STRING_TABLE), tags.get(STRING_SIZE, 0)
    for kind, offset, length, start in headers:
        inside = kind == LOADED_SEGMENT and address is not None
        if inside and start <= address < start + length and size <= LARGEST_STRINGS:
            stream.seek(offset + address - start)
            return stream.read(size) + b"\0"
    return b""


def _segments(path: str, wanted: int) -> list:
    """Return (bytes, byte order) of each program segment of one type."""
    found = []
    with open_regular(path) as stream:
        headers, order, _ = _headers(stream, path)
        for kind, offset, length, _ in headers:
            if kind == wanted and length <= LARGEST_SEGMENT:
                stream.seek(offset)
                found.append((stream.read(length), order))
    return found


def _headers(stream, path: str) -> tuple:
    """Return the program headers (type, offset, file size, address), byte order and word size."""
    head = stream.read(64)
    if head[:4] != b"\x7fELF" or len(head) < (64 if head[4:5] == b"\2" else 52):
        raise ValueError("not an ELF file: %s" % path)
    order = "<" if head[5] == 1 else ">"
    table, size, count, bits = _header_table(head, order)
    if size < (56 if bits == 64 else 32):
        return [], order, bits
    stream.seek(table)
    data = stream.read(size * count)
    starts = range(0, len(data) - size + 1, size)
    return [_header(data, start, order, bits) for start in starts], order, bits


def _header_table(head: bytes, order: str) -> tuple:
    """Return offset, entry size, entry count and word size of the program header table."""
    if head[4] == 2:
        size, count = struct.unpack_from(order + "HH", head, 54)
        return struct.unpack_from(order + "Q", head, 32)[0], size or 56, count, 64
    size, count = struct.unpack_from(order + "HH", head, 42)
    return struct.unpack_from(order + "I", head, 28)[0], size or 32, count, 32


def _header(headers: bytes, start: int, order: str, bits: int) -> tuple:
    """Return type, file offset, file size and address of one program header."""
    if bits == 64:
        kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", headers, start)
    else:
        kind, offset, address, _, length = struct.unpack_from(order + "IIIII", headers, start)
    return kind, offset, length, address


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
