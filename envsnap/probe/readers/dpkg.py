"""Which packages of Debian's or Ubuntu's own package manager some files belong to.

dpkg's database is read as it lies on the disk: `dpkg-query -S` would read all of it, too, and
takes ten times as long.
"""

import os
import re

INFO, STATUS = "/var/lib/dpkg/info", "/var/lib/dpkg/status"
MOST_BYTES = 64 << 20
STANZA = re.compile(rb"(?:^|\n)Package: ([^\n]+)\n((?:[^\n]+\n)*)")
VERSION = re.compile(rb"(?:^|\n)Version: ([^\n]+)\n")
DIVERSIONS = "/var/lib/dpkg/diversions"
STEM = re.compile(r"(?:lib)?[a-zA-Z0-9_+]*")
USUAL_OWNERS = ("libc", "libgcc", "zlib1g", "libssl")  # of the loader, libm, libz, libcrypto
# Debian's policy (9.1.1, 9.1.2): packages keep to these folders, and /usr/local is the owner's.
OF_PACKAGES = re.compile(r"/(?:usr/(?!local/)|lib|bin/|sbin/|etc/|opt/|var/)")
CONFIGURATION = re.compile(rb"^ (/[^\n ]{1,500}) ([0-9a-f]{32})(?: [^\n]*)?$", re.MULTILINE)


def owners(paths: set) -> dict:
    """Return {path: package} for the files that a package owns; empty where there is no dpkg."""
    # All lists are read for one file that none of them has.
    paths = {path for path in paths if OF_PACKAGES.match(path)}
    if not paths or not os.path.isdir(INFO):
        return {}
    wanted = {}
    for path in paths:
        line = os.fsencode(path)
        wanted[line] = path
        if line.startswith(b"/usr/"):
            wanted[line[len(b"/usr") :]] = path  # listed where it was before the two were merged
    found, left = {}, set(paths)
    for name in sorted(os.listdir(INFO), key=_likely_first(paths)):
        if not name.endswith(".list"):
            continue
        if not left:
            break
        with open(os.path.join(INFO, name), "rb") as stream:
            data = stream.read(MOST_BYTES)
        if b".so" in data:
            lines = wanted.keys() & data.split(b"\n")
            here = {wanted[line] for line in lines} & left
            found.update((path, name[: -len(".list")].split(":")[0]) for path in here)
            left -= here
    return found


def _likely_first(paths: set):
    """Order lists of files: first those of packages that are named after one of these libraries."""
    names = [os.path.basename(path) for path in paths]
    stems = {STEM.match(name).group(0).replace("_", "-").lower() for name in names} - {""}
    starts = "|".join(re.escape(start) for start in sorted(stems.union(USUAL_OWNERS)))
    likely = re.compile("(?:%s)[0-9.:-]" % starts)  # not libmagic1 for libm

    def key(name: str) -> tuple:
        return likely.match(name) is None, name

    return key


def owners_of_metadata(paths: dict) -> dict:
    """Return {path: package} of metadata that the distribution's Python packages installed."""
    if not paths or not os.path.isdir(INFO):
        return {}
    wanted, found = {os.fsencode(path): path for path in paths}, {}
    for name in sorted(os.listdir(INFO)):
        if name.startswith("python3") and name.endswith(".list"):
            with open(os.path.join(INFO, name), "rb") as stream:
                data = stream.read(MOST_BYTES)
            for line in wanted.keys() & data.split(b"\n"):
                found[wanted[line]] = name[: -len(".list")].split(":")[0]
    return found


def versions(packages: set) -> dict:
    """Return {package: version} of installed packages."""
    if not packages:
        return {}
    with open(STATUS, "rb") as stream:
        data = stream.read(MOST_BYTES)
    found = {}
    for package, rest in STANZA.findall(data):
        version = VERSION.search(b"\n" + rest)
        name = package.decode("ascii", "replace")
        if name in packages and version:
            found[name] = version.group(1).decode("ascii", "replace")
    return found


def digests() -> dict:
    """Return {path: MD5} of the files that packages brought; empty where there is no dpkg."""
    if not os.path.isdir(INFO):
        return {}
    found = {}
    for name in sorted(os.listdir(INFO)):
        if name.endswith(".md5sums"):
            with open(os.path.join(INFO, name), "rb") as stream:
                for line in stream.read(MOST_BYTES).splitlines():
                    digest, _, path = line.partition(b"  ")
                    found["/" + os.fsdecode(path)] = digest.decode("ascii", "replace")
    with open(STATUS, "rb") as stream:
        for path, digest in CONFIGURATION.findall(stream.read(MOST_BYTES)):
            found[os.fsdecode(path)] = digest.decode("ascii")
    for path in _diverted():
        found.pop(path, None)
    return found


def _diverted() -> list:
    """Files in whose place another package, or the owner, put one on purpose."""
    try:
        with open(DIVERSIONS, "rb") as stream:
            lines = stream.read(MOST_BYTES).splitlines()
    except OSError:
        return []
    return [os.fsdecode(line) for line in lines if line.startswith(b"/")]


def files_under(folder: str) -> set:
    """Return the files below a folder that packages brought."""
    if not os.path.isdir(INFO):
        return set()
    start, found = os.fsencode(folder.rstrip("/") + "/"), set()
    for name in sorted(os.listdir(INFO)):
        if name.endswith(".list"):
            with open(os.path.join(INFO, name), "rb") as stream:
                data = stream.read(MOST_BYTES)
            if start in data:
                lines = data.split(b"\n")
                found.update(os.fsdecode(line) for line in lines if line.startswith(start))
    return found
