"""Where the script is: the line that called, its lines' digests, and what an exception says."""

from __future__ import annotations

import opcode
import os
import re
import sys
import zlib
from typing import Any

LIBRARY = (
    f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", "<frozen", "<string>",
    f"{os.sep}lib{os.sep}python",
)  # fmt: skip
OURS = os.path.abspath(__file__).rsplit(os.sep, 4)[0] + os.sep  # the package that this is in
# Where torch itself calls a model, to turn it into a graph and to check that.
CONVERTING = tuple(
    f"{os.sep}torch{os.sep}{part}"
    for part in (f"jit{os.sep}_trace.py", f"export{os.sep}", f"_export{os.sep}", f"onnx{os.sep}")
)
DEEPEST = 80
STORES = "STORE_FAST", "STORE_NAME", "STORE_GLOBAL"
MOST_FILES, MOST_LINES, LARGEST = 40, 20_000, 2 << 20
MOST_OF_ONE = 12  # modules of an installed distribution that is looked into
IMPORTS = re.compile(rb"(?m)^[ \t]{0,40}(?:from|import)[ \t]{1,9}([A-Za-z_]\w{0,80})")
INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


def is_own(path: str) -> bool:
    """Whether a file is the script's, not a library's or ours."""
    return not (path.startswith(OURS) or any(part in path for part in LIBRARY))


def _nearest(depth: int) -> Any:
    """The frame of the script below which this runs; None: there is none."""
    frame: Any = sys._getframe(depth)
    for _ in range(DEEPEST):
        if frame is None:
            return None
        path = frame.f_code.co_filename
        if is_own(path) and not path.startswith("<"):
            return frame
        frame = frame.f_back
    return None


def caller(depth: int = 1) -> str:
    """The nearest line of the script below which this runs, as `file.py:12`."""
    frame = _nearest(depth + 1)
    return "" if frame is None else f"{shown(frame.f_code.co_filename)}:{frame.f_lineno}"


def unused(depth: int = 1) -> bool:
    """Whether the script drops what its nearest line's call gives, as that of a warm-up.

    The byte code says so: what follows the call throws its result away, or names it `_`.
    """
    frame = _nearest(depth + 1)
    if frame is None:
        return False
    code, at = frame.f_code.co_code, frame.f_lasti + 2
    while at < len(code) and opcode.opname[code[at]] in ("CACHE", "<0>", "EXTENDED_ARG"):
        at += 2
    following = opcode.opname[code[at]] if at < len(code) else ""
    return following == "POP_TOP" or (following in STORES and _stored(frame, following, at) == "_")


def _stored(frame: Any, following: str, at: int) -> str:
    """The name that an instruction stores under; empty: it is one of many."""
    code, place = frame.f_code, frame.f_code.co_code[at + 1]
    names = code.co_varnames if following == "STORE_FAST" else code.co_names
    return str(names[place]) if place < len(names) else ""


def converting(depth: int = 1) -> bool:
    """Whether a model is called by what traces or exports it, also through its own forward."""
    frame: Any = sys._getframe(depth)
    for _ in range(DEEPEST):
        if frame is None:
            return False
        path = frame.f_code.co_filename
        if any(part in path for part in CONVERTING):
            return True
        frame = frame.f_back
    return False


def owner(module: Any, depth: int = 1) -> Any:
    """The module, one of whose methods calls a module that is part of it; None: there is none."""
    frame: Any = sys._getframe(depth)
    for _ in range(DEEPEST):
        if frame is None:
            return None
        outer = frame.f_locals.get("self")
        parts = getattr(outer, "_modules", None)
        is_outer = isinstance(parts, dict) and outer is not module
        if is_outer and any(item is module for item in outer.modules()):
            return outer
        frame = frame.f_back
    return None


def shown(path: str) -> str:
    """A file by its way from the working folder, from where it is imported, or by its last word."""
    path = os.path.abspath(path)
    roots = [os.getcwd(), *(str(entry) for entry in sys.path[1:] if entry), os.path.dirname(path)]
    folders = (os.path.join(root, "") for root in roots)
    name = next(path[len(folder) :] for folder in folders if path.startswith(folder))
    return name.encode("utf-8", "backslashreplace").decode("utf-8")[:200]


