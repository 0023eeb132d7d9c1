"""The folders and variables of one trial: copies of the user's, and a home of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from envsnap.bisection.files import File
from envsnap.errors import InputError

FICLONE = 0x40049409  # ioctl_ficlonerange(2): share the blocks until one side is written
MOST_BYTES, MOST_FILES = 2 << 30, 100_000
SCRIPT_BYTES, SCRIPT_FILES = 200 << 20, 2_000
SCRIPTS = (".py", ".sh", ".pl", ".js", ".R")
# Variables that name a folder of the trial, and the folder.
HOMES = {
    "HOME": "home",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "run",
    "HF_HOME": "home/.cache/huggingface",
    "TORCH_HOME": "home/.cache/torch",
    "TMPDIR": "tmp",
    "TMP": "tmp",
    "TEMP": "tmp",
}


class Copied(Struct, frozen=True, kw_only=True):
    """A folder of the user's that every trial has a copy of, under `name`."""

    original: str
    name: str


class Layout:
    """Which folders a command needs, and where its files are.

    `notes` says what is shared with the trials all the same.
    """

    def __init__(
        self, command: Sequence[str], folder: str, files: Sequence[File], *, in_place: bool
    ) -> None:
        self.command, self.folder = list(command), os.path.realpath(folder)
        self.files, self.notes = list(files), list[str]()
        self.copied: list[Copied] = []
        if in_place:
            self.notes.append(f"every trial ran in {self.folder} itself (--in-place)")
        else:
            self._copy_folder()
            self._copy_script()

    def _copy_folder(self) -> None:
        if not _small(self.folder, MOST_BYTES, MOST_FILES):
            raise InputError(
                f"{self.folder}: holds more than {MOST_BYTES >> 30} GiB or {MOST_FILES:,} files, and"
                " every trial gets a copy of it; run the command from a smaller folder, or use"
                " --in-place"
            )
        self.copied.append(Copied(original=self.folder, name="work"))
        versions = [version for file in self.files for version in (file.good, file.bad)]
        given = {os.path.join(self.folder, version.path) for version in versions}
        outside = sorted(
            leads_to
            for link, leads_to in links(self.folder)
            if link not in given and not _is_within(leads_to, self.folder)
        )
        if outside:
            more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
            self.notes.append(
                f"every trial shared {outside[0]}{more}, to which a link leads: what it writes there stays"
            )

    def _copy_script(self) -> None:
        """The folder of a script that lies elsewhere: it reads, and may write, beside itself."""
        for word in self.command[1:]:
            path = os.path.realpath(os.path.join(self.folder, word))
            if not word.endswith(SCRIPTS) or not os.path.isfile(path):
                continue
            folder = os.path.dirname(path)
            if self._inside(path) is not None:
                return
            if _small(folder, SCRIPT_BYTES, SCRIPT_FILES):
                self.copied.append(Copied(original=folder, name="script"))
            else:
                self.notes.append(f"every trial read {folder} itself: it is too large to copy")
            return

    def _inside(self, path: str) -> str | None:
        """Where a path lies in a trial's folder, if a copied folder holds it."""
        for copied in self.copied:
            if _is_within(path, copied.original):
                inner = os.path.relpath(path, copied.original)
                return copied.name if inner == os.curdir else os.path.join(copied.name, inner)
        return None

    def prepare(self, trial: str, contents: Mapping[str, bytes | str]) -> Prepared:
        """Make a trial's folder; `contents` are files' bytes, or paths to copy, by name."""
        for name in dict.fromkeys(HOMES.values()):
            os.makedirs(os.path.join(trial, name), mode=0o700, exist_ok=True)
        for copied in self.copied:
            copy_tree(copied.original, os.path.join(trial, copied.name))
        moved: dict[str, str] = {}
        places: dict[str, list[str]] = {}
        for file in self.files:
            for place in self._place(file, trial, moved):
                _put(place, contents[file.name])
                places.setdefault(file.name, []).append(place)
        return Prepared(self, trial, moved, places)

    def _place(self, file: File, trial: str, moved: dict[str, str]) -> Iterator[str]:
        """Every place in a trial where the command may look for a file."""
        outside: str | None = None
        for version in (file.good, file.bad):
            for path in dict.fromkeys((version.path, os.path.realpath(version.path))):
                inside = self._inside(path)
                if inside is not None:
                    moved[path] = os.path.join(trial, inside)
                    yield moved[path]
                else:
                    outside = outside or os.path.join(
                        trial, "files", file.name.replace("/", "_"), os.path.basename(path)
                    )
                    moved[path] = outside
        if outside is not None:
            yield outside

    def reaches(self, file: File, variables: Sequence[str]) -> bool:
        """Whether the command can see a file: in its folder, its words or its variables."""
        paths = {
            path
            for version in (file.good, file.bad)
            for path in (version.path, os.path.realpath(version.path))
        }
        if any(self._inside(path) is not None for path in paths):
            return True
        words = [
            part for word in (*self.command, *variables) for part in (word, word.partition("=")[2])
        ]
        return any(
            os.path.abspath(os.path.join(self.folder, word)) in paths for word in words if word
        )


