"""What a rule says, and the words it says it with."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from envsnap.model.paths import Path


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # it will not run, or gives wrong results
    WARNING = "warning"  # results or behaviour may differ
    INFO = "info"  # true, harmless or unproven

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Effect(StrEnum):
    """What a finding does to a run."""

    CRASH = "crash"
    NUMERICS = "numerics"
    BEHAVIOR = "behavior"
    PERFORMANCE = "performance"
    SECURITY = "security"
    NONE = "none"


class Confidence(StrEnum):
    """How sure the rule is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return list(Confidence).index(self)


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to know about an environment, or about two.

    `changes` are the changes this finding is the primary one for; `cites` are further ones it
    rests on. `message` is one line; `why` and `fix` are a sentence or two.
    """

    rule: str
    severity: Severity
    effect: Effect
    confidence: Confidence
    path: Path
    message: str
    why: str
    fix: str = ""
    source: str = ""
    reference: Any = None
    other: Any = None
    changes: tuple[Path, ...] = ()
    cites: tuple[Path, ...] = ()
