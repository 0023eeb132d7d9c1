"""Files of the system that are not as its package manager states, and libraries of nobody.

dpkg keeps an MD5 of every file that it unpacked. It guards against accidents and edits, not
against somebody who edits dpkg's lists as well. On request only: it reads all of these files.
"""

import hashlib
import os
import re

from ..readers import dpkg, loader
from ..record import hashed, read_bytes

# Nothing that runs reads these; images leave them out.
PASSED_OVER = re.compile(
    r"/usr/(?:share/(?:doc|man|info|locale|lintian|linda|groff|bug)|include|src)/|/boot/"
    r"|(?:/usr)?/lib/(?:modules|firmware)/"
)
LIBRARY = re.compile(r"^(?:/usr)?/lib[^/]*/.*\.so(?:\.[0-9]+)*$")
# What the C library, OpenSSL and OpenCL's loader take from a folder, without being asked for it.
TAKEN = re.compile(r".+\.so(?:\.[0-9]+)*$|gconv-modules(?:\.conf)?$|.+\.icd$")
FLAT, VENDORS = ("/lib", "/usr/lib"), "/etc/OpenCL/vendors"
MOUNTS = "/proc/self/mountinfo"
MOST_NAMED = 50
SHIPPED, LOCAL = "/usr/share/ca-certificates/", "/usr/local/share/ca-certificates"
TRUSTED, BUNDLE = "/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt"
BY_HASH = re.compile(r"[0-9a-f]{8}\.[0-9]{1,3}$")  # as OpenSSL looks for an issuer
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", re.DOTALL)


def altered() -> list:
    """Return the files that are not as dpkg states, and libraries that are gone; empty without dpkg."""
    stated = dpkg.digests()
    found = [path for path, digest in stated.items() if _is_other(path, digest)]
    found += _trusted(path for path in stated if path.startswith(SHIPPED))
    return sorted(set(found))[:MOST_NAMED]


def unowned_libraries() -> dict:
    """Return {path: sha256} of libraries that are found by name or folder, and no package brought.

    Python's own library is a fact already. A file that is mounted by itself is the host's: so the
    driver's libraries get into a container (NVIDIA's container toolkit).
    """
    if not os.path.isdir(dpkg.INFO):
        return {}
    paths = {os.path.realpath(path) for path in loader.known()}.union(_lying()) - _mounted()
    owned = dpkg.owners(paths)
    left = sorted(
        path
        for path in paths
        if path not in owned and not os.path.basename(path).startswith("libpython")
    )
    return {
        path: hashed(path, hashlib.sha256()).hexdigest()
        for path in left[:MOST_NAMED]
        if _is_file(path)
    }


def _lying() -> set:
    """The system's libraries and modules, where they are found without a list of them."""
    found = set()
    for start in set(loader.DEFAULT_FOLDERS[:-1]).union([VENDORS]):
        for folder, below, names in os.walk(start):
            if start in FLAT:
                del below[:]  # Python's, Java's and others' own
            is_list = folder.endswith("/gconv-modules.d")
            found.update(
                os.path.realpath(os.path.join(folder, name))
                for name in names
                if is_list or TAKEN.match(name)
            )
    return found


def _mounted() -> set:
    try:
        lines = read_bytes(MOUNTS).decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return set()
    return {line.split(" ")[4] for line in lines if line.count(" ") > 4}


def _is_file(path: str) -> bool:
    return os.path.isfile(path) and not PASSED_OVER.match(path)


def _is_other(path: str, digest: str) -> bool:
    if PASSED_OVER.match(path) or os.path.islink(path):
        return False
    try:
        return hashed(path, hashlib.md5()).hexdigest() != digest  # noqa: S324 -- what dpkg keeps
    except OSError:
        return LIBRARY.search(path) is not None  # images leave other files out


def _certificates(path: str) -> set:
    try:
        data = read_bytes(path)
    except OSError:
        return set()
    return {b"".join(text.split()) for text in CERTIFICATE.findall(data)}


def _trusted(shipped) -> list:
    """Return where the certificates that are trusted are not all those that were shipped.

    They are a set, in one file and by the hash of their names; none is left out, and none of
    somebody else's is among them.
    """
    wanted = {path: _certificates(path) for path in shipped if path.endswith(".crt")}
    if not wanted:
        return []
    every = set().union(*wanted.values())
    by_hash = [os.path.join(TRUSTED, name) for name in os.listdir(TRUSTED) if BY_HASH.match(name)]
    found = [path for path, held in wanted.items() if not held]
    found += [os.path.join(folder, name) for folder, _, names in os.walk(LOCAL) for name in names]
    found += [path for path in by_hash if not _certificates(path) <= every]
    if not every <= set().union(*map(_certificates, by_hash)):
        found.append(TRUSTED)
    return found + [BUNDLE] * (_certificates(BUNDLE) != every)
