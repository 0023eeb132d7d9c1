"""The environment that hooks speak of, described once a process.

Two descriptions serve two ends. Telemetry wants one that is equal in every replica and every
process of one environment: that of the interpreter, the same as `envsnap capture --no-import`
writes. Trackers and trainers want that of the running program, with its seeds and switches.

A hook never breaks the program that it is in: what goes wrong is a warning in the log `envsnap`.

    ENVSNAP_MANIFEST   a manifest to believe, instead of a capture
    ENVSNAP_MANIFESTS  a folder in which each manifest is kept, named by its fingerprint
    ENVSNAP_LABEL      your name for the environment
    ENVSNAP_HOOKS=off  no hook does anything by itself
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable

from envsnap import api
from envsnap.errors import EnvsnapError
from envsnap.model.manifest import Manifest
from envsnap.model.plain_text import plain
from envsnap.rules.finding import Severity

MANIFEST, MANIFESTS = "ENVSNAP_MANIFEST", "ENVSNAP_MANIFESTS"
LABEL, SWITCH = "ENVSNAP_LABEL", "ENVSNAP_HOOKS"
NAME = "environment.json"

log = logging.getLogger("envsnap")
_known: dict[int, Manifest | None] = {}  # by process: a fork inherits what its parent knew
_lock = threading.Lock()


def is_on() -> bool:
    """Whether hooks may act by themselves."""
    return os.environ.get(SWITCH, "").lower() not in ("off", "0", "no", "false")


def of_interpreter() -> Manifest | None:
    """The environment of this interpreter, described once and kept; None where that failed."""
    with _lock:
        if os.getpid() not in _known:
            _known[os.getpid()] = _guarded(_interpreter)
        return _known[os.getpid()]


def of_program() -> Manifest | None:
    """The running program as it is now, kept; None where describing it failed."""
    return _guarded(_program)


def _guarded(describe: Callable[[], Manifest]) -> Manifest | None:
    try:
        manifest = describe()
    except (EnvsnapError, OSError) as error:
        log.warning("envsnap: the environment is not known: %s", error)
        return None
    try:
        keep(manifest)
    except (EnvsnapError, OSError) as error:
        log.warning("envsnap: the manifest is not kept: %s", error)
    return manifest


def logged(describe: Callable[[], Manifest], log_it: Callable[[Manifest], None]) -> Manifest | None:
    """Describe the program and hand the manifest to a tracker; None where describing it failed.

    Whatever the tracker raises is a warning: a training goes on without its manifest.
    """
    manifest = _guarded(describe)
    if manifest is None:
        return None
    try:
        log_it(manifest)
    except Exception as error:  # noqa: BLE001 (each tracker has exceptions of its own)
        log.warning("envsnap: the environment is not logged: %s", error)
    return manifest


def _interpreter() -> Manifest:
    named = os.environ.get(MANIFEST)
    if named:
        return api.load(named)
    return api.capture_interpreter(
        sys.executable, label=os.environ.get(LABEL), import_frameworks=False
    )


def _program() -> Manifest:
    return api.capture(label=os.environ.get(LABEL))


def keep(manifest: Manifest) -> None:
    """Keep a manifest in the folder that ENVSNAP_MANIFESTS names, under its fingerprint.

    Raises InputError.
    """
    folder = os.environ.get(MANIFESTS)
    if not folder:
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, f"{manifest.fingerprint.removeprefix('sha256:')}.json")
    if not os.path.exists(path):
        api.save(manifest, path)


def write(manifest: Manifest, path: str) -> None:
    """Write a manifest beside what a program wrote; a failure is a warning."""
    try:
        api.save(manifest, path)
    except (EnvsnapError, OSError) as error:
        log.warning("envsnap: %s", error)


def remove(path: str) -> None:
    """Remove a manifest whose checkpoint is gone."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def compare(manifest: Manifest | None, reference: str | None) -> None:
    """Say in the log what differs from a reference; a failure is a warning, too."""
    if manifest is None or reference is None:
        return
    try:
        result = api.diff(api.load(reference), manifest, policy=api.load_policy())
    except (EnvsnapError, OSError) as error:
        log.warning("envsnap: %s", error)
        return
    for finding in result.findings:
        if finding.severity is not Severity.INFO:
            log.warning("envsnap: %s: %s", finding.severity.value, plain(finding.message))
