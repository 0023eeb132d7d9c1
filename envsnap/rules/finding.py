"""What a rule says, and the words it says it with."""

from enum import StrEnum
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from envsnap.model.paths import Path

# What holds of any two releases of a framework.
NOT_PROMISED = (
    "Kernels, defaults and random streams change between releases; equal results are not promised."
)
QUOTES = "The text says"  # what the reason of a finding begins with that a text speaks for
# Of what changes numbers, where the text tells that something ended.
NONE_TOLD = "none of its known changes is what the text speaks of"  # what such a message ends with
NO_CRASH = "It ends no program, as the text tells."


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # it will not run, or gives wrong results
    WARNING = "warning"  # results or behaviour may differ
    INFO = "info"  # true, harmless or unproven

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def at_least(self, least: "Severity") -> "Severity":
        """The worse of both."""
        return min(self, least, key=lambda item: item.rank)


class Effect(StrEnum):
    """What a finding does to a run."""

    CRASH = "crash"
    NUMERICS = "numerics"
    BEHAVIOR = "behavior"
    PERFORMANCE = "performance"
    SECURITY = "security"
    NONE = "none"


class Confidence(StrEnum):
    """How likely the finding is the cause of what differs."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the likeliest."""
        return list(Confidence).index(self)


SideName: TypeAlias = Literal["reference", "other"]


class Fact(Struct, frozen=True, kw_only=True):
    """A fact that a finding rests on, on one side.

    `value` is what the side states (of a record its version or name); `state` says whether it
    is stated at all, and `reason` why it is unknown.
    """

    path: Path
    side: SideName
    state: Literal["stated", "absent", "unknown"]
    value: Any = None
    reason: str | None = None


class Remedy(Struct, frozen=True, kw_only=True):
    """What a finding's fix is as commands: requirements to install, and variables.

    `export` maps variables to values. A script writes it out only where the finding has a source.
    """

    install: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    export: dict[str, str] = {}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to know about an environment, or about two.

    `changes` are the changes this finding is the primary one for; `cites` are further facts it
    rests on. `expected` is what a table, a requirement or a policy asks for: no host states it.
    `message` is one line; `why` and `fix` are a sentence or two; `remedy` is the fix as commands. The engine looks up `facts`
    (path, changes and cites on each side): what is shown under a side's name is what it states.
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
    expected: str = ""
    changes: tuple[Path, ...] = ()
    cites: tuple[Path, ...] = ()
    remedy: Remedy | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def reference(self) -> Any:
        """What the reference states at the finding's path; None where it states nothing."""
        return self._stated("reference")

    @property
    def other(self) -> Any:
        """What the other side states at the finding's path; None where it states nothing."""
        return self._stated("other")

    def _stated(self, side: str) -> Any:
        return next(
            (fact.value for fact in self.facts if fact.path == self.path and fact.side == side),
            None,
        )


def only_moved(found: Finding) -> bool:
    """Whether a finding says that a framework has another release, and of no change between the two."""
    return found.rule == "framework-version" and found.message.endswith(f"-> {found.other}")
