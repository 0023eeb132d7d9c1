"""Logging without OpenTelemetry: each record says of which environment it is.

handler.addFilter(EnvironmentFilter())
logging.Formatter("%(asctime)s %(envsnap_fingerprint)s %(message)s")
"""

from __future__ import annotations

import logging

from envsnap.hooks import environment

SHORT = 12
UNKNOWN = "unknown"


class EnvironmentFilter(logging.Filter):
    """Lets every record pass, with `envsnap_fingerprint`, `envsnap_id` and `envsnap_label`.

    `envsnap_id` is the first twelve digits of the fingerprint. The environment is described when
    the filter is made: no log line waits for it.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        manifest = environment.of_interpreter() if environment.is_on() else None
        self._fingerprint = manifest.fingerprint if manifest is not None else UNKNOWN
        self._label = (manifest.label if manifest is not None else None) or ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the names to a record."""
        record.envsnap_fingerprint = self._fingerprint
        record.envsnap_id = self._fingerprint.removeprefix("sha256:")[:SHORT]
        record.envsnap_label = self._label
        return super().filter(record)
