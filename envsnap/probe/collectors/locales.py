"""The locales that the C library has, read from its files instead of asking `locale -a`."""

import os
import struct

FOLDER = "/usr/lib/locale"
# glibc's locale/locarchive.h: a header of 14 words, then a table of names.
MAGIC = 0xDE020109
HEADER = struct.Struct("=14I")
NAME_ENTRY = struct.Struct("=3I")
LARGEST_ARCHIVE = 1 << 30
LONGEST_NAME = 255
MOST_LOCALES = 3000
COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
# What every glibc has without a file.
BUILT_IN = ("C", "POSIX")


def coerced() -> bool:
    """Tell whether Python itself set LC_CTYPE, as it does where no locale is named (PEP 538)."""
    if os.environ.get("LC_CTYPE") not in COERCED:
        return False
    try:
        with open("/proc/self/environ", "rb") as stream:
            return b"\0LC_CTYPE=" not in b"\0" + stream.read()
    except OSError:
        return False


def installed(folder: str = FOLDER) -> list:
    """Return the names of the installed locales, sorted, aliases of locale.alias left out.

    Raises OSError where an archive cannot be read and ValueError where it is damaged.
    """
    found = set(BUILT_IN)
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    for name in names:
        if os.path.exists(os.path.join(folder, name, "LC_IDENTIFICATION")):
            found.add(name)
    if "locale-archive" in names:
        found.update(_in_archive(os.path.join(folder, "locale-archive")))
    if len(found) > MOST_LOCALES:
        raise ValueError("more than %d locales" % MOST_LOCALES)
    return sorted(found)


def _in_archive(path: str) -> set:
    """The names in locale-archive; of a file that can be 200 MiB long two parts are read."""
    with open(path, "rb") as stream:
        head = stream.read(HEADER.size)
        words = HEADER.unpack(head) if len(head) == HEADER.size else (0,) * 14
        magic, _, table, _, size, strings, used = words[:7]
        largest = os.fstat(stream.fileno()).st_size
        if magic != MAGIC or table + size * NAME_ENTRY.size > min(largest, LARGEST_ARCHIVE):
            raise ValueError("not a locale archive of glibc: %s" % path)
        stream.seek(table)
        entries = list(NAME_ENTRY.iter_unpack(stream.read(size * NAME_ENTRY.size)))
        stream.seek(strings)
        text = stream.read(min(used, largest))
    found = set()
    for _, offset, locale in entries:
        start = offset - strings
        if locale and 0 <= start < len(text):  # an entry without a locale is a free place
            name = text[start : start + LONGEST_NAME].split(b"\0", 1)[0]
            found.add(name.decode("ascii", "backslashreplace"))
    return found


def of_this_system() -> list:
    """The locales that programs of this environment can name."""
    folders = os.environ.get("LOCPATH")
    if folders:
        return sorted(
            {name for folder in folders.split(":") if folder for name in installed(folder)}
        )
    return installed()
