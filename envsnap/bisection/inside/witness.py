"""Says that a Python of a trial's environment ran, with what, and what it imported.

It lies in the environment of a trial as `_envsnap_trial`, started by a .pth file, and writes to the
file that ENVSNAP_TRIAL_SAID names. Start files of others run after it, so it looks again when the
program itself begins. Whatever goes wrong here is nobody's business.
"""

import atexit
import os
import sys

VARIABLE = "ENVSNAP_TRIAL_SAID"


def _say(kind, data):
    import json

    try:
        line = json.dumps({"kind": kind, "data": {"prefix": sys.prefix, **data}}) + "\n"
        os.write(_descriptor(), line.encode("utf-8", "backslashreplace"))
    except Exception:
        pass


def _descriptor():
    """The file that is told: it stays open, for a recorder counts what a program opens.

    A program may close what it did not open, and its own file may get the number.
    """
    if _FILE:
        number, inode = _FILE
        try:
            if os.fstat(number).st_ino == inode:
                return number
        except OSError:
            pass
    number = os.open(_PLACE, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
    _FILE[:] = [number, os.fstat(number).st_ino]
    return number


def _begun():
    processors = None
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    return {"variables": dict(os.environ), "processors": processors}


def _imported():
    """Files of what was imported from the environment, and modules that came from elsewhere."""
    found, outside = set(), {}
    prefix = os.path.join(sys.prefix, "")
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str):
            continue
        if path.startswith(prefix):
            found.add(path[len(prefix) :])
        elif "." not in name:
            outside[name] = path
    return {"files": sorted(found), "outside": outside}


def _watch(event, _arguments):
    """Look once, when the interpreter turns from start files to the program."""
    if event.startswith("cpython.run_") and not _SEEN:
        _SEEN.append(event)
        _say("main", _begun())


if VARIABLE in os.environ:
    _PLACE = os.environ[VARIABLE]
    _SEEN: "list[str]" = []
    _FILE: "list[int]" = []
    _say("started", _begun())
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(_watch)
    atexit.register(lambda: _say("imported", _imported()))
