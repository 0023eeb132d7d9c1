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
MOST_NAMED = 50
BUNDLE, ENABLED = "/etc/ssl/certs/ca-certificates.crt", "/etc/ca-certificates.conf"
CERTIFICATES = ("/usr/share/ca-certificates", "/usr/local/share/ca-certificates")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", re.DOTALL)


def altered() -> list:
    """Return the files that are there and are not as dpkg states; empty where there is no dpkg."""
    stated = dpkg.digests()
    found = [path for path, digest in stated.items() if _is_other(path, digest)]
    if os.path.isfile(ENABLED) and _bundle() != _enabled():
        found.append(BUNDLE)
    return sorted(found)[:MOST_NAMED]


def unowned_libraries() -> dict:
    """Return {path: sha256} of libraries that the loader knows by name and no package brought.

    Python's own library is a fact already.
    """
    if not os.path.isdir(dpkg.INFO):
        return {}
    paths = {os.path.realpath(path) for path in loader.known()}
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


def _is_file(path: str) -> bool:
    return os.path.isfile(path) and not PASSED_OVER.match(path)


def _is_other(path: str, digest: str) -> bool:
    if PASSED_OVER.match(path) or os.path.islink(path):
        return False
    try:
        return hashed(path, hashlib.md5()).hexdigest() != digest  # noqa: S324 -- what dpkg keeps
    except OSError:
        return False  # images leave files out: what is needed and gone shows elsewhere


def _bundle() -> set:
    """The certificates that programs trust."""
    return _certificates(BUNDLE)


def _certificates(path: str) -> set:
    try:
        data = read_bytes(path)
    except OSError:
        return set()
    return {b"".join(text.split()) for text in CERTIFICATE.findall(data)}


def _enabled() -> set:
    """The certificates that the system's packages, or its owner, put there to be trusted."""
    found = set()
    for line in read_bytes(ENABLED).decode("utf-8", "replace").splitlines():
        if line.strip() and not line.startswith(("#", "!")):
            found |= _certificates(os.path.join(CERTIFICATES[0], line.strip()))
    for folder, _, files in os.walk(CERTIFICATES[1]):
        for name in files:
            if name.endswith(".crt"):
                found |= _certificates(os.path.join(folder, name))
    return found
