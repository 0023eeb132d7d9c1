"""Second witnesses: functions of libraries that are told of before they are called.

Each keeps its name, its signature and its result. What cannot be put in place is left as it is.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Module -> attribute -> name of the argument that is the file, which is the first one.
LOADERS = {
    "safetensors": {"safe_open": "filename"},
    "onnxruntime.capi.onnxruntime_inference_collection": {
        "InferenceSession.__init__": "path_or_bytes"
    },
    "tokenizers": {"Tokenizer.from_file": "path"},
    "cv2": {"imread": "filename"},
    "h5py._hl.files": {"File.__init__": "name"},
    "torch.jit._serialization": {"load": "f"},
    "torch": {"from_file": "filename"},
    "pyarrow.parquet.core": {"ParquetFile.__init__": "source", "read_table": "source"},
}


def watch(module: Any, attribute: str, before: Callable[[Any, Any], None]) -> None:
    """Have `before(args, kwargs)` called before each call of a module's function or method."""
    owner: Any = module
    *outer, name = attribute.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, name)
    if isinstance(original, type):
        setattr(owner, name, _stand_in(original, before))
        return
    wrapper = _wrapper(original, before)
    static = outer and name != "__init__"
    setattr(owner, name, staticmethod(wrapper) if static else wrapper)


def _wrapper(original: Any, before: Callable[[Any, Any], None]) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            before(args, kwargs)
        except Exception:
            pass
        return original(*args, **kwargs)

    for key in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(wrapper, key, getattr(original, key))
        except (AttributeError, TypeError):
            continue
    wrapper.__wrapped__ = original  # type: ignore[attr-defined]
    return wrapper


def _stand_in(original: type, before: Callable[[Any, Any], None]) -> type:
    """A class that nothing can be put into is stood in for: calls and checks go to the class."""

    class Meta(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                before(args, kwargs)
            except Exception:
                pass
            return original(*args, **kwargs)

        def __instancecheck__(cls, item: Any) -> bool:
            return isinstance(item, original)

        def __subclasscheck__(cls, item: type) -> bool:
            return issubclass(item, original)

    names = {"__module__": original.__module__, "__doc__": original.__doc__}
    return Meta(original.__name__, (), {**names, "__wrapped__": original})


def loaders(imports: Any, read: Callable[[str, str], None]) -> None:
    """Tell of the files that native loaders are given, as `read("loader", path)`."""
    for module_name, attributes in LOADERS.items():
        for attribute, argument in attributes.items():
            imports.after(module_name, _loader(attribute, argument, read))


def _loader(attribute: str, argument: str, read: Callable[[str, str], None]) -> Any:
    place = 1 if attribute.endswith("__init__") else 0

    def before(args: Any, kwargs: Any) -> None:
        path = args[place] if len(args) > place else kwargs.get(argument)
        if isinstance(path, (str, os.PathLike)) or (
            isinstance(path, bytes) and len(path) < 4096 and b"\0" not in path
        ):
            read("loader", os.path.abspath(os.fsdecode(path)))

    return lambda module: watch(module, attribute, before)


def caller(own: str) -> str:
    """The line that led here: the innermost one outside of installed code, as `file:line`."""
    frame: Any = sys._getframe(1)
    first = ""
    for _ in range(60):
        if frame is None:
            break
        path = frame.f_code.co_filename
        if not path.startswith(own):
            first = first or "%s:%d" % (path, frame.f_lineno)
            if not _installed(path):
                return "%s:%d" % (path, frame.f_lineno)
        frame = frame.f_back
    return first


def _installed(path: str) -> bool:
    return (
        "site-packages" in path
        or "dist-packages" in path
        or path.startswith(("<", os.path.dirname(os.__file__) + os.sep))
    )