class Prepared:
    """A trial's folder, ready to run in."""

    def __init__(
        self,
        layout: Layout,
        trial: str,
        moved: Mapping[str, str],
        places: Mapping[str, Sequence[str]],
    ) -> None:
        self._layout, self._trial, self._moved = layout, trial, moved
        self.places = places  # of each file, where the command may look for it
        self.folder = os.path.join(trial, "work") if layout.copied else layout.folder
        if not any(copied.name == "work" for copied in layout.copied):
            self.folder = layout.folder
        self.homes = {name: os.path.join(trial, inner) for name, inner in HOMES.items()}

    def word(self, word: str) -> str:
        """A word of the command, or the value of a variable, with paths of the trial in it."""
        head, equals, tail = word.partition("=")
        if equals and head.startswith("-"):
            return f"{head}={self.word(tail)}"
        several = ":" in word and not os.path.exists(word)
        found = ":".join(map(self._path, word.split(":"))) if several else self._path(word)
        if found != word:
            return found
        for copied in self._layout.copied:  # a script of a shell names folders amid its text
            place = os.path.join(self._trial, copied.name)
            pattern = rf"(?<![\w./-]){re.escape(copied.original)}(?=[/\s'\":;,)]|$)"
            word = re.sub(pattern, lambda _, place=place: place, word)  # type: ignore[misc]
        return word

    def _path(self, word: str) -> str:
        layout = self._layout
        if not word:
            return word
        path = os.path.abspath(os.path.join(layout.folder, word))
        for place in (path, os.path.realpath(path)):
            if place in self._moved and (os.sep in word or os.path.exists(place)):
                return self._moved[place]
        if not os.path.isabs(word) and not word.startswith(".."):
            return word  # it is looked for in the trial's folder already
        inside = layout._inside(path) or layout._inside(os.path.realpath(path))  # noqa: SLF001
        return os.path.join(self._trial, inside) if inside is not None else word


def _put(place: str, content: bytes | str) -> None:
    """Write a file of a trial: its bytes, or a copy of another file."""
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)  # it may be a link to the user's own
    if isinstance(content, bytes):
        with open(place, "wb") as stream:
            stream.write(content)
    else:
        copy_file(content, place)


def _small(folder: str, most_bytes: int, most_files: int) -> bool:
    size = 0
    for files, entry in enumerate(_entries(folder), 1):
        with contextlib.suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
        if files > most_files or size > most_bytes:
            return False
    return True


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry
            elif not _is_environment(entry.path):
                waiting.append(entry.path)


def _is_environment(folder: str) -> bool:
    """Virtual environments are what a trial replaces; they are not copied."""
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def copy_tree(source: str, target: str) -> None:
    """Copy a folder; links stay links, and what is neither file nor folder is left out."""
    seen: list[str] = []

    def left_out(folder: str, names: list[str]) -> list[str]:
        paths = {name: os.path.join(folder, name) for name in names}
        seen.extend(path for path in paths.values() if os.path.islink(path))
        return [name for name, path in paths.items() if _left_out(path)]

    try:
        shutil.copytree(
            source, target, symlinks=True, ignore=left_out, copy_function=copy_file,
            ignore_dangling_symlinks=True,
        )  # fmt: skip
        _mend_links(seen, source, target)
    except shutil.Error as error:
        told = error.args[0][0] if error.args and error.args[0] else ("", "", "")
        raise InputError(f"{told[0]}: cannot be copied for a trial: {told[2]}") from None


def _mend_links(seen: Iterable[str], source: str, target: str) -> None:
    """Let links lead into the copy where they led into the folder, else to where they led.

    Else a trial would write through an absolute link into the user's own folder.
    """
    for link, leads_to in _leading(seen):
        place = os.path.join(target, os.path.relpath(link, source))
        if _is_within(leads_to, source):
            there = os.path.join(target, os.path.relpath(leads_to, source))
            wanted = os.path.relpath(there, os.path.dirname(place))
        else:
            wanted = leads_to
        if os.path.islink(place) and os.readlink(place) != wanted:
            os.unlink(place)
            os.symlink(wanted, place)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def links(folder: str) -> Iterator[tuple[str, str]]:
    """The symbolic links of a folder that is copied, and where each leads."""
    return _leading(entry.path for entry in _entries(folder) if entry.is_symlink())


def _leading(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Links, and where each leads; one that leads nowhere is no link to mend."""
    return ((path, os.path.realpath(path)) for path in paths if os.path.exists(path))


def _left_out(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return True
    if stat.S_ISDIR(mode):
        return _is_environment(path)
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def copy_file(source: str, target: str) -> str:
    """Copy a file, sharing its blocks where the file system can."""
    try:
        import fcntl

        with open(source, "rb") as reading, open(target, "wb") as writing:
            fcntl.ioctl(writing.fileno(), FICLONE, reading.fileno())
        shutil.copystat(source, target)
    except (ImportError, OSError):
        shutil.copy2(source, target)
    with contextlib.suppress(OSError):
        os.chmod(target, os.stat(target).st_mode | stat.S_IWUSR)
    return target
