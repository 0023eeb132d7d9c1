"""Reads which symbols an ELF file asks of others, and whether a library has them.

A library's symbols are looked up by its GNU hash table, as the loader does: a library of half a
gigabyte costs no more than the pages that are touched.
"""

import mmap
import struct

from ..record import open_regular
from . import elf

SYMBOLS, STRINGS, GNU_HASH = 6, 5, 0x6FFFFEF5
ENTRY = 24
GLOBAL = 1
MOST_UNDEFINED = 200000
LONGEST_NAME = 4096


class Library:
    """The dynamic symbols of one ELF file of 64 bits.

    Raises OSError for an unreadable file and ValueError for one that cannot be read so.
    """

    def __init__(self, path: str) -> None:
        with open_regular(path) as stream:
            headers, self._order, bits = elf._headers(stream, path)
            if bits != 64 or not headers:
                raise ValueError("no file of 64 bits: %s" % path)
            self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._loaded = [item for item in headers if item[0] == elf.LOADED_SEGMENT]
        tags = self.tags = self._tags(headers)
        missing = [tag for tag in (SYMBOLS, STRINGS, GNU_HASH) if tag not in tags]
        if missing:
            raise ValueError("no symbols to look up: %s" % path)
        self._symbols, self._strings = self.place(tags[SYMBOLS]), self.place(tags[STRINGS])
        table = self.place(tags[GNU_HASH])
        header = self.numbers("IIII", table)
        self._count, self._first, self._bloom_size, self._shift = header
        self._bloom = table + 16
        self._buckets = self._bloom + 8 * self._bloom_size
        self._chain = self._buckets + 4 * self._count

    def close(self) -> None:
        """Let the file go."""
        self._data.close()

    def undefined(self, starts: tuple) -> list:
        """Return the names that this file needs from others and that begin so; weak ones aside."""
        found = []
        for number in range(1, min(self._first, MOST_UNDEFINED)):
            name, info, _, section = self.numbers("IBBH", self._symbols + ENTRY * number)
            if section == 0 and info >> 4 == GLOBAL:
                start = self._strings + name
                if self._data[start : start + 16].startswith(starts):
                    found.append(self.name(start))
        return found

    def has(self, name: bytes, key: int) -> bool:
        """Whether this library defines a symbol; `key` is its `gnu_hash`."""
        if not self._count or not self._bloom_size:
            return False
        word = self.numbers("Q", self._bloom + 8 * (key // 64 % self._bloom_size))[0]
        if not (word >> (key % 64)) & (word >> ((key >> self._shift) % 64)) & 1:
            return False
        number = self.numbers("I", self._buckets + 4 * (key % self._count))[0]
        while number >= self._first:
            value = self.numbers("I", self._chain + 4 * (number - self._first))[0]
            if value | 1 == key | 1:
                place, _, _, section = self.numbers("IBBH", self._symbols + ENTRY * number)
                if section != 0 and self.name(self._strings + place) == name:
                    return True
            if value & 1:
                return False
            number += 1
        return False

    def _tags(self, headers: list) -> dict:
        for kind, offset, length, _ in headers:
            if kind == elf.DYNAMIC_SEGMENT and length <= elf.LARGEST_SEGMENT:
                data = self._data[offset : offset + length]
                whole = data[: len(data) // 16 * 16]  # a file may end inside of the table
                return dict(reversed(list(struct.iter_unpack(self._order + "QQ", whole))))
        return {}

    def place(self, address: int) -> int:
        """Return where in the file an address lies; raises ValueError where it does not."""
        for _, offset, length, start in self._loaded:
            place = offset + address - start
            if start <= address < start + length and place < len(self._data):
                return place
        raise ValueError("an address outside of the file")

    def numbers(self, shape: str, place: int) -> tuple:
        """Return numbers of this shape at a place; raises ValueError where the file ends."""
        try:
            return struct.unpack_from(self._order + shape, self._data, place)
        except struct.error as error:
            raise ValueError("damaged: %s" % error) from None

    def name(self, place: int) -> bytes:
        """Return the text at a place, up to its end."""
        end = self._data.find(b"\0", place, place + LONGEST_NAME)
        return self._data[place:end] if end >= 0 else b""


def gnu_hash(name: bytes) -> int:
    """Return the key under which the GNU hash table has a name."""
    found = 5381
    for letter in name:
        found = (found * 33 + letter) & 0xFFFFFFFF
    return found
