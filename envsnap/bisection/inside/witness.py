"""Says that a Python of a trial's environment ran, with which variables, and what it imported.

It lies in the environment of a trial as `_envsnap_trial`, started by a .pth file, and writes to the
file that ENVSNAP_TRIAL_SAID names. Whatever goes wrong here is nobody's business.
"""

import atexit
import os
import sys

VARIABLE = "ENVSNAP_TRIAL_SAID"


def _say(kind, data):
    import json

    try:
        line = json.dumps({"kind": kind, "data": data}) + "\n"
        descriptor = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, line.encode("utf-8", "backslashreplace"))
        os.close(descriptor)
    except Exception:
        pass


def _imported():
    """Files of what was imported from the environment."""
    found = set()
    prefix = os.path.join(sys.prefix, "")
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and path.startswith(prefix):
            found.add(path[len(prefix) :])
    return sorted(found)


def _start():
    _say("started", {"prefix": sys.prefix, "variables": dict(os.environ)})
    atexit.register(lambda: _say("imported", _imported()))


if VARIABLE in os.environ:
    _start()
