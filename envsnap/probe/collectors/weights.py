"""Weight files: SHA-256 and size of each, several at a time, and the tensors they hold.

Files are read in 1 MiB pieces through hashlib, which releases the interpreter's lock, so a
small pool of threads uses several cores. A file whose identity (device, inode, size, mtime,
ctime) the host already knows is not read at all.
"""

import hashlib
import os
import re
import threading
import time

from ..record import first_text, key_text, native, open_regular, reason, shown

LARGEST_POINTER = 1024
POINTER = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n(?:ext-\d-[^\n]{1,300}\n){0,9}"
    rb"oid sha256:([0-9a-f]{64})\r?\nsize (\d{1,18})\r?\n$"
)
# The hub's cache names repository and commit in its folders; a download states them in a file.
IN_THE_CACHE = re.compile(r"/models--([^/]{1,200})/snapshots/([0-9a-f]{40})/")
OF_A_DOWNLOAD = ".cache/huggingface/download"
MOST_FOLDERS_UP = 4
PIECE = 1 << 20
MOST_FILES = 20000
# What names the files that hold its values: ONNX's external data, an index of shards.
NAMES_OTHERS = (".onnx", ".json", ".xml")
LARGEST_LIST = 1 << 26
# A file changed this recently could change again within one tick of its time stamps.
UNSETTLED_SECONDS = 2.0
# Damage that may be the reader's, not the file's.
TRANSIENT = ("error: MemoryError", "error: RecursionError", "error: OSError", "denied")


