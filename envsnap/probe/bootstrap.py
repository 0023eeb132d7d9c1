# envsnap probe. It prints facts about the Python that runs it; it writes no file and opens no
# connection. Run it:   python3 FILE > prod.facts
# or, inside a program: import probe; probe.capture("prod.facts")
# The source of every collector is below, deflated. To read it:   python3 FILE --sources
import sys

if sys.version_info < (3, 6):
    _TOO_OLD = (
        "envsnap probe: Python %d.%d.%d is too old; it describes Python 3.6 and newer\n"
        % tuple(sys.version_info[:3])
    )
    if __name__ != "__main__":
        raise ImportError(_TOO_OLD.strip())
    sys.stderr.write(_TOO_OLD)
    sys.exit(86)

PACKAGE = "envsnap_probe"
OPTIONS = "{}"
MODULES = {}
PACKED = ""
PLACE = ""
# -- modules --


class _InMemory(object):
    """Imports the modules of this script, each compiled when it is first used.

    On the machine where they lie as files, they are read there, as byte code where that fits.
    """

    def find_spec(self, name, path=None, target=None):
        module = name[len(PACKAGE) + 1 :] or "__init__"
        if name.split(".")[0] != PACKAGE:
            return None
        if module not in MODULES:
            return _lying(name, module) if PLACE else None
        inside = module + "."
        package = name == PACKAGE or any(key.startswith(inside) for key in MODULES)
        return type(sys.__spec__)(name, self, is_package=package)  # type: ignore[arg-type]

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__[len(PACKAGE) + 1 :] or "__init__"
        code = compile(MODULES[name], "<envsnap probe: %s>" % name, "exec", 0, True)
        exec(code, module.__dict__)


def _lying(name, module):
    """The spec of a module that lies as a file of the package; nothing is written there."""
    os, files = sys.modules["os"], sys.modules["_frozen_importlib_external"]
    words = [] if module == "__init__" else module.split(".")
    path = os.path.join(PLACE, *(words if words[:1] == ["redact"] else ["probe"] + words))
    package = os.path.isdir(path)
    path = os.path.join(path, "__init__.py") if package else path + ".py"
    if not os.path.isfile(path):
        return None
    return type(sys.__spec__)(name, files.SourceFileLoader(name, path), is_package=package)


def _unpack():
    """Fill MODULES; a Python built without what this takes is refused in one sentence."""
    try:
        import base64
        import json
        import zlib
    except ImportError:
        lacking = (
            "envsnap probe: this Python lacks a part of its standard library: %s\n"
            % sys.exc_info()[1]
        )
        if __name__ != "__main__":
            raise ImportError(lacking.strip())
        sys.stderr.write(lacking)
        sys.exit(87)
    if PACKED:
        texts = zlib.decompress(base64.b85decode(PACKED)).decode("ascii").split("\0")
        MODULES.update(zip(texts[::2], texts[1::2]))


def _text_entries(path):
    """The entries of sys.path as text; Python takes paths there too, and ignores what is neither."""
    spelled = [getattr(entry, "__fspath__", lambda entry=entry: entry)() for entry in path]
    return [entry for entry in spelled if isinstance(entry, str) and entry]


def _prepare():
    """Keep the current folder, and every folder but the standard library's, out of our imports."""
    original = _text_entries(sys.path)
    if __name__ == "__main__" and (PACKED or PLACE or MODULES) and original and _is_own_folder(original[0]):
        del original[0]
    sys.dont_write_bytecode = True
    os = sys.modules["os"]
    library = os.path.dirname(os.__file__)
    archive = "python%d%d.zip" % tuple(sys.version_info[:2])
    sys.path[:] = [
        entry for entry in original
        if (entry.startswith(library) or os.path.basename(entry) == archive)
        and "site-packages" not in entry and "dist-packages" not in entry
    ]
    sys.meta_path.insert(0, _InMemory())
    _unpack()
    return original


def _is_own_folder(entry):
    """Tell whether `python FILE` put the folder of this very file in front of sys.path."""
    os = sys.modules["os"]
    here = globals().get("__file__")
    return here is not None and os.path.realpath(entry) == os.path.dirname(os.path.realpath(here))


def capture(path):
    """Describe the running program (RNG states and determinism switches too) into a facts file."""
    before, sys_path = sys.dont_write_bytecode, list(sys.path)
    _prepare()
    try:
        from envsnap_probe import main
        main.write_facts(path, OPTIONS, MODULES, _text_entries(sys_path))
    finally:
        sys.path[:] = sys_path
        sys.dont_write_bytecode = before
        sys.meta_path[:] = [item for item in sys.meta_path if not isinstance(item, _InMemory)]


if __name__ == "__main__":
    _ORIGINAL_PATH = _prepare()
    if sys.argv[1:] == ["--sources"]:
        for _name in sorted(MODULES):
            _text = "# -- %s --\n%s\n" % (_name, MODULES[_name])
            sys.stdout.buffer.write(_text.encode("utf-8"))
        sys.exit(0)
    from envsnap_probe import main as _main
    _main.run(OPTIONS, MODULES, _ORIGINAL_PATH)
