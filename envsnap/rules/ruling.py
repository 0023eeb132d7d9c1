"""What a policy says, and what it did to the findings of one result."""

from datetime import date

from msgspec import Struct

from envsnap.rules.finding import Finding, Severity

RULE = "policy"  # whose findings a policy makes


class Window(Struct, frozen=True, kw_only=True):
    """A rollout: both versions are allowed up to and with the day `until`, then only the later."""

    earlier: str
    later: str
    until: date


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a policy: which findings it is about, what becomes of them, and why.

    `place` is where it stands in the file, for example ignore[0]. `kind` is ignore, severity, allow
    or rollout; `severity` is the new one, or for the last two that of a version outside `versions`,
    which for a rollout are those of its `window`, in words.
    """

    place: str
    kind: str
    reason: str
    rule: str | None = None
    path: str | None = None
    severity: Severity | None = None
    versions: str | None = None
    window: Window | None = None


class Policy(Struct, frozen=True, kw_only=True):
    """The entries of a policy file, in its order; `fail_on_unknown` makes what is unknown fail."""

    file: str
    entries: tuple[Entry, ...] = ()
    fail_on_unknown: bool = False


class Ruling(Struct, frozen=True, kw_only=True):
    """A finding as the rules judged it, and the entry that changed it; no severity: ignored."""

    finding: Finding
    entry: Entry
    severity: Severity | None


class Ruled(Struct, frozen=True, kw_only=True):
    """What a policy did to one result. `matched` names the entries that something matched."""

    rulings: tuple[Ruling, ...] = ()
    matched: tuple[str, ...] = ()
