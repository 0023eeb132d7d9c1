"""Starts the recorder in a process of the recorded command, once torch is imported."""

from __future__ import annotations

import atexit
import importlib.machinery
import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any


def start(options_path: str, site: str) -> None:
    """Leave word that this process was reached, and wait for torch."""
    with open(options_path, encoding="utf-8") as stream:
        options = json.load(stream)
    folder = os.path.join(options["folder"], f"{os.getpid()}")
    os.makedirs(folder, exist_ok=True)
    session = Session(options, folder, site)
    sys.meta_path.insert(0, _TorchFinder(session.begin))
    atexit.register(session.end)


class Session:
    """One process: its recorder, once there is one, and its facts at the end."""

    def __init__(self, options: dict[str, Any], folder: str, site: str) -> None:
        self._options, self._folder, self._site = options, folder, site
        self._process = os.getpid()
        self._recorder: Any = None

    def begin(self, torch: Any) -> None:
        """Torch has been imported: watch its modules."""
        from .recorder import Recorder

        options = self._options
        self._recorder = Recorder(
            torch,
            self._folder,
            **{name: options[name] for name in ("full", "calls", "repeat", "zoom")},
            task=_task(options["task"]),
        )
        self._recorder.start()

    def end(self) -> None:
        """The interpreter ends in order."""
        if os.getpid() != self._process:
            return  # a fork that left through the same door
        try:
            if self._recorder is not None:
                self._recorder.finish()
            self._facts()
        except Exception as error:
            sys.stderr.write(f"envsnap: the recording is not whole: {error}\n")

    def _facts(self) -> None:
        """Describe the process as if the recorder had not been put before it."""
        probe = self._options["probe"]
        if probe is None or (self._recorder is None and self._options["models_only"]):
            return
        if self._recorder is not None and not self._recorder.calls:
            return
        before, changed = self._options["python_path"], os.environ.get("PYTHONPATH")
        options = os.environ.pop("ENVSNAP_RECORDER", None)
        ours = getattr(sys.modules.get("sitecustomize"), "__file__", None) or ""
        if os.path.dirname(os.path.abspath(ours)) == self._site:
            del sys.modules["sitecustomize"]
        try:
            _set("PYTHONPATH", before)
            spec = importlib.util.spec_from_file_location("envsnap_facts", probe)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the script's filters are for the script
                module.capture(os.path.join(self._folder, "facts.json"))
        finally:
            _set("PYTHONPATH", changed)
            _set("ENVSNAP_RECORDER", options)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _task(path: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    with open(path, encoding="utf-8") as stream:
        task: dict[str, Any] = json.load(stream)
    return task


class _TorchFinder:
    """Finds torch as everybody does, and says when its import is done."""

    def __init__(self, done: Any) -> None:
        self._done = done

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        if name != "torch":
            return None
        sys.meta_path[:] = [item for item in sys.meta_path if item is not self]
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            del loader.exec_module
            execute(module)
            try:
                self._done(module)
            except Exception as error:
                sys.stderr.write(f"envsnap: the recorder did not start: {error}\n")

        loader.exec_module = exec_module
        return spec
