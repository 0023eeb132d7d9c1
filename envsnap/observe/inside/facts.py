"""Describes the process at its end, as if nothing of ours had been put before it."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings

VARIABLE = "ENVSNAP_RUN"


def write(place: str, probe: str, python_path: str | None, site: str) -> None:
    """Write the facts of this process; `python_path` is the PYTHONPATH that the user set."""
    changed = os.environ.get("PYTHONPATH")
    options = os.environ.pop(VARIABLE, None)
    ours = getattr(sys.modules.get("sitecustomize"), "__file__", None) or ""
    if os.path.dirname(os.path.abspath(ours)) == site:
        del sys.modules["sitecustomize"]
    try:
        _set("PYTHONPATH", python_path)
        spec = importlib.util.spec_from_file_location("envsnap_facts", probe)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the script's filters are for the script
            module.capture(place)
    finally:
        _set("PYTHONPATH", changed)
        _set(VARIABLE, options)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
