"""Found first on PYTHONPATH in a recorded process: starts the recorder, then steps aside.

The environment's own sitecustomize runs after it, as if this one were not there.
"""

import importlib
import os
import sys


def _step_aside(here: str) -> None:
    """Run the sitecustomize that this one hides."""
    import importlib.machinery
    import importlib.util

    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def _load(folder: str) -> None:
    """Load the recorder by its place: the package that it belongs to need not be there."""
    import importlib.util

    place = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(
        "envsnap_recorder", place, submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["envsnap_recorder"] = module
    spec.loader.exec_module(module)


def _start() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    options = os.environ.get("ENVSNAP_RECORDER")
    if options and sys.version_info >= (3, 8):
        try:
            _load(os.path.join(os.path.dirname(here), "inside"))
            importlib.import_module("envsnap_recorder.start").start(options, here)
        except Exception as error:  # the script comes first
            sys.stderr.write(f"envsnap: the recorder did not start: {error}\n")
    _step_aside(here)


_start()
