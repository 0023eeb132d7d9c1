"""Which versions of the C and C++ libraries an ELF file needs, by the name of each library.

A file says so in its table of needed versions (.gnu.version_r): GLIBC_2.34 of libc.so.6, and so
on. The loader refuses a file that needs a version that a library does not define.
"""

import re

from .symbols import STRINGS, Library

NEEDED, NEEDED_COUNT = 0x6FFFFFFE, 0x6FFFFFFF
MOST_LIBRARIES, MOST_VERSIONS = 200, 400
KINDS = ("GLIBC", "GLIBCXX", "CXXABI")
NUMBERED = re.compile(r"^(GLIBC|GLIBCXX|CXXABI)_(\d+(?:\.\d+){0,3})$")


def newest(path: str) -> dict:
    """Return {GLIBC: (2, 34), and so on}: the newest version of each kind that a file needs.

    Raises OSError for an unreadable file and ValueError for one that cannot be read so.
    """
    found = {}
    for names in needed(path).values():
        for name in names:
            match = NUMBERED.match(name)
            if match:
                version = tuple(int(part) for part in match.group(2).split("."))
                found[match.group(1)] = max(found.get(match.group(1), version), version)
    return found


def needed(path: str) -> dict:
    """Return {library: versions} of an ELF file of 64 bits; empty where it needs none."""
    library = Library(path)
    try:
        return _needed(library)
    finally:
        library.close()


def _needed(library) -> dict:
    tags = library.tags
    if NEEDED not in tags:
        return {}
    strings, place = library.place(tags[STRINGS]), library.place(tags[NEEDED])
    found = {}
    for _ in range(min(tags.get(NEEDED_COUNT, 0), MOST_LIBRARIES)):
        _, count, file, first, following = library.numbers("HHIII", place)
        names = found.setdefault(_text(library, strings + file), [])
        entry = place + first
        for _ in range(min(count, MOST_VERSIONS)):
            _, flags, _, name, step = library.numbers("IHHII", entry)
            if not flags & 2:  # a weak one is only wished for
                names.append(_text(library, strings + name))
            if not step:
                break
            entry += step
        if not following:
            break
        place += following
    return found


def _text(library, place: int) -> str:
    return library.name(place).decode("ascii", "replace")
