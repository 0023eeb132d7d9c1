"""The interpreter: version, build, where it lives, and the files that run before any program."""

import hashlib
import os
import platform
import sys

from ..record import Record, read_bytes, read_text
from ..secrets import REDACTED, clean_value

LARGEST_STARTUP_FILE = 1 << 20


def collect(record: Record, sys_path: list) -> None:
    """Fill the `python` section. `sys_path` is the path a user's program would see."""
    record.learn("version", platform.python_version)
    record.learn("implementation", platform.python_implementation)
    record.learn("build", lambda: " ".join(platform.python_build()))
    record.learn("compiler", platform.python_compiler)
    record.facts["executable"] = sys.executable
    record.facts["prefix"] = sys.prefix
    record.facts["base_prefix"] = getattr(sys, "base_prefix", sys.prefix)
    record.learn("environment", _environment)
    record.learn("platform", _platform)
    record.learn_present("soabi", _soabi)
    record.facts["bits"] = 64 if sys.maxsize > 2**32 else 32
    record.facts["debug"] = hasattr(sys, "gettotalrefcount")
    record.facts["gil"] = getattr(sys, "_is_gil_enabled", lambda: True)()
    record.facts["optimize"] = sys.flags.optimize
    record.facts["utf8_mode"] = bool(getattr(sys.flags, "utf8_mode", 0))
    record.facts["sys_path"] = sys_path
    record.learn("path_files", _path_files, sys_path)
    record.learn("startup_code", _startup_code, sys_path)


def _platform() -> str:
    """What sysconfig calls this platform; its import is not worth the time on Linux."""
    if sys.platform.startswith("linux"):
        return "linux-" + platform.machine()
    import sysconfig

    return sysconfig.get_platform()


def _soabi() -> str:
    """The ABI tag in the names of extension modules: .cpython-311-x86_64-linux-gnu.so."""
    from importlib import machinery

    parts = machinery.EXTENSION_SUFFIXES[0].split(".")
    return parts[1] if len(parts) > 2 else None


def _environment() -> str:
    if sys.prefix != getattr(sys, "base_prefix", sys.prefix) or hasattr(sys, "real_prefix"):
        return "venv"
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    return "system"


def _path_files(sys_path: list) -> dict:
    """The .pth files that add folders to sys.path: {name: [lines]}."""
    return {
        name: [clean_value(line) or REDACTED for line in lines if not _runs_code(line)]
        for name, lines in _pth_files(sys_path)
        if any(not _runs_code(line) for line in lines)
    }


def _startup_code(sys_path: list) -> dict:
    """What runs at every start of this Python: {file name: sha256}."""
    found = {}
    for name, lines in _pth_files(sys_path):
        code = "\n".join(line for line in lines if _runs_code(line))
        if code:
            found[name] = hashlib.sha256(code.encode("utf-8", "backslashreplace")).hexdigest()
    for name in ("sitecustomize", "usercustomize"):
        path = getattr(sys.modules.get(name), "__file__", None)
        if path:
            data = read_bytes(path, LARGEST_STARTUP_FILE)
            found[name + ".py"] = hashlib.sha256(data).hexdigest()
    return found


def _runs_code(line: str) -> bool:
    return line.startswith(("import ", "import\t"))


def _pth_files(sys_path: list) -> list:
    """Return (name, meaningful lines) of every .pth file in the site folders of sys.path."""
    found = []
    for folder in sys_path:
        if not folder.rstrip("/\\").endswith(("site-packages", "dist-packages")):
            continue
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".pth"))
        except OSError:
            continue
        for name in names:
            try:
                text = read_text(os.path.join(folder, name))
            except OSError:
                continue
            lines = [line.rstrip() for line in text.splitlines()]
            found.append((name, [line for line in lines if line and not line.startswith("#")]))
    return found
