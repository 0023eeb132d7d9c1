"""Found first on PYTHONPATH in an observed process: starts what watches it, then steps aside.

The environment's own sitecustomize runs after it, as if this one were not there. Any Python parses
this, also one that is too old to be watched.
"""

import os
import sys


def _step_aside(here):
    """Run the sitecustomize that this one hides."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        if ours is not None:
            sys.modules.setdefault("sitecustomize", ours)


def _load(name, folder):
    """Load a package by its place: what it belongs to need not be there.

    Without importlib, whose import takes as long as ours: this module was loaded the same way.
    """
    place = os.path.join(folder, "__init__.py")
    loader = type(globals()["__loader__"])(name, place)
    spec = type(__spec__)(name, loader, origin=place, is_package=True)
    spec.submodule_search_locations = [folder]
    module = type(sys)(name)
    module.__spec__, module.__loader__, module.__package__ = spec, loader, name
    module.__path__, module.__file__ = [folder], place
    sys.modules[name] = module
    loader.exec_module(module)


def _start():
    here = os.path.dirname(os.path.abspath(__file__))
    options = os.environ.get("ENVSNAP_RUN")
    if options and sys.version_info >= (3, 8):
        try:
            _load("envsnap_inside", os.path.join(os.path.dirname(here), "inside"))
            inside = __import__("envsnap_inside.start")
            inside.start.start(options, here, _load)
        except Exception as error:  # the script comes first
            sys.stderr.write("envsnap: the run is not observed: %s\n" % error)
    _step_aside(here)


_start()
