"""Capture, compare and rebuild machine-learning environments.

Nothing is imported here until a name is used: `import envsnap` must cost a program nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envsnap._version import __version__ as __version__
    from envsnap.api import bisect_environments as bisect_environments
    from envsnap.api import build as build
    from envsnap.api import capture as capture
    from envsnap.api import capture_rank as capture_rank
    from envsnap.api import check as check
    from envsnap.api import compare as compare
    from envsnap.api import diff as diff
    from envsnap.api import load as load
    from envsnap.api import load_policy as load_policy
    from envsnap.api import load_recording as load_recording
    from envsnap.api import lock as lock
    from envsnap.api import observe_command as observe_command
    from envsnap.api import plan as plan
    from envsnap.api import record as record
    from envsnap.api import save as save
    from envsnap.api import verify as verify
    from envsnap.model.manifest import Manifest as Manifest
    from envsnap.replay.recorder.tapping import tap as tap

_HOME = {
    "__version__": "envsnap._version",
    "bisect_environments": "envsnap.api",
    "build": "envsnap.api",
    "capture": "envsnap.api",
    "capture_rank": "envsnap.api",
    "check": "envsnap.api",
    "compare": "envsnap.api",
    "diff": "envsnap.api",
    "load": "envsnap.api",
    "load_policy": "envsnap.api",
    "load_recording": "envsnap.api",
    "lock": "envsnap.api",
    "observe_command": "envsnap.api",
    "plan": "envsnap.api",
    "record": "envsnap.api",
    "save": "envsnap.api",
    "tap": "envsnap.replay.recorder.tapping",
    "verify": "envsnap.api",
    "Manifest": "envsnap.model.manifest",
    # What IPython calls for `%load_ext envsnap`.
    "load_ipython_extension": "envsnap.hooks.jupyter",
    "unload_ipython_extension": "envsnap.hooks.jupyter",
}
__all__ = [
    "Manifest",
    "__version__",
    "bisect_environments",
    "build",
    "capture",
    "capture_rank",
    "check",
    "compare",
    "diff",
    "load",
    "load_policy",
    "load_recording",
    "lock",
    "observe_command",
    "plan",
    "record",
    "save",
    "tap",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'envsnap' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