def raised(error: BaseException, layer: str = "") -> dict[str, str]:
    """An exception: its type, the beginning of its message, and where it was raised."""
    lines = str(error).strip().split("\n")
    many = 2 if lines[0].rstrip().endswith(":") else 1  # the first one announces what is wrong
    message = " ".join(" ".join(lines[:many]).split())[:300]
    trace, own = error.__traceback__, ""
    last = ""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        last = f"{os.path.basename(path)}:{trace.tb_lineno} in {trace.tb_frame.f_code.co_name}"
        if is_own(path):
            own = f"{os.path.basename(path)}:{trace.tb_lineno}"
        trace = trace.tb_next
    parts = [part for part in (layer, last, f"called from {own}" if own else "") if part]
    return {
        "type": type(error).__qualname__[:100],
        "message": message,
        "place": ", ".join(parts)[:300],
    }


def script() -> str | None:
    """The file that the process runs; Python forgets it when the script has ended."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(main) if isinstance(main, str) else None


def among(torch: Any) -> list[int]:
    """Which of a run's processes this is: its rank, and where it stands among multiprocessing's."""
    distributed = getattr(torch, "distributed", None)
    rank = os.environ.get("RANK", "")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        rank = str(distributed.get_rank())
    processes = sys.modules.get("multiprocessing.process")
    own = () if processes is None else processes.current_process()._identity
    return [int(rank) if rank.isdigit() else 0, *own]


def sources(main: str | None, callers: list[str]) -> dict[str, bytes]:
    """The text of the script, of modules beside it, of files that called models, of other modules.

    The other ones are no library's either: they come from a folder of PYTHONPATH, or of a project.
    """
    paths = [main] if main else []
    folder = os.path.dirname(paths[0]) + os.sep if paths else None
    elsewhere: list[str] = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and is_own(path):
            beside = folder is None or path.startswith(folder)
            (paths if beside else elsewhere).append(path)
    paths += [os.path.abspath(item.rpartition(":")[0]) for item in callers]
    paths += elsewhere
    found: dict[str, bytes] = {}
    for path in list(dict.fromkeys(paths))[:MOST_FILES]:
        text = source(path)
        if text is not None:
            found[shown(path)] = text
    return found


def beside(texts: dict[str, bytes]) -> dict[str, bytes]:
    """The text of modules of small distributions that these texts import: a library of a team's own.

    Those of large ones are known by their releases, and are too many to look into.
    """
    found: dict[str, bytes] = {}
    for path in _small(texts.values()):
        text = source(path)
        if text is not None and shown(path) not in texts and len(texts) + len(found) < MOST_FILES:
            found[shown(path)] = text
    return found


def _small(texts: Any) -> list[str]:
    named = {word.decode("ascii") for text in texts for word in IMPORTS.findall(text)}
    inside: dict[str, list[str]] = {}
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        path = getattr(module, "__file__", None)
        if top in named and isinstance(path, str) and INSTALLED.search(path):
            inside.setdefault(top, []).append(path)
    return [path for paths in inside.values() if len(paths) <= MOST_OF_ONE for path in paths]


def code(texts: dict[str, bytes]) -> dict[str, list[str]]:
    """Digests of the lines of texts."""
    return {
        name: [f"{zlib.crc32(line.strip()):08x}" for line in text.split(b"\n")[:MOST_LINES]]
        for name, text in texts.items()
    }


def source(path: str) -> bytes | None:
    """The text of a file of Python, where it is none of the largest; of byte code alone a digest."""
    if not path.endswith((".py", ".pyc")):
        return None
    try:
        if os.path.getsize(path) > LARGEST:
            return None
        with open(path, "rb") as stream:
            text = stream.read(LARGEST)
        # Its head has the time at which it was compiled.
        return text if path.endswith(".py") else b"# %08x" % zlib.crc32(text[16:])
    except OSError:
        return None
