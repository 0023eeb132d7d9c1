"""What runs before, beside or instead of the installed distributions, by digest.

Distributions answer for their files with RECORD. These are the files for which nobody answers:
the interpreter, the standard library, what lies loose on `sys.path`, libraries that are loaded
into every program, and modules of the working folder that hide installed ones.
"""

import hashlib
import importlib.machinery
import os
import sys

from ..record import Record, hashed, read_bytes, read_text

CODE = (".py", ".so", ".pyd")
NOT_HASHED = "not asked: only `envsnap capture` without --no-import reads these files"
# Distributions pack these on their own: a Python is the same with and without them.
PARTS = frozenset((
    "distutils", "ensurepip", "idlelib", "lib2to3", "sitecustomize", "tkinter", "turtledemo",
    "venv", "_dbm", "_gdbm", "_tkinter",
))  # fmt: skip
LEFT_OUT = frozenset(("site-packages", "dist-packages", "__pycache__", "test", "tests"))
SITE = ("site-packages", "dist-packages")
MOST_BYTES = 64 << 20  # of loose packages, in all
MOST_NAMES = 2000
PRELOAD = "/etc/ld.so.preload"
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
BEGIN = b"-----BEGIN"


def collect(record: Record, sys_path: list, owned: dict, hashes: bool) -> None:
    """Add to the `python` section; `owned` has the names that RECORDs state, by folder."""
    record.learn("system_site_packages", _system_site_packages)
    record.learn("shadows", _shadows, sys_path)
    if not hashes:
        for key in ("interpreter", "library", "loose_modules"):
            record.gap(key, NOT_HASHED)
        return
    record.learn("interpreter", _interpreter)
    record.learn("library", _library)
    record.learn("loose_modules", _loose, sys_path, owned)


def collect_system(record: Record) -> None:
    """Add to the `system` section."""
    if not sys.platform.startswith("linux"):
        return
    record.learn("preload", _preload)
    record.learn("certificates", _certificates)


def _digest(path: str) -> str:
    return hashed(path, hashlib.sha256()).hexdigest()


def _interpreter() -> dict:
    """Digest the program that runs, and the library that is most of it in some builds."""
    own = "/proc/self/exe"
    found = {
        "executable": _digest(own if os.path.exists(own) else os.path.realpath(sys.executable))
    }
    if os.path.exists("/proc/self/maps"):
        for line in read_text("/proc/self/maps").splitlines():
            path = line[line.find("/") :]
            if os.path.basename(path).startswith("libpython") and path.startswith("/"):
                found["libpython"] = _digest(path)
                break
    return found


def _library() -> dict:
    """Digest the standard library: {"core": sha256}, and the parts that not every Python has."""
    root = os.path.dirname(os.__file__)
    digests = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in sorted(files):
            if not name.endswith(CODE):
                continue
            top = inside.split("/")[0]
            if top.startswith("config-"):  # for who builds Python's extensions; nothing imports it
                continue
            stem = name.partition(".")[0]
            part = top if top in PARTS else stem if stem in PARTS and top != stem else "core"
            if part not in digests:
                digests[part] = hashlib.sha256()
            line = "%s/%s %s\n" % (inside, name, _digest(os.path.join(folder, name)))
            digests[part].update(line.encode("utf-8", "surrogateescape"))
    return {part: digest.hexdigest() for part, digest in digests.items()}


def _loose(sys_path: list, owned: dict) -> dict:
    """Digest what can be imported, or runs at the start, and belongs to no distribution."""
    found, budget = {}, [MOST_BYTES]
    library = os.path.dirname(os.__file__)
    for folder in sys_path:
        if os.path.isfile(folder):  # an archive of modules
            found[os.path.basename(folder)] = _digest(folder)
            continue
        inside = os.path.realpath(folder).startswith(os.path.realpath(library))
        if inside and not folder.rstrip("/\\").endswith(SITE):
            continue
        for name in _names(folder):
            path = os.path.join(folder, name)
            if name in owned.get(folder, ()) or not _is_importable(path, name):
                continue
            if name not in found:
                found[name] = _tree(path, budget) if os.path.isdir(path) else _digest(path)
    return found


def _names(folder: str) -> list:
    try:
        return sorted(os.listdir(folder))[:MOST_NAMES]
    except OSError:
        return []


def _is_importable(path: str, name: str) -> bool:
    """Tell whether Python would import this, or run it at its start."""
    if name.endswith(CODE + (".pth",)):
        return os.path.isfile(path)
    return name.isidentifier() and name not in LEFT_OUT and _has_code(path)


def _has_code(path: str) -> bool:
    """Tell whether a folder is a package; one without __init__.py counts if it holds code."""
    try:
        return any(name.endswith(CODE) for name in os.listdir(path))
    except OSError:
        return False


def _tree(root: str, budget: list) -> str:
    """Digest the code of a loose package, within what is left of the budget."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            if not name.endswith(CODE):
                continue
            path = os.path.join(folder, name)
            budget[0] -= os.path.getsize(path)
            if budget[0] < 0:
                raise ValueError("more than %d MiB of loose packages" % (MOST_BYTES >> 20))
            line = "%s %s\n" % (os.path.relpath(path, root), _digest(path))
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _shadows(sys_path: list) -> dict:
    """Modules of the working folder that hide others from a program that is started there."""
    here = os.getcwd()
    places = [folder for folder in sys_path if os.path.realpath(folder) != os.path.realpath(here)]
    if len(places) != len(sys_path) or not places:
        return {}  # it is on the path itself: nothing more is hidden than the facts show
    known = set(getattr(sys, "stdlib_module_names", sys.builtin_module_names))
    for folder in places:
        known.update(name.partition(".")[0] for name in _names(folder))
    found = {}
    for name in _names(here):
        module = _module(name)
        path = os.path.join(here, name)
        whole = name.endswith(CODE) or os.path.isfile(os.path.join(path, "__init__.py"))
        if module in known and whole and _is_importable(path, name):
            found[module] = name
    return found


def _module(name: str) -> str:
    """The module that a file or a folder is: of gunicorn.conf.py none, of x.abi3.so x."""
    endings = sorted(importlib.machinery.all_suffixes(), key=len, reverse=True)
    ending = next((ending for ending in endings if name.endswith(ending)), "")
    return name[: len(name) - len(ending)]


def _system_site_packages() -> bool:
    """Tell whether a virtual environment sees the packages of the Python beneath it."""
    config = os.path.join(sys.prefix, "pyvenv.cfg")
    if not os.path.isfile(config):
        return False
    for line in read_text(config, 1 << 16).splitlines():
        key, _, value = line.partition("=")
        if key.strip().lower() == "include-system-site-packages":
            return value.strip().lower() == "true"
    return False


def _preload() -> dict:
    """Libraries that the loader puts into every program: {path: sha256}."""
    if not os.path.exists(PRELOAD):
        return {}
    found = {}
    for path in read_text(PRELOAD, 1 << 16).split("#")[0].replace(":", " ").split():
        try:
            found[path] = _digest(path)
        except OSError:
            found[path] = "cannot be read"
    return found


def _certificates() -> bool:
    """Tell whether the system has certificates by which a server can be trusted."""
    for path in BUNDLES:
        try:
            if BEGIN in read_bytes(path, 1 << 16):
                return True
        except OSError:
            continue
    return any(name.endswith((".pem", ".crt", ".0")) for name in _usable("/etc/ssl/certs"))


def _usable(folder: str) -> list:
    """Names whose files are there: a link of a removed package leads nowhere."""
    return [name for name in _names(folder) if os.path.exists(os.path.join(folder, name))]