class Hashing:
    """Hashes the weight files of one capture and reports how far it is."""

    def __init__(self, named: list, known: dict, report) -> None:
        """Take what to hash, what is known, and whom to tell.

        `named` holds (name, path) pairs, `known` maps identities to earlier results, and
        `report(done, total)` is told about progress in bytes.
        """
        self.entries, self.gaps, self.fresh = {}, {}, {}
        self._known, self._report = known, report
        self._lock = threading.Lock()
        self._done = self._total = 0
        self._work, self._files = [], {}
        for name, path in named:
            self._add(name, native(path))

    def _add(self, name: str, path: str) -> None:
        try:
            files = _files(name, path)
        except OSError as error:
            self.gaps[key_text(name)] = reason(error)
            return
        if not files:
            self.gaps[key_text(name)] = "absent: %s holds no files" % path
        for key, file in files:
            self._add_file(key, file)

    def _add_file(self, key: str, file: str) -> None:
        self.entries[key], self._files[key] = {"path": shown(file)}, file
        resolved = os.path.realpath(file)
        if resolved != os.path.abspath(file):
            self.entries[key]["resolved"] = shown(resolved)
        self.entries[key].update(_of_the_hub(os.path.abspath(file)))
        try:
            facts = os.stat(file)
        except OSError as error:
            self.gaps[key_text(key) + ".sha256"] = reason(error)
            return
        earlier = self._known.get(identity(facts))
        if earlier is not None:
            self.entries[key].update(earlier)
            return
        self._total += facts.st_size
        self._work.append((facts.st_size, key, file))

    def run(self) -> None:
        """Read every file that is not known yet."""
        self._work.sort()
        self._report(0, self._total)
        threads = [
            threading.Thread(target=self._drain, daemon=True)
            for _ in range(min(len(self._work), max(2, min(8, os.cpu_count() or 2))))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._report(self._done, self._total)
        self._compare_shards()

    def _compare_shards(self) -> None:
        """Hold indexes against the shards beside them, when all are known."""
        from ..readers import shards

        by_path = {file: self.entries[key] for key, file in self._files.items()}
        for key, file in self._files.items():
            if not file.endswith(shards.ENDING) or "sha256" not in self.entries[key]:
                continue
            try:
                wrong = shards.damage(file, by_path)
            except (OSError, ValueError) as error:
                wrong = reason(error)
            if wrong:
                self.entries[key]["damage"] = wrong

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._work:
                    return
                _, key, file = self._work.pop()
            try:
                self._read(key, file)
            except (OSError, ValueError) as error:
                self.gaps[key_text(key) + ".sha256"] = reason(error)

    def _read(self, key: str, file: str) -> None:
        facts, found = self._digest(file)
        from ..readers import tensors

        pointed = _pointed(file, found["size"])
        try:
            found.update(pointed or tensors.describe(file, found["size"]))
        except Exception as error:  # a damaged file is an entry with a defect, not a crash
            found["damage"] = reason(error)
        self.entries[key].update(found)
        settled = time.time() - max(facts.st_mtime, facts.st_ctime) > UNSETTLED_SECONDS
        lasting = not found.get("damage", "").startswith(TRANSIENT)
        if settled and lasting:
            self.fresh[identity(facts)] = found

    def _digest(self, file: str) -> tuple:
        """Return the file's stat and {sha256, size}; raises ValueError if it changes meanwhile."""
        digest = hashlib.sha256()
        with open_regular(file) as stream:
            before = os.fstat(stream.fileno())
            buffer = memoryview(bytearray(PIECE))
            left = before.st_size
            while True:
                count = stream.readinto(buffer)
                if not count:
                    break
                left -= count
                if left < 0:  # /proc/self/pagemap has no size and no end
                    raise ValueError("the file holds more than its size says")
                digest.update(buffer[:count])
                self._advance(count)
            after = os.fstat(stream.fileno())
        if identity(before) != identity(after):
            raise ValueError("the file changed while it was read")
        return before, {"sha256": digest.hexdigest(), "size": before.st_size}

    def _advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            done = self._done
        if done % (16 * PIECE) < count:
            self._report(done, self._total)


def _pointed(file: str, size: int) -> dict:
    """What a Git LFS pointer says of the file in whose place it lies; empty for anything else."""
    if size > LARGEST_POINTER:
        return {}
    with open_regular(file) as stream:
        match = POINTER.match(stream.read(LARGEST_POINTER))
    if match is None:
        return {}
    return {
        "sha256": match.group(1).decode(),
        "size": int(match.group(2)),
        "pointer": "git-lfs",
        "damage": "a Git LFS pointer, not the file",
    }


def _of_the_hub(file: str) -> dict:
    """The hub's repository and the commit that a file is of, where its place or a note tells."""
    match = IN_THE_CACHE.search(shown(file))
    if match:
        return {"repository": match.group(1).replace("--", "/"), "revision": match.group(2)}
    folder, name = os.path.split(file)
    for _ in range(MOST_FOLDERS_UP):
        note = first_text(os.path.join(folder, OF_A_DOWNLOAD, name + ".metadata"))
        if note and re.match(r"[0-9a-f]{40}\s", note + "\n"):
            return {"revision": note[:40]}
        folder, above = os.path.split(folder)
        name = os.path.join(above, name)
    return {}


def identity(facts) -> str:
    """What tells two states of a file apart without reading it."""
    numbers = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    return ":".join(str(number) for number in numbers)


def _files(name: str, path: str) -> list:
    """Return (key, path) of a file, or of every file below a folder."""
    if not os.path.isdir(path):
        open_regular(path).close()
        return [(name, path), *_named_in(name, path)]
    found = []
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(item for item in folders if not item.startswith("."))
        for item in sorted(names):
            file = os.path.join(folder, item)
            if item.startswith("."):
                continue
            relative = os.path.relpath(file, path).replace(os.sep, "/")
            found.append(("%s/%s" % (name, shown(relative)), file))
            if len(found) > MOST_FILES:
                raise OSError("more than %d files below %s" % (MOST_FILES, path))
    return found


def _named_in(name: str, path: str) -> list:
    """Return (key, path) of the files beside one that names them, or whose names continue its."""
    if not path.endswith(NAMES_OTHERS) or os.path.getsize(path) > LARGEST_LIST:
        return []
    with open_regular(path) as stream:
        text = stream.read()
    folder, own = os.path.split(path)
    found = []
    for item in sorted(os.listdir(folder or ".")):
        file = os.path.join(folder, item)
        if len(item) < 5 or item == own or item.endswith(".py") or not os.path.isfile(file):
            continue
        if os.fsencode(item) in text or item.startswith(own) or item == own[:-3] + "bin":
            found.append(("%s/%s" % (name, shown(item)), file))
    return found[:MOST_FILES]
