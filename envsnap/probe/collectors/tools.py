"""Programs beside Python that decide how a model is served: their versions, asked of them."""

import os
import re

from .. import children
from ..record import Record, reason

# Name -> arguments that make it say its version, and the version in what it says.
TOOLS = {
    "nvcc": (("--version",), re.compile(r"\bV(\d+\.\d+\.\d+)")),
    "tritonserver": (("--version",), re.compile(r"(\d+\.\d+\.\d+)")),
    "trtexec": (("--help",), re.compile(r"TensorRT[ .]v?(\d{4,6}|\d+\.\d+\.\d+)")),
    "gcc": (("-dumpfullversion",), re.compile(r"^(\d+(?:\.\d+)*)", re.MULTILINE)),
    "ffmpeg": (("-version",), re.compile(r"ffmpeg version (\S+)")),
}
FURTHER_FOLDERS = {
    "nvcc": ("/usr/local/cuda/bin", "/opt/cuda/bin"),
    "tritonserver": ("/opt/tritonserver/bin",),
    "trtexec": ("/usr/src/tensorrt/bin", "/opt/tensorrt/bin"),
}


def start() -> dict:
    """Start every tool that is here; they run while other collectors work."""
    started = {}  # type: dict
    for name, (arguments, _) in TOOLS.items():
        path = find(name)
        if path:
            try:
                started[name] = path, children.Child([path] + list(arguments))
            except OSError as error:
                started[name] = path, error
    return started


def find(name: str) -> str:
    """Return the absolute path of a tool on PATH or where its vendor puts it.

    Never one in the current folder.
    """
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    folders = [
        entry for entry in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)
    ]
    if home and name == "nvcc":
        folders.insert(0, os.path.join(home, "bin"))
    for folder in folders + list(FURTHER_FOLDERS.get(name, ())):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def collect(record: Record, started: dict, until: float) -> dict:
    """Fill the `tools` section; returns what each tool said."""
    entries = record.facts["entries"] = {}
    said = {}
    for name, (path, child) in sorted(started.items()):
        entries[name] = {"path": path}
        if isinstance(child, OSError):
            record.gap("%s.version" % name, reason(child))
        elif not child.wait(until):
            record.gap("%s.version" % name, "timeout: %s did not answer in time" % path)
        else:
            said[name] = bytes(child.stdout + child.stderr).decode("utf-8", "backslashreplace")
            match = TOOLS[name][1].search(said[name])
            if match:
                entries[name]["version"] = match.group(1)
            else:
                record.gap("%s.version" % name, "error: %s %s" % (path, child.describe_end()))
    return said
